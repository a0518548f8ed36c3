"""`/api/openapi.json` and `/api/docs`: the description of the API, for programs and for people.

Both are open: they are the same for every installation, are made of the code alone, and carry
neither settings nor data. So generators and readers need no key to learn how a key is sent.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, Final, Protocol

import msgspec
from aiohttp import web

from gateway import docs_page
from gateway.description import Route
from gateway.openapi import document


class Row(Protocol):
    """Of the table of routes."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def handler(self) -> Any: ...
    @property
    def scope(self) -> str | None: ...
    @property
    def does(self) -> str: ...


class Pages:
    """Both, each made when it is first asked for."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = list(rows)

    @cached_property
    def description(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self._document), indent=1)

    @cached_property
    def page(self) -> bytes:
        return docs_page.page(self._document).encode()

    @cached_property
    def _document(self) -> dict[str, Any]:
        return document(map(route_of, self._rows))


PAGES: Final = web.AppKey("pages", Pages)


def route_of(row: Row) -> Route:
    """A row of the table with its handler's name."""
    name = f"{row.handler.__module__.rpartition('.')[2]}.{row.handler.__name__}"
    return Route(row.method, row.path, name, row.does, row.scope)


async def description(request: web.Request) -> web.Response:
    """`GET /api/openapi.json`: OpenAPI 3.1."""
    return web.Response(
        body=request.app[PAGES].description,
        content_type="application/json",
        headers={"Cache-Control": "no-cache"},
    )


async def page(request: web.Request) -> web.Response:
    """`GET /api/docs`: the same for people, in one page that fetches nothing."""
    return web.Response(
        body=request.app[PAGES].page,
        headers={"Content-Type": "text/html; charset=utf-8", **docs_page.HEADERS},
    )
