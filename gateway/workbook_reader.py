"""`python -m gateway.workbook_reader [sheet]`: an XLSX on stdin, its rows as frames on stdout.

A process of its own, because a workbook of a few kilobytes may ask for any amount of memory, and
the library that reads it then ends its process. This one may take so much and no more, and holds
no secret.
"""

import contextlib
import datetime
import io
import os
import resource
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from gateway.upload_rows import (
    LONGEST_ROW,
    MOST_COLUMNS,
    Fault,
    Frame,
    Head,
    Row,
    Rows,
    framed,
    is_blank,
)

MOST_MEMORY_BYTES: Final = 1024 * 2**20  # of address space: 50,000 rows of ten columns take 150 MB
MOST_CPU_SECONDS: Final = 60
MOST_UNPACKED_BYTES: Final = 512 * 2**20
MOST_RATIO: Final = 200  # a sheet shrinks to a tenth; to a hundredth, if it says one thing
RATIO_FROM_BYTES: Final = 16 * 2**20  # what is smaller than that is harmless
MOST_PARTS: Final = 2000
SHEETS_TRIED: Final = 10
AT_ONCE: Final = 200  # rows a frame
NICE: Final = 5  # below the gateway's own work
_EXACT: Final = 2**53  # whole numbers up to here are exact in a spreadsheet

Cell = (
    int | float | str | bool | datetime.time | datetime.date | datetime.datetime
    | datetime.timedelta
)  # fmt: skip


def main(sheet: str | None) -> None:
    """Read all of stdin, write all frames; the last is a Fault where something is wrong."""
    _limit()
    out = sys.stdout.buffer
    for frame in frames(sys.stdin.buffer.read(), sheet):
        out.write(framed(frame))
    out.flush()


def frames(data: bytes, sheet: str | None) -> Iterator[Frame]:
    """A Head and the rows of a sheet: the one of that name, or the first with anything in it."""
    if wrong := fault_of(data):
        yield Fault(wrong)
        return
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        chosen = _chosen(book, sheet)
        if isinstance(chosen, Fault):
            yield chosen
            return
        yield Head(chosen.name, book.sheet_names, chosen.width)
        rows = _rows(chosen)
        while some := list(islice(rows, AT_ONCE)):
            yield Rows(some)
    except PasswordError:
        yield Fault("has a password: save it without one")
    except CalamineError as error:
        yield Fault(f"cannot be read as a workbook: {str(error)[:200]}")


def fault_of(data: bytes) -> str | None:
    """Why an archive is no workbook that can be unpacked, as `The file {reason}.`

    What it says of its sizes is held against what is in it.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _archive_fault(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError,
            RuntimeError) as error:  # fmt: skip
        return f"is a damaged workbook: {str(error)[:200]}"


def _archive_fault(archive: zipfile.ZipFile) -> str | None:
    parts = archive.infolist()
    names = {part.filename for part in parts}
    if "xl/workbook.bin" in names:
        return "is an XLSB: save it as XLSX"
    if "xl/workbook.xml" not in names:
        return "is an archive, but no XLSX: save it as XLSX or CSV"
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MOST_UNPACKED_BYTES or len(parts) > MOST_PARTS:
        return f"unpacks to more than {MOST_UNPACKED_BYTES // 2**20} MiB, or {MOST_PARTS} parts"
    for part in parts:
        if part.file_size > RATIO_FROM_BYTES and part.file_size > MOST_RATIO * part.compress_size:
            return f"has a part that unpacks to more than {MOST_RATIO} times its size"
    for part in parts:
        if part.filename.startswith("xl/") and part.filename.endswith((".xml", ".rels")):
            _read_through(archive, part)
    return None


def _read_through(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Raises BadZipFile when a part is damaged, or not as large as it says."""
    with archive.open(part) as stream:
        while stream.read(2**20):
            pass


def _chosen(book: CalamineWorkbook, sheet: str | None) -> CalamineSheet | Fault:
    if sheet is not None:
        if sheet not in book.sheet_names:
            listed = ", ".join(book.sheet_names[:50])
            return Fault(f"has no sheet {sheet[:64]!r}; its sheets are: {listed}")
        return _checked(book.get_sheet_by_name(sheet))
    visible = [
        found.name
        for found in book.sheets_metadata
        if found.visible is SheetVisibleEnum.Visible and found.typ is SheetTypeEnum.WorkSheet
    ]
    for name in visible[:SHEETS_TRIED]:
        found = book.get_sheet_by_name(name)
        if found.height:
            return _checked(found)
    return Fault("has no visible sheet with anything in it")


def _checked(sheet: CalamineSheet) -> CalamineSheet | Fault:
    if sheet.width > MOST_COLUMNS:
        return Fault(
            f"has {sheet.width} columns in the sheet {sheet.name[:64]!r}: {MOST_COLUMNS} at most."
            " Something may stand far to the right of the list"
        )
    return sheet


def _rows(sheet: CalamineSheet) -> Iterator[Row]:
    """Rows with something in them; `line` is the number that the spreadsheet shows beside them.

    They begin with the sheet's first row, and with the first column that has anything in it.
    """
    for line, values in enumerate(sheet.iter_rows(), 1):
        cells = [text_of(value) for value in values]
        if is_blank(cells):
            continue
        if sum(map(len, cells)) > LONGEST_ROW:
            yield Row(line, [], f"it has more than {LONGEST_ROW // 2**10} KiB")
        else:
            yield Row(line, cells)


def text_of(value: Cell) -> str:
    """A cell as a person would write it: 12 for 12.0, dates and times in ISO 8601."""
    match value:
        case str():
            return value.strip(" \u00a0").replace("\0", "")
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < _EXACT:
            return str(int(value))
        case datetime.datetime():
            return value.replace(microsecond=0).isoformat()
        case datetime.timedelta():
            return _duration(value)
        case _:
            return str(value)


def _duration(value: datetime.timedelta) -> str:
    """As a spreadsheet shows hours that are more than a day: 36:30:00."""
    seconds = int(value.total_seconds())
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _limit() -> None:
    """So much and no more; systems that know no such limit have the sizes checked all the same."""
    os.nice(NICE)
    for which, most in (
        (resource.RLIMIT_AS, MOST_MEMORY_BYTES),
        (resource.RLIMIT_CPU, MOST_CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(which, (most, most))


def _asked(arguments: Sequence[str]) -> str | None:
    return arguments[0] if arguments else None


if __name__ == "__main__":
    main(_asked(sys.argv[1:]))
