"""Exporting the suppression list: a page at a time, so that its length costs no memory."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Final

import msgspec
from aiohttp import web

from gateway import errors, outflow, sheets
from gateway.answers import refused
from gateway.errors import Refusal
from gateway.listing import START, Place, Wanted, wanted_of
from gateway.parts import PARTS
from gateway.suppression_store import Suppressions
from schemas.suppression_api import Suppression

AT_ONCE: Final = 1000  # rows a statement: about 10 ms of work

Written = Callable[[Sequence[Suppression]], bytes]


class Format(msgspec.Struct, frozen=True):
    """How a list is written: its media type, what comes first, and its rows."""

    content_type: str
    header: bytes
    written: Written


def _lines(rows: Sequence[Suppression]) -> bytes:
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


FORMATS: Final = {
    "csv": Format("text/csv", sheets.header(), sheets.written),
    "ndjson": Format("application/x-ndjson", b"", _lines),
}


async def give(request: web.Request) -> web.StreamResponse:
    """`GET /api/suppressions/export?format&source&scope`: all that is in force, by number."""
    name, wanted = request.query.get("format", "csv"), wanted_of(request.query)
    transfers = request.app[PARTS].transfers
    if isinstance(wanted, Refusal):
        return refused(wanted)
    if name not in FORMATS:
        return refused(errors.bad_request(f"format must be one of {', '.join(FORMATS)}."))
    if transfers.is_full:
        return refused(errors.too_many_transfers())
    with transfers:
        return await _give(request, name, wanted)


async def _give(request: web.Request, name: str, wanted: Wanted) -> web.StreamResponse:
    chosen = FORMATS[name]
    async with aclosing(_chunks(request.app[PARTS].suppressions, chosen, wanted)) as chunks:
        content_type = f"{chosen.content_type}; charset=utf-8"
        return await outflow.give(request, content_type, f"suppressions.{name}", chunks)


async def _chunks(
    store: Suppressions, chosen: Format, wanted: Wanted
) -> AsyncGenerator[bytes, None]:
    rows, head = await store.in_order(START, AT_ONCE, wanted), chosen.header
    while rows or head:
        yield head + chosen.written(rows)
        head, more = b"", len(rows) == AT_ONCE
        last = Place(rows[-1].number, rows[-1].source) if rows else START
        rows = await store.in_order(last, AT_ONCE, wanted) if more else []
