"""A file of recipients on its way from a body to PostgreSQL: counted as it comes, chunk by chunk.

What is half taken is seen by nobody. It is deleted at once, or by its time when this process ends.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import msgspec

from gateway import errors
from gateway.bodies import Body
from gateway.errors import Refusal
from gateway.guesses import SAMPLE_ROWS, Layout, Wishes, layout_of, width_of
from gateway.parts import Parts
from gateway.readers import Reader
from gateway.reading import ENTRIES_PER_CAP
from gateway.upload_counts import Tally
from gateway.upload_rows import Chunk, Reject, Row, fitted
from gateway.upload_store import MOST_KEPT, Kept
from gateway.uploaded import numbers_of
from schemas.upload_api import PreviewRow, Upload

KEPT_FOR: Final = timedelta(hours=24)
HALF_TAKEN_FOR: Final = timedelta(minutes=15)  # a body has ten
CHUNK_CHARACTERS: Final = 128 * 2**10
CHUNK_ROWS: Final = 2000
SLICE: Final = 50  # rows between two looks at the event loop: under 1 ms
PREVIEW_ROWS: Final = 10
PREVIEW_CHARACTERS: Final = 200  # of a cell


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """What a client says of its file, beside the file."""

    filename: str | None = None
    region: str | None = None
    wishes: Wishes = Wishes()


class Taking:
    """One file."""

    def __init__(self, parts: Parts, owner: str, brought: Brought) -> None:
        self._parts, self._owner, self._brought = parts, owner, brought
        self._numbers = numbers_of(brought.region, parts)
        self._id: UUID = uuid4()
        self._chunk, self._size, self._no = Chunk(), 0, 0
        self._rows, self._suppressed = 0, 0
        self._preview: list[PreviewRow] = []

    async def run(self, body: Body, reader: Reader) -> Upload | Refusal:
        """Take the whole of it."""
        done: Upload | Refusal | None = None
        begun = await self._parts.uploads.begin(
            self._id, self._owner, self._brought.region, datetime.now(UTC) + HALF_TAKEN_FOR
        )
        if not begun:
            return errors.too_many_uploads(MOST_KEPT)
        try:
            done = await self._take(body, reader)
        finally:
            if not isinstance(done, Upload):
                await self._parts.uploads.delete(self._id)
        return done

    async def _take(self, body: Body, reader: Reader) -> Upload | Refusal:
        sample = await _sample(reader)
        if isinstance(sample, Refusal):
            return sample
        width = reader.told.width or width_of(sample)
        sample = [_cut(row, width) for row in sample]
        layout = await asyncio.to_thread(
            layout_of, sample[:SAMPLE_ROWS], width, self._brought.wishes, self._numbers
        )
        if isinstance(layout, str):
            return errors.bad_request(layout)
        tally = Tally(self._numbers, layout.number_column, _name(layout))
        async for rows in _rest(sample, reader):
            if isinstance(rows, Refusal):
                return rows
            if refusal := await self._add([_cut(row, width) for row in rows], layout, tally):
                return refusal
        await self._flush(tally)
        return await self._finish(body, reader, sample[0], layout, tally)

    async def _add(self, rows: Sequence[Row], layout: Layout, tally: Tally) -> Refusal | None:
        most = ENTRIES_PER_CAP * self._parts.settings.hard_cap
        for row in rows:
            self._rows += 1
            if self._rows > 1 or not layout.has_header:
                self._count(row, tally)
            self._chunk.rows.append(row)
            self._size += sum(map(len, row.cells))
            if self._size >= CHUNK_CHARACTERS or len(self._chunk.rows) >= CHUNK_ROWS:
                await self._flush(tally)
            elif self._rows % SLICE == 0:
                await asyncio.sleep(0)
        if tally.total > most:
            return errors.bad_request(f"The file has more than {most} rows: split it.")
        return None

    def _count(self, row: Row, tally: Tally) -> None:
        if why := tally.add(row):
            self._chunk.rejects.append(Reject(len(self._chunk.rows), why))
        if len(self._preview) < PREVIEW_ROWS:
            cells = [cell[:PREVIEW_CHARACTERS] for cell in row.cells]
            self._preview.append(PreviewRow(row.line, cells))

    async def _flush(self, tally: Tally) -> None:
        chunk, self._chunk, self._size = self._chunk, Chunk(), 0
        if not chunk.rows:
            return
        await self._parts.uploads.add(self._id, self._no, chunk)
        self._no += 1
        if fresh := tally.take_fresh():
            self._suppressed += await self._parts.suppressions.suppressed_count(
                fresh, is_marketing=True
            )

    async def _finish(
        self, body: Body, reader: Reader, first: Row, layout: Layout, tally: Tally
    ) -> Upload | Refusal:
        if not tally.total:
            return errors.bad_request(
                "The file has a first row and nothing after it. If that is a recipient, and not"
                " the names of the columns, bring it with ?hasHeader=false."
            )
        said = self._said(body, reader, layout, tally)
        width = len(layout.columns)
        kept = Kept(
            id=self._id, owner=self._owner, answer=msgspec.json.encode(said),
            heading=[*first.cells, *[""] * width][:width], has_header=layout.has_header,
            region=self._brought.region, rows=self._rows,
        )  # fmt: skip
        if not await self._parts.uploads.finish(kept, said.expires_at):
            return errors.upload_not_found(str(self._id))
        return said

    def _said(self, body: Body, reader: Reader, layout: Layout, tally: Tally) -> Upload:
        told, now = reader.told, datetime.now(UTC)
        at, cap = layout.number_column, self._parts.settings.hard_cap
        warnings = list(told.warnings)
        if tally.valid > cap:
            warnings.append(f"A job may have {cap} recipients, and the file has {tally.valid}.")
        return Upload(
            id=self._id, filename=self._brought.filename, format=told.format,
            encoding=told.encoding, delimiter=told.delimiter, sheet=told.sheet, sheets=told.sheets,
            has_header=layout.has_header, columns=layout.columns,
            number_column=None if at is None else layout.columns[at], region=self._brought.region,
            country_problem=tally.country_problem(), rows=tally.total, valid=tally.valid,
            duplicates=tally.duplicates, rejected=tally.rejected,
            rejected_total=tally.rejected_total, suppressed=self._suppressed,
            preview=self._preview, warnings=warnings, bytes=body.size, created_at=now,
            expires_at=now + KEPT_FOR,
        )  # fmt: skip


async def _sample(reader: Reader) -> list[Row] | Refusal:
    """The first rows, enough of them to tell what the table is."""
    sample: list[Row] = []
    while len(sample) < SAMPLE_ROWS and (rows := await reader.next()):
        if isinstance(rows, Refusal):
            return rows
        sample += rows
    return sample or errors.bad_request("The file has no rows.")


async def _rest(sample: list[Row], reader: Reader) -> AsyncIterator[Sequence[Row] | Refusal]:
    """All rows: those of the sample, then what has not been read."""
    yield sample
    while rows := await reader.next():
        yield rows


def _cut(row: Row, width: int) -> Row:
    return row if row.fault else fitted(row.line, row.cells, width)


def _name(layout: Layout) -> str:
    return "" if layout.number_column is None else layout.columns[layout.number_column]
