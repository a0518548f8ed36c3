"""`loopcast numbers`: from which numbers is sent; listed, kept, given a token, dropped."""

import argparse
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final
from urllib.parse import quote

import msgspec

from cli.access_tables import kept_lines, number_lines
from cli.answers import Answered, No, Refused
from cli.client import Api
from cli.exits import Exit
from cli.results import shown
from cli.screen import Screen
from schemas.number_api import NumberDropped, NumberList, SendingNumber, SendingNumberKept

_LIST: Final = "/api/numbers"
# Options that change a field of the API; whatever else there is of a number stays.
_FIELDS: Final = {
    "name": "name", "provider": "provider", "waba": "wabaId", "rate": "messagesPerSecond",
    "pause_ms": "loopPauseMs", "limit": "messagingLimit", "enabled": "enabled",
}  # fmt: skip
_NOTHING: Final = "-"


async def run(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    """Whatever was asked for."""
    return await _DOES[options.does](api, screen, options)


async def _list(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    def lines(found: NumberList) -> Iterator[str]:
        if found.numbers:
            yield from number_lines(found.numbers)
        else:
            screen.say("No number is known. `loopcast numbers keep --help` shows how one is added.")

    answer = await api.ask("GET", _LIST)
    return shown(screen, answer, NumberList, lines, as_json=options.json)


async def _keep(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    """The API takes a number as a whole, so what is not given is read before."""
    answer = await api.ask("GET", _path(options))
    if isinstance(answer, Answered):
        found = msgspec.json.decode(answer.body, type=SendingNumber)
    elif isinstance(answer, Refused) and answer.status == 404:
        found = None
    else:
        return screen.no(answer)
    secrets = secrets_of(options, found)
    given = {field: screen.secret(name) for field, name in secrets.items()}
    if missing := [secrets[field] for field, secret in given.items() if not secret]:
        return screen.wrong(f"no {missing[0]} was given", Exit.USAGE)
    body = whole(options, found) | given | {"check": not options.no_check}
    answer = await api.send("PUT", _path(options), body)
    return _kept(screen, options, answer)


async def _token(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    token = screen.secret("token")
    if not token:
        return screen.wrong("no token was given", Exit.USAGE)
    body = {"token": token, "check": not options.no_check}
    return _kept(screen, options, await api.send("PUT", f"{_path(options)}/token", body))


async def _drop(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    question = f"Drop number {options.number}? Its token is forgotten."
    if not screen.may(question, yes=options.yes):
        return screen.unchanged()
    answer = await api.ask("DELETE", _path(options))
    return shown(
        screen, answer, NumberDropped, lambda gone: [f"{gone.phone_number_id} dropped"],
        as_json=options.json,
    )  # fmt: skip


def secrets_of(options: argparse.Namespace, found: SendingNumber | None) -> dict[str, str]:
    """Which secrets are asked for, by the API's field, and what they are called."""
    is_new = found is None or found.source != "stored"
    secrets = {"token": "token"} if is_new or options.token else {}
    return secrets | ({"appSecret": "app secret"} if options.app_secret else {})


def whole(options: argparse.Namespace, found: SendingNumber | None) -> dict[str, Any]:
    """The body of the change: what was there, and over it what is given; `-` is none."""
    there = msgspec.to_builtins(found) if found else {}
    body = {field: there.get(field) for field in _FIELDS.values()}
    for option, field in _FIELDS.items():
        value = getattr(options, option)
        if value is not None:
            body[field] = None if value == _NOTHING else value
    return {field: value for field, value in body.items() if value is not None}


def _kept(screen: Screen, options: argparse.Namespace, answer: Answered | No) -> Exit:
    return shown(screen, answer, SendingNumberKept, kept_lines, as_json=options.json)


def _path(options: argparse.Namespace) -> str:
    return f"{_LIST}/{quote(options.number, safe='')}"


_DOES: Final[dict[str, Callable[[Api, Screen, argparse.Namespace], Awaitable[Exit]]]] = {
    "list": _list,
    "keep": _keep,
    "token": _token,
    "drop": _drop,
}
