"""Every setting, with its name in the environment, its default, its range and what it means.

`load` reads one process's settings and, when something is wrong, lists all that is wrong at once.
"""

import ipaddress
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec


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


def parse_region(text: str) -> str:
    """A two-letter country code in capitals."""
    region = text.strip().upper()
    if len(region) != 2 or not region.isascii() or not region.isalpha():
        raise ValueError("is a two-letter country code such as DE, IN or US")
    return region


def parse_url(*schemes: str) -> Callable[[str], str]:
    """A URL of one of the schemes, with a host."""

    def parse(text: str) -> str:
        try:
            parts = urlsplit(text)
            complete = parts.scheme in schemes and bool(parts.netloc)
        except ValueError:
            complete = False
        if not complete:
            raise ValueError(f"must be a URL such as {schemes[0]}://host")
        return text

    return parse


def parse_meta_id(text: str) -> str:
    """Digits only: it becomes part of a subject and of Meta's URL."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 32):
        raise ValueError("is an id of Meta's: digits only, up to 32")
    return text


class Common(msgspec.Struct, frozen=True, kw_only=True):
    """What every process reads."""

    database_url: Annotated[
        str,
        Env(
            "DATABASE_URL",
            "PostgreSQL, 14 or newer; `make run` brings its own when unset",
            parse=parse_url("postgresql", "postgres"),
            secret=True,
        ),
    ] = "postgresql://loopcast@127.0.0.1:5432/loopcast"
    nats_url: Annotated[
        str,
        Env(
            "NATS_URL",
            "nats-server with JetStream; `make run` brings its own when unset",
            parse=parse_url("nats", "tls", "ws", "wss"),
            secret=True,
        ),
    ] = "nats://127.0.0.1:4222"
    host: Annotated[
        str, Env("HOST", "the address to listen on; any but loopback needs `API_KEYS`")
    ] = "127.0.0.1"
    log_level: Annotated[
        str, Env("LOG_LEVEL", "what to log", choices=("debug", "info", "warning", "error"))
    ] = "info"
    loop_size: Annotated[
        int,
        Env(
            "BULK_LOOP_SIZE", "messages in a loop", legacy="BULK_BATCH_SIZE",
            at_least=1, at_most=50_000,
        ),
    ] = 200  # fmt: skip
    pause_ms: Annotated[
        int,
        Env(
            "BULK_LOOP_PAUSE_MS", "pause between two loops of a number, milliseconds",
            legacy="BULK_PAUSE_MS", at_least=0, at_most=3_600_000,
        ),
    ] = 2000  # fmt: skip
    messages_per_second: Annotated[
        int,
        Env(
            "BULK_MESSAGES_PER_SECOND", "the most one number sends in any second; 0: no limit",
            at_least=0, at_most=1000,
        ),
    ] = 10  # fmt: skip


class Gateway(Common, frozen=True, kw_only=True):
    """What `python -m gateway` reads."""

    port: Annotated[int, Env("PORT", "the gateway's port", at_least=1, at_most=65_535)] = 8080
    api_keys: Annotated[
        tuple[ApiKey, ...],
        Env("API_KEYS", "who may: name:key,name:key; unset: loopback only", parse=parse_api_keys),
    ] = ()
    default_region: Annotated[
        str | None,
        Env("DEFAULT_REGION", "country of numbers written without one, as DE", parse=parse_region),
    ] = None
    default_phone_number_id: Annotated[
        str | None,
        Env(
            "META_PHONE_NUMBER_ID", "sending number when a submission names none",
            parse=parse_meta_id,
        ),
    ] = None  # fmt: skip
    app_secret: Annotated[
        Secret, Env("META_APP_SECRET", "signs Meta's webhooks, which come later", parse=Secret)
    ] = Secret("")
    verify_token: Annotated[
        Secret, Env("META_VERIFY_TOKEN", "for the handshake of Meta's webhooks", parse=Secret)
    ] = Secret("")
    waba_id: Annotated[
        str | None,
        Env(
            "META_WABA_ID", "the WhatsApp business account, for looking templates up",
            parse=parse_meta_id,
        ),
    ] = None  # fmt: skip
    hard_cap: Annotated[
        int,
        Env("BULK_HARD_CAP", "the most recipients of one job", at_least=1, at_most=1_000_000),
    ] = 50_000


class Daemon(Common, frozen=True, kw_only=True):
    """What `python -m daemon` reads."""

    daemon_port: Annotated[
        int, Env("DAEMON_PORT", "the daemon's /metrics and /healthz", at_least=1, at_most=65_535)
    ] = 9101
    access_token: Annotated[
        Secret,
        Env("META_ACCESS_TOKEN", "Meta's token; the daemon cannot send without", parse=Secret),
    ] = Secret("")
    graph_api_base_url: Annotated[
        str,
        Env(
            "GRAPH_API_BASE_URL",
            "where messages go; the sandbox's address to try things",
            parse=parse_url("https", "http"),
        ),
    ] = "https://graph.facebook.com"
    graph_api_version: Annotated[str, Env("GRAPH_API_VERSION", "version of Meta's Graph API")] = (
        "v25.0"
    )
    concurrency: Annotated[
        int | None,
        Env(
            "BULK_CONCURRENCY",
            "the most requests of a number that may await Meta's answer at once; 1: strictly one"
            " after another; unset: as many as the rate needs",
            at_least=1, at_most=1000,
        ),
    ] = None  # fmt: skip
    max_retries: Annotated[
        int,
        Env("BULK_MAX_RETRIES", "more attempts after a retryable refusal", at_least=0, at_most=20),
    ] = 3
    retry_base_ms: Annotated[
        int,
        Env(
            "BULK_RETRY_BASE_MS", "wait before the first retry, milliseconds; then it doubles",
            at_least=1, at_most=600_000,
        ),
    ] = 500  # fmt: skip
    request_timeout_ms: Annotated[
        int,
        Env(
            "BULK_REQUEST_TIMEOUT_MS", "the longest wait for Meta's answer, milliseconds",
            at_least=100, at_most=120_000,
        ),
    ] = 10_000  # fmt: skip
    ack_wait_seconds: Annotated[
        int,
        Env(
            "BULK_ACK_WAIT_S", "how long a silent daemon keeps its turn, seconds; above 1.25 times"
            " the request timeout", at_least=2, at_most=600,
        ),
    ] = 15  # fmt: skip


class Sandbox(msgspec.Struct, frozen=True, kw_only=True):
    """What `python -m sandbox` reads."""

    host: Annotated[str, Env("SANDBOX_HOST", "the sandbox's address")] = "127.0.0.1"
    port: Annotated[int, Env("SANDBOX_PORT", "the sandbox's port", at_least=1, at_most=65_535)] = (
        8090
    )
    log_level: Annotated[
        str, Env("LOG_LEVEL", "what to log", choices=("debug", "info", "warning", "error"))
    ] = "info"
    latency_ms: Annotated[
        int,
        Env(
            "SANDBOX_LATENCY_MS", "median time to answer, milliseconds", at_least=0, at_most=60_000
        ),
    ] = 80
    latency_spread: Annotated[
        float,
        Env(
            "SANDBOX_LATENCY_SPREAD", "sigma of the log-normal latency; 0: always the median",
            at_least=0, at_most=2,
        ),
    ] = 0.3  # fmt: skip
    errors: Annotated[
        str,
        Env("SANDBOX_ERRORS", "share of sends refused, by code: 131026=0.01,130429=0.002"),
    ] = ""
    throughput_per_second: Annotated[
        int,
        Env(
            "SANDBOX_THROUGHPUT", "messages a second a number may send before 130429; 0: no limit",
            at_least=0, at_most=100_000,
        ),
    ] = 80  # fmt: skip
    pair_burst: Annotated[
        int,
        Env(
            "SANDBOX_PAIR_BURST", "messages in a row that one recipient may get of one number"
            " before 131056, then one in 6 seconds; 0: no limit", at_least=0, at_most=100_000,
        ),
    ] = 45  # fmt: skip
    seed: Annotated[int | None, Env("SANDBOX_SEED", "fixes the sandbox's dice")] = None


ADVICE: Final = "set API_KEYS=name:key, or leave HOST at 127.0.0.1"
LEASE_SHARE: Final = 0.8  # of the ack wait: from the last answered heartbeat, a holder may send

S = TypeVar("S", bound=msgspec.Struct)


def load(settings: type[S], environ: Mapping[str, str]) -> S:
    """The settings of one process. An empty variable counts as unset.

    Raises SettingsError, which lists every bad one.
    """
    values, problems = {}, []
    for field, hint in fields_of(settings).items():
        name, text = _lookup(hint.env, environ)
        if text is None:
            continue
        try:
            values[field] = _read(hint, text)
        except ValueError as error:
            problems.append(f"{name} {error}; it is {_shown(hint, text)}")
    loaded = settings(**values)
    if problems := [*problems, *_wrong_together(loaded)]:
        raise SettingsError(problems)
    return loaded


def _wrong_together(settings: msgspec.Struct) -> list[str]:
    """What is wrong with settings that are each right."""
    match settings:
        case Daemon():
            return _wrong_for_daemon(settings)
        case Gateway(host=host, api_keys=()) if not is_loopback(host):
            return [f"HOST is {host!r}, where strangers could reach it without a key; {ADVICE}"]
        case _:
            return []


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _wrong_for_daemon(settings: Daemon) -> list[str]:
    """The inequality behind the lease: a request ends before another may hold the turn."""
    problems = []
    if settings.request_timeout_ms / 1000 >= LEASE_SHARE * settings.ack_wait_seconds:
        problems.append(
            f"BULK_REQUEST_TIMEOUT_MS must be below {LEASE_SHARE} times BULK_ACK_WAIT_S;"
            f" {settings.request_timeout_ms} ms is not below"
            f" {LEASE_SHARE * settings.ack_wait_seconds * 1000:.0f} ms"
        )
    if not settings.access_token:
        problems.append(
            "META_ACCESS_TOKEN is not set; give Meta's token, or point GRAPH_API_BASE_URL at the"
            " sandbox and set any token"
        )
    return problems


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
