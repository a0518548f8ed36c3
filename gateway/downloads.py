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

from gateway import errors, file_names, jobs, message_sheets, outflow, selection, told
from gateway.answers import refused
from gateway.errors import Refusal
from gateway.message_sheets import Layout, Writer
from gateway.parts import PARTS
from gateway.selection import Selection
from gateway.store import JobRow
from gateway.truth_store import Truth

AT_ONCE: Final = 500  # rows a statement, and between two looks at the event loop, at most

_SHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class _Format(msgspec.Struct, frozen=True):
    """A kind of file; `writer` is given the job's layout and whether a mark is wanted."""

    content_type: str
    extension: str
    writer: Callable[[Layout, bool], Writer]


_CSV: Final = _Format(
    "text/csv; charset=utf-8", "csv",
    lambda layout, mark: message_sheets.csv_writer(layout, with_mark=mark),
)  # fmt: skip
_NDJSON: Final = _Format(
    "application/x-ndjson; charset=utf-8", "ndjson",
    lambda layout, _: message_sheets.ndjson_writer(layout),
)  # fmt: skip
_XLSX: Final = _Format(_SHEET, "xlsx", lambda layout, _: message_sheets.xlsx_writer(layout))


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
        store = request.app[PARTS].truth
        layout = await _layout(store, job)
        writer = kind.writer(layout, mark == "true")
        async with aclosing(_chunks(store, job, wanted, writer, layout.at_once(AT_ONCE))) as chunks:
            name = _name(request, job, wanted, kind.extension)
            return await outflow.give(request, kind.content_type, name, chunks)


async def _layout(store: Truth, job: JobRow) -> Layout:
    places = message_sheets.places_in(await store.first_values(job.id))
    return Layout(job.loop_size, places, told.common_of(job.content))


def _name(request: web.Request, job: JobRow, wanted: Selection, extension: str) -> str:
    campaigns = (job.campaign_name, job.campaign_id, str(job.id))
    chosen = (wanted.states or (), map(str, wanted.codes or ()))
    number = request.query.get("q", "") if wanted.numbers else ""
    return file_names.of_messages(campaigns, chosen, number, extension)


async def _chunks(
    store: Truth, job: JobRow, wanted: Selection, writer: Writer, at_once: int
) -> AsyncGenerator[bytes, None]:
    try:
        rows = await store.messages(job, wanted, 0, at_once)
        yield writer.begin()
        while rows:
            yield writer.rows(rows)
            more = len(rows) == at_once
            rows = await store.messages(job, wanted, rows[-1].seq, at_once) if more else []
        yield writer.end()
    finally:
        writer.abandon()
