"""The suppression list as spreadsheets keep it: text into lines, lines into cells, and back. Pure.

A line is a record: no cell has a line break, so that one bad line spoils no other.
"""

import csv
import io
from collections.abc import Iterable
from datetime import UTC
from typing import Final

from gateway.numbers import Invalid
from schemas.suppression_api import Suppression

LONGEST_LINE_BYTES: Final = 16 * 2**10
COLUMNS: Final = ("number", "scope", "reason", "at", "source", "messageId", "jobId", "seq")

BOM: Final = b"\xef\xbb\xbf"  # else a spreadsheet takes the file for one of Windows-1252
_STARTS: Final = (
    ((b"\xff\xfe", b"\xfe\xff"), "is UTF-16: save it as CSV in UTF-8"),
    ((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"), "is a spreadsheet's own format: save it as CSV"),
)
_DELIMITERS: Final = ",;\t"
_RISKY: Final = ("=", "+", "-", "@", "\t", "\r", "'")  # a spreadsheet may take it for a formula


class Lines:
    """Bytes as they arrive, into lines; every kind of line end is one."""

    def __init__(self) -> None:
        self._rest, self._is_begun = b"", False

    def feed(self, chunk: bytes) -> list[bytes] | Invalid:
        """The lines that are complete by now; or what the whole is, when it is no text."""
        data = self._rest + chunk
        if not self._is_begun:
            if len(data) < 4:
                self._rest = data
                return []
            self._is_begun = True
            if wrong := _no_text(data):
                return wrong
            data = data.removeprefix(BOM)
        # The \r that ends a chunk may be half of a line end.
        cut = max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
        self._rest = data[cut:]
        return _bounded([*data[:cut].splitlines(), self._rest], keep=-1)

    def end(self) -> list[bytes]:
        """What came after the last line end."""
        return self._rest.removeprefix(b"" if self._is_begun else BOM).splitlines()


def _no_text(data: bytes) -> Invalid | None:
    return next((Invalid(why) for starts, why in _STARTS if data.startswith(starts)), None)


def _bounded(lines: list[bytes], *, keep: int) -> list[bytes] | Invalid:
    if max(map(len, lines)) > LONGEST_LINE_BYTES:
        return Invalid(
            f"has a line of more than {LONGEST_LINE_BYTES // 2**10} KiB: put each number on a line"
            " of its own (curl keeps line breaks with --data-binary alone)"
        )
    return lines[:keep]


def text_of(line: bytes) -> str:
    """UTF-8, or what Windows writes where that is not asked for."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def delimiter_of(line: str) -> str:
    """The one of comma, semicolon and tab that comes first; comma when there is none."""
    found = [(place, mark) for mark in _DELIMITERS if (place := line.find(mark)) >= 0]
    return min(found)[1] if found else ","


def cells_of(line: str, delimiter: str) -> list[str] | Invalid:
    """The cells of a line, with the apostrophe off that `written` puts before some."""
    if '"' not in line:
        return [bare(cell) for cell in line.split(delimiter)]
    try:
        (cells,) = csv.reader([line], delimiter=delimiter, strict=True, skipinitialspace=True)
    except csv.Error:
        return Invalid("its quotes do not match: each line is one number, without line breaks")
    return [bare(cell) for cell in cells]


def bare(cell: str) -> str:
    """A cell without spaces around it, and without the apostrophe of `risk_free`."""
    cell = cell.strip(" ")
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_RISKY) else cell


def header(columns: Iterable[str] = COLUMNS, *, with_mark: bool = True) -> bytes:
    """The first line of a list that is written, with the mark that tells that it is UTF-8."""
    return (BOM if with_mark else b"") + encoded([columns])


def written(rows: Iterable[Suppression]) -> bytes:
    """Rows as CSV. No cell can be taken for a formula: an apostrophe goes before one that could.

    That is the case of every number, which keeps its plus and all its digits in a spreadsheet.
    """
    return encoded([risk_free(cell) for cell in _cells(row)] for row in rows)


def _cells(row: Suppression) -> list[str]:
    at = row.at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    place = ("" if value is None else str(value) for value in (row.job_id, row.seq))
    return [f"+{row.number}", row.scope, row.reason, at, row.source, row.message_id or "", *place]


def risk_free(cell: str) -> str:
    """The cell, with an apostrophe before it when a spreadsheet could take it for a formula."""
    return f"'{cell}" if cell.startswith(_RISKY) else cell


def encoded(rows: Iterable[Iterable[str | int]]) -> bytes:
    """Lines of CSV, whose cells are taken as they are."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
