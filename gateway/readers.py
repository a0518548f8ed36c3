"""An uploaded file as it arrives, into rows: a CSV here, a workbook in a process of its own.

Both have the same two words: `next` gives some rows, none at the end, or why that is not possible;
`told` says what the file was.
"""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec

from gateway import errors
from gateway.bodies import Body
from gateway.errors import Refusal
from gateway.numbers import Invalid
from gateway.records import DELIMITERS, Records, delimiter_of, said_delimiter
from gateway.texts import MIXED, WINDOWS, Text
from gateway.upload_rows import CSV, XLSX, Fault, Head, Row, Rows, unframed

_WORKBOOK: Final = b"PK\x03\x04"
_SAMPLE_CHARACTERS: Final = 64 * 2**10  # from which a delimiter is told
_ROOT: Final = Path(__file__).parents[1]
_KEPT: Final = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")
FRAME_SECONDS: Final = 90.0  # the process ends itself after 60 of work
PIECE_BYTES: Final = 64 * 2**10  # of a CSV: into lines in a few ms, also where all are blank
LINES_AT_ONCE: Final = 500  # between two looks at the event loop: 5 ms
LARGEST_FRAME_BYTES: Final = 64 * 2**20


class Told(msgspec.Struct, frozen=True):
    """What a file was; `width` where its format says it."""

    format: str
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    sheets: list[str] = []
    width: int | None = None
    warnings: list[str] = []


class Reader(Protocol):
    async def next(self) -> Sequence[Row] | Refusal:
        """Some rows, as they come; none at the end."""

    @property
    def told(self) -> Told: ...

    async def close(self) -> None: ...


async def reader_of(
    body: Body, encoding: str | None, delimiter: str | None, sheet: str | None
) -> Reader | Refusal:
    """The reader for a file, as its first bytes tell."""
    first = b""
    while len(first) < len(_WORKBOOK) and (chunk := await body.next()):
        if isinstance(chunk, Refusal):
            return chunk
        first += chunk
    if not first:
        return errors.bad_request("The file is empty.")
    if first.startswith(_WORKBOOK):
        return WorkbookReader(body, first, sheet)
    return CsvReader(body, first, encoding, delimiter)


class CsvReader:
    """Text: read where it arrives, a chunk of the body at a time."""

    def __init__(
        self, body: Body, first: bytes, encoding: str | None, delimiter: str | None
    ) -> None:
        self._body, self._first = body, first
        self._text, self._delimiter = Text(encoding), delimiter
        self._lines: list[str] = []  # not yet rows: until the delimiter is known, then a piece
        self._size = 0
        self._records: Records | None = None
        self._is_over = False

    async def next(self) -> Sequence[Row] | Refusal:
        while True:
            if self._records and self._lines:
                rows = self._some(self._records)
                await asyncio.sleep(0)  # short lines are many in a piece, and blank ones no rows
                if rows:
                    return rows
            elif self._is_over:
                return []
            elif refusal := await self._step():
                return refusal

    @property
    def told(self) -> Told:
        encoding, warnings = self._text.encoding, []
        if encoding == MIXED:
            warnings.append(
                f"{self._text.windows} lines are not UTF-8, others are; they were read as"
                f" {WINDOWS}. Look at their accents, or save the file as UTF-8."
            )
        elif encoding == WINDOWS:
            warnings.append(
                f"The file is not UTF-8 and was read as {WINDOWS}. If the preview looks wrong,"
                " bring it again with ?encoding=, or save it as UTF-8."
            )
        return Told(CSV, encoding, self._delimiter, warnings=warnings)

    async def close(self) -> None:
        """Nothing is held."""

    async def _step(self) -> Refusal | None:
        """Read on: a piece of the body into lines."""
        chunk = self._first or await self._body.next()
        if isinstance(chunk, Refusal):
            return chunk
        chunk, self._first = chunk[:PIECE_BYTES], chunk[PIECE_BYTES:]
        self._is_over = not chunk
        lines = self._text.feed(chunk) if chunk else self._text.end()
        if isinstance(lines, Invalid):
            return errors.bad_request(f"The file {lines.reason}.")
        self._lines += lines
        if self._records is None:
            self._size += sum(map(len, lines))
            if self._is_over or self._size >= _SAMPLE_CHARACTERS:
                self._records = self._begun(self._lines)
        if self._is_over:
            self._lines.append("")  # so that what waits for its quote is asked for once more
        return None

    def _some(self, records: Records) -> Sequence[Row]:
        """The rows of the next lines."""
        some, self._lines = self._lines[:LINES_AT_ONCE], self._lines[LINES_AT_ONCE:]
        is_end = self._is_over and not self._lines
        return list(records.feed([line for line in some if line], is_end=is_end))

    def _begun(self, lines: list[str]) -> Records:
        """Reads rows with the delimiter that was asked for, that the file names, or that fits."""
        said = said_delimiter(lines[0]) if lines else None
        if said:
            del lines[0]
        self._delimiter = self._delimiter or said or delimiter_of(lines)
        return Records(self._delimiter, first_line=2 if said else 1)


class WorkbookReader:
    """A workbook: another process gets its bytes as they arrive, and gives its rows."""

    def __init__(self, body: Body, first: bytes, sheet: str | None) -> None:
        self._body, self._first, self._sheet = body, first, sheet
        self._process: Process | None = None
        self._head = Head("", [], 0)

    async def next(self) -> Sequence[Row] | Refusal:
        if self._process is None:
            self._process = await self._started()
            if refusal := await self._feed(self._process):
                return refusal
        try:
            async with asyncio.timeout(FRAME_SECONDS):
                return await self._frame(self._process)
        except TimeoutError:
            return errors.workbook_too_much()

    @property
    def told(self) -> Told:
        head, others = self._head, len(self._head.sheets) - 1
        warnings = []
        if others and self._sheet is None:
            warnings.append(
                f"The sheet {head.sheet!r} was read; for another of the {others} there are, bring"
                " the file again with ?sheet= and its name."
            )
        return Told(XLSX, sheet=head.sheet, sheets=head.sheets, width=head.width, warnings=warnings)

    async def close(self) -> None:
        """The process is ended, whatever it does."""
        if self._process is None:
            return
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def _started(self) -> Process:
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        asked = () if self._sheet is None else (self._sheet,)
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway.workbook_reader", *asked, cwd=_ROOT, env=environment,
            stdin=PIPE, stdout=PIPE, stderr=DEVNULL,
        )  # fmt: skip

    async def _feed(self, process: Process) -> Refusal | None:
        """Hand the whole body on. A process that ended meanwhile is found when it is read."""
        assert process.stdin
        chunk: bytes | Refusal = self._first
        self._first = b""
        while chunk:
            if isinstance(chunk, Refusal):
                return chunk
            try:
                process.stdin.write(chunk)
                await process.stdin.drain()
            except ConnectionError:
                return None
            chunk = await self._body.next()
        process.stdin.close()
        return None

    async def _frame(self, process: Process) -> Sequence[Row] | Refusal:
        assert process.stdout
        while True:
            try:
                size = int.from_bytes(await process.stdout.readexactly(4), "big")
                data = await process.stdout.readexactly(min(size, LARGEST_FRAME_BYTES))
            except asyncio.IncompleteReadError as error:
                if error.partial or await process.wait():
                    return errors.workbook_too_much()
                return []
            match unframed(data):
                case Head() as head:
                    self._head = head
                case Rows(rows):
                    return rows
                case Fault(reason):
                    return errors.bad_request(f"The file {reason}.")


def delimiter_named(text: str) -> str | None:
    """A delimiter by itself or by its name; None: it is none of them."""
    names = {name: mark for mark, name in DELIMITERS.items()}
    return text if text in DELIMITERS else names.get(text.lower())
