"""A workbook that is written as it goes is read as any other."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from zipfile import ZipFile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway import workbook
from gateway.workbook import Cell, Column, Workbook, letters
from tests.workbooks import sheets_of

COLUMNS = (Column("a", 5), Column("b & c", 10))


def written(*stretches: Sequence[tuple[Cell, Cell]]) -> bytes:
    book = Workbook("Messages", COLUMNS)
    data = book.begin()
    for stretch in stretches:
        data += book.rows(stretch)
    data += book.end()
    book.abandon()
    return data


def test_rows_come_in_stretches_and_leave_at_once() -> None:
    book = Workbook("Messages", COLUMNS)
    begin = book.begin()
    stretch = book.rows([(n, f"text {n * 7919 % 10_007}") for n in range(20_000)])
    assert len(begin) > 200
    assert len(stretch) > 50_000
    assert ZipFile(io.BytesIO(begin + stretch + book.end())).testzip() is None


def test_text_stays_text_numbers_are_numbers_and_times_are_days_since_1900() -> None:
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    (sheet,) = sheets_of(written([("=1+1", 7), (None, "+49170"), (' <b> & "', at)]))
    assert sheet == [["a", "b & c"], ["=1+1", 7], [None, "+49170"], [' <b> & "', 46082.5]]


@example("a\r\nb\rc\n")
@given(st.text(max_size=40))
def test_whatever_is_written_is_read_again_or_marked_as_not_in_xml(text: str) -> None:
    (sheet,) = sheets_of(written([("x", text)]))
    read = sheet[1][1]
    assert isinstance(read, str)
    assert len(read) == len(text)
    odd = {a for a, b in zip(text, read, strict=True) if a != b and b == "\ufffd"}
    same = [a == b or a in odd for a, b in zip(text, read, strict=True)]
    assert all(same)
    assert not any(character.isprintable() for character in odd)


def test_a_cell_has_an_end() -> None:
    (sheet,) = sheets_of(written([("x" * 40_000, None)]))
    assert sheet[1] == ["x" * workbook.MOST_CHARACTERS]


def test_a_full_sheet_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 3)
    sheets = sheets_of(written([(n, None) for n in range(4)], [(4, None)]))
    assert sheets == [
        [["a", "b & c"], [0], [1]], [["a", "b & c"], [2], [3]], [["a", "b & c"], [4]],
    ]  # fmt: skip


def test_a_heavy_sheet_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_SHEET_BYTES", 2000)
    sheets = sheets_of(written(*([("x" * 900, n)] for n in range(4))))
    assert [len(sheet) for sheet in sheets] == [3, 3]


def test_an_abandoned_workbook_leaves_nothing_open() -> None:
    book = Workbook("Messages", COLUMNS)
    book.begin()
    book.abandon()
    with pytest.raises(ValueError, match="closed"):
        book.rows([(1, 2)])


@pytest.mark.parametrize(("place", "name"), [(1, "A"), (26, "Z"), (27, "AA"), (703, "AAA")])
def test_columns_have_letters(place: int, name: str) -> None:
    assert letters(place) == name
