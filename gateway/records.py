"""Lines of a CSV into rows: its delimiter, its quotes, its line breaks within a cell. Pure.

A quote that nobody closes costs its own line, not all that come after it.
"""

import csv
import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from gateway.sheets import bare
from gateway.upload_rows import LONGEST_ROW, Row, is_blank

DELIMITERS: Final = {";": "semicolon", "\t": "tab", "|": "pipe", ",": "comma"}
SAMPLE_LINES: Final = 200

_SAID: Final = re.compile(r"sep=([,;\t|])\r?\n?", re.IGNORECASE)  # Excel's own first line
_AS_TEXT: Final = re.compile(r'="(.*)"', re.DOTALL)  # how people keep Excel from rounding a number
_WRAPPED: Final = ("=", "'")
BROKEN_QUOTES: Final = "its quotes do not match: a quote within a cell is written twice"


def said_delimiter(line: str) -> str | None:
    """The delimiter that a first line such as `sep=;` is about; None: it is an ordinary line."""
    said = _SAID.fullmatch(line)
    return said[1] if said else None


def delimiter_of(lines: Sequence[str]) -> str:
    """The delimiter that cuts most of the lines into equally many cells; comma when none does."""
    lines = [line for line in islice(lines, SAMPLE_LINES) if not line.isspace()]
    scores = {mark: _score(lines, mark) for mark in DELIMITERS}
    best = max(scores, key=lambda mark: scores[mark])
    return best if scores[best] > (0, 0) else ","


def _score(lines: Sequence[str], mark: str) -> tuple[float, int]:
    """What share of the records has the usual number of cells, and that number."""
    try:
        sizes = Counter(len(cells) for cells in csv.reader(lines, delimiter=mark) if cells)
    except csv.Error:
        return (0, 0)
    size, records = max(sizes.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
    return (records / sizes.total(), size) if size > 1 else (0, 0)


class Records:
    """Takes lines in order, gives the rows that are whole; blank ones pass."""

    def __init__(self, delimiter: str, first_line: int = 1) -> None:
        self._delimiter, self._line = delimiter, first_line
        self._lines: deque[str] = deque()

    def feed(self, lines: Sequence[str], *, is_end: bool = False) -> Iterator[Row]:
        """The rows that are whole by now; at the end also what has been waiting for its quote."""
        self._lines.extend(lines)
        while self._lines:
            if self._lines[0].isspace():  # asked first: a file may have millions of them
                self._drop(1)
                continue
            row = self._next(is_end=is_end)
            if row is None:
                return
            if row.fault or not is_blank(row.cells):
                yield row

    def _next(self, *, is_end: bool) -> Row | None:
        """The next record; None: the lines that it takes are not all there."""
        if '"' not in self._lines[0]:
            return self._taken(1, self._lines[0].rstrip("\r\n").split(self._delimiter))
        reading = _Reading(self._lines)
        try:
            cells = next(csv.reader(
                reading, delimiter=self._delimiter, strict=True, skipinitialspace=True
            ))  # fmt: skip
        except csv.Error:
            if reading.is_dry and not is_end:
                return None
            text = self._lines[0].strip()
            return Row(self._drop(1), [text], BROKEN_QUOTES)
        return self._taken(reading.taken, cells)

    def _taken(self, lines: int, cells: list[str]) -> Row:
        line = self._drop(lines)
        return Row(line, [_plain(cell) for cell in cells])

    def _drop(self, lines: int) -> int:
        """Be through with some lines; where the first of them was."""
        first, self._line = self._line, self._line + lines
        for _ in range(lines):
            self._lines.popleft()
        return first


class _Reading:
    """Lines for one record, no more than it may have; `is_dry`: it asked for one that is not there.

    A quote that is open for too long is one that nobody closes.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines, self._size = iter(lines), 0
        self.taken, self.is_dry = 0, False

    def __iter__(self) -> "_Reading":
        return self

    def __next__(self) -> str:
        if self._size > LONGEST_ROW:
            raise StopIteration
        try:
            line = next(self._lines)
        except StopIteration:
            self.is_dry = True
            raise
        self._size += len(line)
        self.taken += 1
        return line


def _plain(cell: str) -> str:
    """A cell without what spreadsheets put around it: spaces, `="…"`, a leading apostrophe."""
    cell = cell.strip(" \u00a0")
    if cell[:1] not in _WRAPPED:
        return cell
    text = _AS_TEXT.fullmatch(cell)
    return bare(text[1].replace('""', '"') if text else cell)
