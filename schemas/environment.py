"""How a setting is read from the environment: its name, its type, its range, its own grammar.

What the settings are stands in `schemas.settings`; here is how any of them is read.
"""

import ipaddress
import re
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Union, cast, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec

from schemas.failpoints import FailPoint
from schemas.suppressions import plain


@dataclass(frozen=True)
class Env:
    """How a setting is read from the environment."""

    name: str
    meaning: str
    legacy: str | None = None  # holds when the new name is not set
    at_least: float | None = None
    at_most: float | None = None
    choices: tuple[str, ...] | None = None
    parse: Callable[[str], Any] | None = None  # raises ValueError with what to do
    secret: bool = False  # its value is never shown


class SettingsError(Exception):
    """Says, in one message, everything that is wrong with the environment."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"These settings are wrong, so nothing was started:\n{lines}")


class ApiKey(msgspec.Struct, frozen=True):
    """A key and the name whose jobs it sees."""

    name: str
    key: str

    def __repr__(self) -> str:
        return f"ApiKey(name={self.name!r})"


class Secret(str):
    """A string that never shows itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(…)"


def parse_secrets(text: str) -> tuple[Secret, ...]:
    """`new,old` as secrets; the order does not matter."""
    return tuple(Secret(part.strip()) for part in text.split(",") if part.strip())


def parse_secret_keys(text: str) -> tuple[Secret, ...]:
    """`new,old` as keys of 32 characters or more; the first seals, all open."""
    keys = parse_secrets(text)
    if any(len(key) < 32 for key in keys):
        raise ValueError("must have 32 characters or more: openssl rand -hex 32 makes one")
    return keys


def parse_yes_or_no(text: str) -> bool:
    """`true` or `false`, or any of their usual names."""
    match text.lower():
        case "true" | "yes" | "on" | "1":
            return True
        case "false" | "no" | "off" | "0":
            return False
        case _:
            raise ValueError("must be true or false")


def parse_api_keys(text: str) -> tuple[ApiKey, ...]:
    """`name:key,name:key` as keys; a name may have several, so that keys can be rotated."""
    keys = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, colon, key = (piece.strip() for piece in part.partition(":"))
        if not (name and colon) or len(key) < 8:
            raise ValueError("is name:key,name:key with keys of 8 characters or more")
        keys.append(ApiKey(name, key))
    if len({key.key for key in keys}) < len(keys):
        raise ValueError("gives the same key to two names")
    return tuple(keys)


def parse_metrics_key(text: str) -> Secret:
    """A key that nobody guesses."""
    if len(text) < 8:
        raise ValueError("must have 8 characters or more")
    return Secret(text)


def parse_fail_points(text: str) -> dict[FailPoint, int]:
    """`claimed:3,recorded` as the passage (from 1) at which each fail point strikes."""
    points: dict[FailPoint, int] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, passage = part.partition(":")
        is_passage = (passage or "1").isdecimal() and int(passage or "1") > 0
        if name not in list(FailPoint) or not is_passage:
            raise ValueError(
                f"is point:passage, as claimed:3, with points of {', '.join(FailPoint)}"
            )
        points[FailPoint(name)] = int(passage or "1")
    return points


def parse_words(text: str) -> tuple[str, ...]:
    """Words and phrases, comma separated, with the comma of any script."""
    words = tuple(filter(None, (word.strip() for word in re.split("[,،，、]", text))))  # noqa: RUF001
    if not all(plain(word) for word in words):
        raise ValueError("is words, comma separated, each with a letter or a digit")
    return words


def parse_region(text: str) -> str:
    """A two-letter country code in capitals."""
    region = text.strip().upper()
    if len(region) != 2 or not region.isascii() or not region.isalpha():
        raise ValueError("is a two-letter country code such as DE, IN or US")
    return region


@dataclass(frozen=True)
class _Url:
    """Reads a URL of one of the schemes, with a host. Raises ValueError."""

    schemes: tuple[str, ...]

    def __call__(self, text: str) -> str:
        try:
            parts = urlsplit(text)
            complete = parts.scheme in self.schemes and bool(parts.netloc)
            for host in parts.netloc.rpartition("@")[2].split(","):  # PostgreSQL takes several
                _ = urlsplit(f"//{host}").port
        except ValueError:
            complete = False
        if not complete:
            raise ValueError(f"must be a URL such as {self.schemes[0]}://host:port")
        return text


def parse_url(*schemes: str) -> Callable[[str], str]:
    """A URL of one of the schemes, with a host."""
    return _Url(schemes)


def schemes_of(parse: Callable[[str], Any] | None) -> tuple[str, ...]:
    """Of which schemes a URL may be; none where a setting is no URL."""
    return parse.schemes if isinstance(parse, _Url) else ()


def servers_of(urls: str) -> list[str]:
    """The servers of a cluster, a URL each: `nats://a:4222,nats://b:4222`, or `nats://a,b`.

    One that has no scheme of its own has the scheme and the credentials of the one before it.
    """
    found: list[str] = []
    for url in re.split(r",\s*(?=\w+://)", urls.strip()):
        scheme, _, rest = url.partition("://")
        credentials, at, hosts = rest.rpartition("@")
        found += [f"{scheme}://{credentials}{at}{host.strip()}" for host in hosts.split(",")]
    return found


@dataclass(frozen=True)
class _Servers(_Url):
    """Reads URLs of one or several servers, as `servers_of` does. Raises ValueError."""

    def __call__(self, text: str) -> str:
        for url in servers_of(text):
            super().__call__(url)
        if len({url.startswith("ws") for url in servers_of(text)}) > 1:
            raise ValueError("mixes websockets with others; give all servers one scheme")
        return text


def parse_servers(*schemes: str) -> Callable[[str], str]:
    """URLs of one or several servers, comma separated, all with websockets or none."""
    return _Servers(schemes)


def parse_webhook_url(text: str) -> str:
    """A URL to post to, or "" for the word none."""
    return "" if text.strip().lower() == "none" else parse_url("http", "https")(text)


def parse_meta_id(text: str) -> str:
    """Digits only: it becomes part of a subject and of Meta's URL."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 32):
        raise ValueError("is an id of Meta's: digits only, up to 32")
    return text


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


@dataclass(frozen=True)
class Hint:
    """A field of a settings struct: how it is read, its plain type, and whether None is allowed."""

    env: Env
    type: type
    default: Any


def fields_of(settings: type[msgspec.Struct]) -> dict[str, Hint]:
    """The settings of a struct by field name, in order."""
    hints = get_type_hints(settings, include_extras=True)
    defaults = {field.name: field.default for field in msgspec.structs.fields(settings)}
    return {
        field: Hint(get_args(hint)[1], _plain(get_args(hint)[0]), defaults[field])
        for field, hint in hints.items()
        if get_origin(hint) is Annotated
    }


def read(
    settings: type[msgspec.Struct], environ: Mapping[str, str]
) -> tuple[dict[str, Any], list[str]]:
    """The values that are set and right, by field, and a sentence for each that is wrong.

    An empty variable counts as unset.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    for field, hint in fields_of(settings).items():
        name, text = _lookup(hint.env, environ)
        if text is None:
            continue
        try:
            values[field] = _read(hint, text)
        except ValueError as error:
            problems.append(f"{name} {error}; it is {_shown(hint, text)}")
    return values, problems


def _plain(hint: Any) -> type:
    """`int` of `int | None`."""
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(arg for arg in get_args(hint) if arg is not types.NoneType)
    return cast("type", get_origin(hint) or hint)


def _lookup(env: Env, environ: Mapping[str, str]) -> tuple[str, str | None]:
    for name in filter(None, (env.name, env.legacy)):
        if text := environ.get(name, "").strip():
            return name, text
    return env.name, None


def _read(hint: Hint, text: str) -> Any:
    if hint.env.parse:
        return hint.env.parse(text)
    if hint.env.choices:
        if text.lower() not in hint.env.choices:
            raise ValueError(f"must be one of {', '.join(hint.env.choices)}")
        return text.lower()
    if hint.type in (int, float):
        return _number(hint, text)
    return text


def _number(hint: Hint, text: str) -> int | float:
    kind = "a whole number" if hint.type is int else "a number"
    low, high = hint.env.at_least, hint.env.at_most
    bounds = f" from {low} to {high}" if low is not None and high is not None else ""
    try:
        value: int | float = hint.type(text)
    except ValueError:
        raise ValueError(f"must be {kind}{bounds}") from None
    if (low is not None and not value >= low) or (high is not None and not value <= high):
        raise ValueError(f"must be {kind}{bounds}")
    return value


def _shown(hint: Hint, text: str) -> str:
    is_secret = hint.env.secret or hint.type in (Secret, tuple)
    return "not shown here" if is_secret else repr(text)
