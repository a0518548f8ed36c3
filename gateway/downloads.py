"""The messages of a job as a file: CSV, NDJSON or XLSX, a stretch at a time.

Stretches are read one by one, by seq, so that neither the length of a job nor the slowness of a
reader costs memory or keeps a transaction open. Each recipient is in the file once, as of the
moment at which its stretch was read.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final

import msgspec
from aiohttp import web

from gateway import errors, jobs, message_sheets, outflow, selection
from gateway.answers import refused
from gateway.errors import Refusal
from gateway.message_sheets import Writer
from gateway.parts import PARTS
from gateway.selection import Selection
from gateway.store import JobRow
from gateway.truth_store import Truth

AT_ONCE: Final = 500  # rows a statement, and between two looks at the event loop: some 10 ms

_SHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class _Format(msgspec.Struct, frozen=True):
    """A kind of file; `writer` is given the job's loop size and whether a mark is wanted."""

    content_type: str
    extension: str
    writer: Callable[[int, bool], Writer]


_CSV: Final = _Format(
    "text/csv; charset=utf-8", "csv",
    lambda size, mark: message_sheets.csv_writer(size, with_mark=mark),
)  # fmt: skip
_NDJSON: Final = _Format(
    "application/x-ndjson; charset=utf-8", "ndjson",
    lambda size, _: message_sheets.ndjson_writer(size),
)  # fmt: skip
_XLSX: Final = _Format(_SHEET, "xlsx", lambda size, _: message_sheets.xlsx_writer(size))


async def csv(request: web.Request) -> web.StreamResponse:
    """`GET /api/bulk/job/{jobId}/messages.csv?state&code&q&bom`: for spreadsheets."""
    return await _give(request, _CSV)


async def ndjson(request: web.Request) -> web.StreamResponse:
    """`GET /api/bulk/job/{jobId}/messages.ndjson?state&code&q`: for programs."""
    return await _give(request, _NDJSON)


async def xlsx(request: web.Request) -> web.StreamResponse:
    """`GET /api/bulk/job/{jobId}/messages.xlsx?state&code&q`: a workbook."""
    return await _give(request, _XLSX)


async def _give(request: web.Request, kind: _Format) -> web.StreamResponse:
    wanted = selection.selection_of(request.query, request.app[PARTS].numbers)
    mark = request.query.get("bom", "true")
    if isinstance(wanted, Refusal):
        return refused(wanted)
    if mark not in ("true", "false"):
        return refused(errors.bad_request("bom must be true or false."))
    job = await jobs.find_row(request)
    if isinstance(job, Refusal):
        return refused(job)
    transfers = request.app[PARTS].transfers
    if transfers.is_full:
        return refused(errors.too_many_transfers())
    with transfers:
        writer = kind.writer(job.loop_size, mark == "true")
        chunks = _chunks(request.app[PARTS].truth, job, wanted, writer)
        async with aclosing(chunks):
            filename = f"messages-{job.id}.{kind.extension}"
            return await outflow.give(request, kind.content_type, filename, chunks)


async def _chunks(
    store: Truth, job: JobRow, wanted: Selection, writer: Writer
) -> AsyncGenerator[bytes, None]:
    try:
        rows = await store.messages(job, wanted, 0, AT_ONCE)
        yield writer.begin()
        while rows:
            yield writer.rows(rows)
            more = len(rows) == AT_ONCE
            rows = await store.messages(job, wanted, rows[-1].seq, AT_ONCE) if more else []
        yield writer.end()
    finally:
        writer.abandon()
