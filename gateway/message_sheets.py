"""Messages as files have them: lines of CSV and of JSON, rows of a workbook. Pure."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from gateway import sheets
from gateway.explained import meaning_of
from gateway.rows import MessageRow
from gateway.sheets import risk_free
from gateway.told import reason_of, told
from gateway.workbook import Column, Workbook
from schemas.jobs import loop_of

COLUMNS: Final = (
    Column("seq", 8), Column("to", 18), Column("state", 11), Column("attempts", 9),
    Column("messageId", 30), Column("errorCode", 10), Column("errorTitle", 28),
    Column("errorDetails", 40), Column("errorMeaning", 40), Column("reason", 28),
    Column("sentAt", 20), Column("deliveredAt", 20), Column("readAt", 20), Column("failedAt", 20),
    Column("unknownAt", 20), Column("dueAt", 20), Column("loop", 7),
)  # fmt: skip

_encode: Final = msgspec.json.Encoder().encode


class Writer(msgspec.Struct, frozen=True):
    """How a file is written: what comes first, its rows, what comes last; and if nothing does."""

    begin: Callable[[], bytes]
    rows: Callable[[Sequence[MessageRow]], bytes]
    end: Callable[[], bytes]
    abandon: Callable[[], object] = bytes


def csv_writer(loop_size: int, *, with_mark: bool) -> Writer:
    """CSV for spreadsheets, in which no cell can be taken for a formula.

    Line breaks within a cell become spaces, so that a line is a message. `with_mark`: begin with
    the mark by which a spreadsheet knows UTF-8.
    """
    names = [column.name for column in COLUMNS]

    def rows(of: Sequence[MessageRow]) -> bytes:
        return sheets.encoded(_csv_cells(row, loop_size) for row in of)

    return Writer(lambda: sheets.header(names, with_mark=with_mark), rows, bytes)


def ndjson_writer(loop_size: int) -> Writer:
    """A JSON object a line, as the pages have them."""

    def rows(of: Sequence[MessageRow]) -> bytes:
        return b"".join(_encode(told(row, loop_size)) + b"\n" for row in of)

    return Writer(bytes, rows, bytes)


def xlsx_writer(loop_size: int) -> Writer:
    """A workbook. Numbers keep their plus and are text, times are times (UTC)."""
    book = Workbook("Messages", COLUMNS)

    def rows(of: Iterable[MessageRow]) -> bytes:
        return book.rows(_cells(row, loop_size) for row in of)

    return Writer(book.begin, rows, book.end, book.abandon)


def _csv_cells(row: MessageRow, loop_size: int) -> list[str | int]:
    return [_csv_cell(cell) for cell in _cells(row, loop_size)]


def _csv_cell(cell: str | int | datetime | None) -> str | int:
    if cell is None:
        return ""
    if isinstance(cell, int):
        return cell
    if isinstance(cell, datetime):
        return cell.isoformat().removesuffix("+00:00") + "Z"  # the pool's connections speak UTC
    return risk_free(cell if cell.isprintable() else " ".join(cell.split()))


def _cells(row: MessageRow, loop_size: int) -> tuple[str | int | datetime | None, ...]:
    code = row.error_code
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
        loop_of(row.seq, loop_size),
    )
