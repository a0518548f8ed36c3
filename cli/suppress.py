"""`loopcast suppress`: the list of those who want no messages."""

import argparse
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote

from cli.answers import Answered, No
from cli.client import MOVING, Api
from cli.exits import Exit
from cli.files import fetch
from cli.people_tables import suppression_lines
from cli.plans import rejected_lines
from cli.results import shown
from cli.screen import Screen
from schemas.suppression_api import Lifted, ListChange, NumberView, SuppressionList

_LIST: Final = "/api/suppressions"


async def run(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    """Whatever was asked for."""
    return await _DOES[options.does](api, screen, options)


async def _add(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    numbers = options.numbers
    if numbers == ["-"]:
        try:
            numbers = [line.strip() for line in screen.read().splitlines() if line.strip()]
        except UnicodeDecodeError:
            return screen.wrong("the numbers are no UTF-8 text")
    given = {"numbers": numbers, "scope": options.scope, "reason": options.reason}
    body = {name: value for name, value in given.items() if value is not None}
    return _changed(screen, options, await api.send("POST", _LIST, body))


async def _import(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    try:
        with Path(options.file).open("rb") as file:
            answer = await api.ask("POST", f"{_LIST}/import", body=file, timeout=MOVING)
    except OSError as error:
        return screen.wrong(f"{options.file} cannot be read: {error.strerror}")
    return _changed(screen, options, answer)


async def _lift(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    query = {"source": options.source} if options.source else {}
    if options.all:
        query["all"] = "true"
    answer = await api.ask("DELETE", _one(options), query=query)
    return shown(
        screen, answer, Lifted, lambda lifted: [lifted.message], as_json=options.json
    )  # fmt: skip


async def _show(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    answer = await api.ask("GET", _one(options))
    return shown(
        screen, answer, NumberView, lambda view: suppression_lines(view.suppressions),
        as_json=options.json,
    )  # fmt: skip


async def _list(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    answer = await api.ask("GET", _LIST, query=_chosen(options, limit=str(options.limit)))
    return shown(
        screen, answer, SuppressionList, lambda some: suppression_lines(some.suppressions),
        as_json=options.json,
    )  # fmt: skip


async def _export(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    query = {"format": "ndjson"} if options.format == "ndjson" else {}
    return await fetch(api, screen, f"{_LIST}/export", query, options.output)


def _changed(screen: Screen, options: argparse.Namespace, answer: Answered | No) -> Exit:
    return shown(screen, answer, ListChange, _change_lines, as_json=options.json)


def _change_lines(change: ListChange) -> list[str]:
    return [change.message, *rejected_lines(change.rejected, change.rejected_total)]


def _one(options: argparse.Namespace) -> str:
    return f"{_LIST}/{quote(options.numbers[0], safe='')}"


def _chosen(options: argparse.Namespace, **query: str) -> dict[str, str]:
    given = {"source": options.source, "scope": options.scope}
    return query | {name: value for name, value in given.items() if value}


_DOES: Final[dict[str, Callable[[Api, Screen, argparse.Namespace], Awaitable[Exit]]]] = {
    "add": _add,
    "lift": _lift,
    "show": _show,
    "list": _list,
    "import": _import,
    "export": _export,
}
