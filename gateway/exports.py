"""Exporting the suppression list: a page at a time, so that its length costs no memory."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from aiohttp import web

from gateway import errors, sheets
from gateway.answers import refused
from gateway.errors import Refusal
from gateway.listing import START, Place, Wanted, wanted_of
from gateway.parts import PARTS
from schemas.suppression_api import Suppression

AT_ONCE: Final = 1000  # rows a statement: about 10 ms of work
WRITE_SECONDS: Final = 30.0  # the longest wait for a client to take more

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
    chosen, store = FORMATS[name], request.app[PARTS].suppressions
    rows = await store.in_order(START, AT_ONCE, wanted)  # before the answer begins: it may fail
    response = web.StreamResponse(headers={
        "Content-Type": f"{chosen.content_type}; charset=utf-8",
        "Content-Disposition": f'attachment; filename="suppressions.{name}"',
        "Cache-Control": "no-store",
    })  # fmt: skip
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    try:
        await write(response, chosen.header)
        while rows:
            await write(response, chosen.written(rows))
            last = Place(rows[-1].number, rows[-1].source)
            rows = await store.in_order(last, AT_ONCE, wanted) if len(rows) == AT_ONCE else []
        await response.write_eof()
    except BaseException as error:
        cut(request)  # half a list must not look like a whole one
        if not isinstance(error, ConnectionError):
            raise
    return response


async def write(response: web.StreamResponse, data: bytes) -> None:
    """Send a part of an answer.

    Raises ConnectionError when the client is gone, or takes nothing any more.
    """
    try:
        async with asyncio.timeout(WRITE_SECONDS):
            await response.write(data)
    except TimeoutError as error:
        raise ConnectionAbortedError("a client took nothing for too long") from error


def cut(request: web.Request) -> None:
    """End the connection in the middle of an answer."""
    if request.transport is not None:
        request.transport.abort()
