"""`loopcast keys`: who may what; listed, made, revoked."""

import argparse
from collections.abc import Awaitable, Callable, Iterator
from typing import Final
from urllib.parse import quote

import msgspec

from cli.access_tables import key_lines, key_state
from cli.answers import Answered
from cli.client import Api
from cli.exits import Exit
from cli.results import shown
from cli.screen import Screen
from schemas.key_api import KeyList, KeyMade, KeyView

_LIST: Final = "/api/keys"


async def run(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    """Whatever was asked for."""
    return await _DOES[options.does](api, screen, options)


async def _list(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    def lines(found: KeyList) -> Iterator[str]:
        if found.keys:
            yield from key_lines(found.keys)
        else:
            screen.say("No keys. `loopcast keys make --help` shows how one is made.")

    return shown(screen, await api.ask("GET", _LIST), KeyList, lines, as_json=options.json)


async def _make(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    """The key alone on stdout, so that it can go into a file unseen."""
    given = {
        "name": options.name, "scopes": options.scopes, "expiresAt": options.expires,
        "submissionsPerMinute": options.per_minute,
    }  # fmt: skip
    body = {name: value for name, value in given.items() if value is not None}
    answer = await api.send("POST", _LIST, body)
    if isinstance(answer, Answered) and not options.json:
        made = msgspec.json.decode(answer.body, type=KeyMade)
        may = f"{made.name} may {', '.join(made.scopes)}, {key_state(made)}"
        screen.say(f"{may}, with this key, which is not shown again:")
    return shown(screen, answer, KeyMade, lambda made: [made.key], as_json=options.json)


async def _revoke(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    question = f"Revoke key {options.key}? Whoever uses it is shut out, and it does not come back."
    if not screen.may(question, yes=options.yes):
        return screen.unchanged()
    answer = await api.ask("DELETE", f"{_LIST}/{quote(options.key, safe='')}")
    return shown(screen, answer, KeyView, lambda one: key_lines([one]), as_json=options.json)


_DOES: Final[dict[str, Callable[[Api, Screen, argparse.Namespace], Awaitable[Exit]]]] = {
    "list": _list,
    "make": _make,
    "revoke": _revoke,
}
