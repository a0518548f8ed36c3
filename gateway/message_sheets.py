"""Messages as files have them: lines of CSV and of JSON, rows of a workbook. Pure."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from gateway import sheets
from gateway.explained import meaning_of
from gateway.rows import MessageRow
from gateway.sheets import risk_free
from gateway.told import most_with, own_of, reason_of, told
from gateway.workbook import Column, Workbook
from schemas.jobs import loop_of

COLUMNS: Final = (
    Column("seq", 8), Column("to", 18), Column("state", 11), Column("attempts", 9),
    Column("messageId", 30), Column("errorCode", 10), Column("errorTitle", 28),
    Column("errorDetails", 40), Column("errorMeaning", 40), Column("reason", 28),
    Column("sentAt", 20), Column("deliveredAt", 20), Column("readAt", 20), Column("failedAt", 20),
    Column("unknownAt", 20), Column("dueAt", 20), Column("loop", 7),
)  # fmt: skip

MOST_CELLS: Final = 10_000  # between two looks at the event loop: some 10 ms
_PLACE_WIDTH: Final = 24

_encode: Final = msgspec.json.Encoder().encode


class Layout(msgspec.Struct, frozen=True):
    """What of a job decides how its messages are written.

    `places`: of the template, those for which its recipients have values of their own; `common`:
    the values that are the same for everybody.
    """

    loop_size: int
    places: tuple[str, ...] = ()
    common: dict[str, str] = {}

    @property
    def columns(self) -> tuple[Column, ...]:
        """Of a sheet: those of every job, and one a place."""
        return COLUMNS + tuple(Column(f"variable.{key}", _PLACE_WIDTH) for key in self.places)

    def at_once(self, most: int) -> int:
        """How many messages are written in one go, `most` at most."""
        return min(most, MOST_CELLS // len(self.columns), most_with(self.common))


def places_in(variables: bytes | None) -> tuple[str, ...]:
    """The places that these values are for: the body's, the header's, then the buttons'."""
    return tuple(sorted(own_of(variables), key=_order))


def _order(key: str) -> tuple[int, int, str]:
    """Numbers come in the order in which they count."""
    return ("." in key) + key.startswith("button."), len(key) if key.isdecimal() else 0, key


class Writer(msgspec.Struct, frozen=True):
    """How a file is written: what comes first, its rows, what comes last; and if nothing does."""

    begin: Callable[[], bytes]
    rows: Callable[[Sequence[MessageRow]], bytes]
    end: Callable[[], bytes]
    abandon: Callable[[], object] = bytes


def csv_writer(layout: Layout, *, with_mark: bool) -> Writer:
    """CSV for spreadsheets, in which no cell can be taken for a formula.

    Line breaks within a cell become spaces, so that a line is a message. `with_mark`: begin with
    the mark by which a spreadsheet knows UTF-8.
    """
    names = [column.name for column in layout.columns]

    def rows(of: Sequence[MessageRow]) -> bytes:
        return sheets.encoded(_csv_cells(row, layout) for row in of)

    return Writer(lambda: sheets.header(names, with_mark=with_mark), rows, bytes)


def ndjson_writer(layout: Layout) -> Writer:
    """A JSON object a line, as the pages have them."""

    def rows(of: Sequence[MessageRow]) -> bytes:
        views = (told(row, layout.loop_size, layout.common) for row in of)
        return b"".join(_encode(view) + b"\n" for view in views)

    return Writer(bytes, rows, bytes)


def xlsx_writer(layout: Layout) -> Writer:
    """A workbook. Numbers keep their plus and are text, times are times (UTC)."""
    book = Workbook("Messages", layout.columns)

    def rows(of: Iterable[MessageRow]) -> bytes:
        return book.rows(_cells(row, layout) for row in of)

    return Writer(book.begin, rows, book.end, book.abandon)


def _csv_cells(row: MessageRow, layout: Layout) -> list[str | int]:
    return [_csv_cell(cell) for cell in _cells(row, layout)]


def _csv_cell(cell: str | int | datetime | None) -> str | int:
    if cell is None:
        return ""
    if isinstance(cell, int):
        return cell
    if isinstance(cell, datetime):
        return cell.isoformat().removesuffix("+00:00") + "Z"  # the pool's connections speak UTC
    return risk_free(cell if cell.isprintable() else " ".join(cell.split()))


def _cells(row: MessageRow, layout: Layout) -> tuple[str | int | datetime | None, ...]:
    code = row.error_code
    own = own_of(row.variables) if layout.places else {}
    return (
        row.seq,
        f"+{row.recipient}",
        row.state,
        row.attempt,
        row.message_id,
        code,
        None if code is None else row.error_title,
        None if code is None else row.error_details,
        None if code is None else meaning_of(code),
        reason_of(row),
        row.sent_at,
        row.delivered_at,
        row.read_at,
        row.failed_at,
        row.unknown_at,
        row.due_at,
        loop_of(row.seq, layout.loop_size),
        *(own.get(key) for key in layout.places),
    )
