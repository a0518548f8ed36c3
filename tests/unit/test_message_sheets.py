"""Each recipient's own values are in a file of messages, a column a place."""

import csv
import io
import json
from collections.abc import Mapping

import msgspec
import pytest

from gateway import message_sheets
from gateway.downloads import AT_ONCE
from gateway.message_sheets import COLUMNS, MOST_CELLS, Layout, places_in
from gateway.rows import MessageRow
from gateway.told import MOST_REPEATED
from tests.workbooks import sheets_of

USUAL = [column.name for column in COLUMNS]


def row(seq: int, own: Mapping[str, str] | None = None) -> MessageRow:
    absent = dict.fromkeys(MessageRow.__struct_fields__)
    known = {"seq": seq, "recipient": f"49170{seq:07}", "state": "failed", "attempt": 1}
    variables = msgspec.json.encode(own) if own else None
    return msgspec.convert(absent | known | {"variables": variables}, MessageRow, strict=False)


def csv_of(layout: Layout, *stretches: list[MessageRow]) -> list[list[str]]:
    writer = message_sheets.csv_writer(layout, with_mark=False)
    data = writer.begin() + b"".join(map(writer.rows, stretches)) + writer.end()
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


@pytest.mark.parametrize(
    ("keys", "places"),
    [(["10", "2", "1", "button.0.url", "header.1"], ("1", "2", "10", "header.1", "button.0.url")),
     (["button.1.payload", "header.image", "name", "first"],
      ("first", "name", "header.image", "button.1.payload"))],
)  # fmt: skip
def test_columns_come_as_the_template_is_read(keys: list[str], places: tuple[str, ...]) -> None:
    assert places_in(msgspec.json.encode(dict.fromkeys(keys, "x"))) == places


def test_a_job_without_values_of_its_recipients_has_no_such_columns() -> None:
    layout = Layout(10, places_in(None), {"1": "for everybody"})
    assert csv_of(layout, [row(1)])[0] == USUAL


def test_each_cell_has_the_recipient_s_own_value_over_many_stretches() -> None:
    layout = Layout(10, ("1", "button.0.url"))
    first, second = row(1, {"1": "Ann", "button.0.url": "a/1"}), row(2, {"1": "Bob"})
    lines = csv_of(layout, [first], [second], [row(3)])
    assert lines[0] == [*USUAL, "variable.1", "variable.button.0.url"]
    assert [line[-2:] for line in lines[1:]] == [["Ann", "a/1"], ["Bob", ""], ["", ""]]


@pytest.mark.parametrize("value", ["=1+1", "+49", "-1", "@x", "'=1", "\t=1"])
def test_no_value_can_be_taken_for_a_formula(value: str) -> None:
    cell = csv_of(Layout(10, ("1",)), [row(1, {"1": value})])[1][-1]
    assert (cell[0], cell[1:]) == ("'", value.strip())


def test_a_workbook_has_the_same_columns_and_values_as_text() -> None:
    writer = message_sheets.xlsx_writer(Layout(10, ("1",)))
    own = [row(1, {"1": "=1+1"}), row(2, {"1": "0123"})]
    (sheet,) = sheets_of(writer.begin() + writer.rows(own) + writer.end())
    assert [line[-1] for line in sheet] == ["variable.1", "=1+1", "0123"]


def test_a_line_for_programs_has_the_values_as_they_are_sent_own_ones_before_the_job_s() -> None:
    writer = message_sheets.ndjson_writer(Layout(10, ("1",), {"1": "all", "2": "two"}))
    lines = writer.rows([row(1, {"1": "=Ann"}), row(2)]).splitlines()
    assert [json.loads(line)["variables"] for line in lines] == [
        {"1": "=Ann", "2": "two"}, {"1": "all", "2": "two"},
    ]  # fmt: skip


def test_the_more_a_message_says_the_fewer_are_read_at_once_but_always_one() -> None:
    many = tuple(map(str, range(1, 101)))
    longest = dict.fromkeys(many, "x" * 2621)  # as much as a submission may say
    assert Layout(10, many[:3]).at_once(AT_ONCE) == AT_ONCE
    wide, long = Layout(10, many).at_once(AT_ONCE), Layout(10, (), longest).at_once(AT_ONCE)
    assert 1 <= wide <= MOST_CELLS / (len(COLUMNS) + 100)
    assert 1 <= long <= MOST_REPEATED / (100 * 2621)
