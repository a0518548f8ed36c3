"""Lines into rows: delimiters told apart, quotes over lines, a bad quote that costs one row."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.records import BROKEN_QUOTES, Records, delimiter_of, said_delimiter
from gateway.upload_rows import LONGEST_ROW, Chunk, Reject, Row, fitted, packed, unpacked


def rows_of(text: str, delimiter: str = ",", size: int | None = None) -> list[Row]:
    lines, records = text.splitlines(keepends=True), Records(delimiter)
    size = size or max(1, len(lines))
    found: list[Row] = []
    for at in range(0, len(lines), size):
        found += records.feed(lines[at : at + size])
    return found + list(records.feed([], is_end=True))


def cells_of(text: str, delimiter: str = ",") -> list[list[str]]:
    return [row.cells for row in rows_of(text, delimiter)]


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("Name;Betrag\nAnn;1,50\nBo;2,50\n", ";"),
        ("Name,Phone\nAnn,+49 170\n", ","),
        ("Name\tPhone\nAnn, B\t+49\n", "\t"),
        ("Name|Phone\nAnn|1\n", "|"),
        ('"Name, first";Phone\n"Ann, B";1\n"Bo, C";2\n', ";"),
        ("Phone\n+49170\n+49171\n", ","),
        ("", ","),
        ("a;b\n1;2\n\n3;4,5\n", ";"),
        ('Name,Text\nAnn,"a;b;c\nd;e"\nBo,"x"\n', ","),
    ],
)
def test_the_delimiter_that_fits_most_lines_is_taken(text: str, delimiter: str) -> None:
    assert delimiter_of(text.splitlines(keepends=True)) == delimiter


@pytest.mark.parametrize(
    ("line", "said"),
    [("sep=;\r\n", ";"), ("SEP=\t\n", "\t"), ("sep=x\n", None), ("sep=;a\n", None)],
)
def test_a_first_line_may_name_the_delimiter(line: str, said: str | None) -> None:
    assert said_delimiter(line) == said


def test_quotes_line_breaks_and_doubled_quotes_are_read_and_lines_counted() -> None:
    found = rows_of('a,b\r\n"x\r\ny","say ""hi"""\r\n\r\nc,d\r\n')
    assert [(row.line, row.cells) for row in found] == [
        (1, ["a", "b"]), (2, ["x\r\ny", 'say "hi"']), (5, ["c", "d"]),
    ]  # fmt: skip


def test_a_quote_within_an_unquoted_cell_is_a_letter() -> None:
    assert cells_of('5" pipe,b\n') == [['5" pipe', "b"]]


def test_a_quote_that_nobody_closes_costs_its_own_line_alone() -> None:
    found = rows_of('a,b\n"Ann,+49\nBo,1\nCy,2\n')
    assert [(row.line, row.fault) for row in found] == [
        (1, None), (2, BROKEN_QUOTES), (3, None), (4, None),
    ]  # fmt: skip


def test_it_does_not_swallow_lines_up_to_the_next_quote() -> None:
    found = rows_of('"Ann,+491\nBo,+492\n"Cyd",+493\n')
    assert [row.fault for row in found] == [BROKEN_QUOTES, None, None]


def test_a_quote_that_stays_open_for_long_is_not_waited_for() -> None:
    records = Records(",")
    lines = ['a,"b\n', *["x" * 999 + "\n"] * (LONGEST_ROW // 1000 + 2)]
    assert next(records.feed(lines)).fault == BROKEN_QUOTES


@pytest.mark.parametrize(
    ("written", "cell"),
    [
        ("  x ", "x"),
        ('="4915112345678"', "4915112345678"),
        ('"=""4915112345678"""', "4915112345678"),
        ("'+4915112345678", "+4915112345678"),
        ("'=1+1", "=1+1"),
        ("'tis", "'tis"),
        ("=1+1", "=1+1"),
        ("'", "'"),
        ("", ""),
    ],
)
def test_what_spreadsheets_put_around_a_cell_is_taken_off(written: str, cell: str) -> None:
    assert rows_of(f"{written},z\n")[0].cells == [cell, "z"]


def test_blank_lines_pass_and_are_counted() -> None:
    assert [(r.line, r.cells) for r in rows_of("\n ,\n;\na,b\n")] == [(3, [";"]), (4, ["a", "b"])]


@given(
    st.lists(st.lists(st.text("ab,;\"'\n\r =é", max_size=6), min_size=2, max_size=3), max_size=6),
    st.integers(1, 5),
)
def test_what_a_csv_writer_wrote_is_read_back(rows: list[list[str]], size: int) -> None:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(rows)
    records, found = Records(","), list[list[str]]()
    lines = [line.decode() for line in out.getvalue().encode().splitlines(keepends=True)]
    for at in range(0, len(lines), size):
        found += [row.cells for row in records.feed(lines[at : at + size])]
    found += [row.cells for row in records.feed([], is_end=True)]
    plain = [[bared(cell) for cell in row] for row in rows]
    assert found == [row for row in plain if any(row)]


def bared(cell: str) -> str:
    """By itself, through a reader of its own."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow([cell, "z"])
    lines = [line.decode() for line in out.getvalue().encode().splitlines(keepends=True)]
    (row,) = Records(",").feed(lines, is_end=True)
    return row.cells[0]


@given(st.lists(st.text('a",\n', max_size=8), max_size=12), st.integers(1, 4))
def test_no_line_is_lost_whatever_its_quotes(lines: list[str], size: int) -> None:
    text = "\n".join(lines)
    whole = rows_of(text)
    assert [(r.line, r.cells) for r in rows_of(text, size=size)] == [
        (r.line, r.cells) for r in whole
    ]
    places = [row.line for row in whole]
    assert places == sorted(set(places))


def test_a_row_that_is_too_wide_is_a_fault_unless_blanks_end_it() -> None:
    assert fitted(1, ["a", "b", "", ""], 2) == Row(1, ["a", "b"])
    assert fitted(1, ["a"], 2) == Row(1, ["a"])
    wide = fitted(7, ["Müller", "Ann", "+49"], 2)
    assert wide.fault
    assert "3 cells where 2 are expected" in wide.fault


def test_a_chunk_is_read_back_as_it_was() -> None:
    chunk = Chunk([Row(1, ["a", "ü"]), Row(2, [], "bad")], [Reject(1, "bad")])
    assert unpacked(packed(chunk)) == chunk
