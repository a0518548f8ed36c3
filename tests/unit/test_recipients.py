"""Lists of recipients: nobody twice, and every entry is accepted, a duplicate or rejected."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.numbers import Invalid, Numbers
from gateway.recipients import (
    LARGEST_ROW_BYTES,
    REJECTED_SHOWN,
    VALUE_SHOWN,
    MalformedRow,
    Recipients,
    Source,
    Table,
    Text,
    Values,
)
from gateway.values import LONGEST_VALUE, sendable
from schemas.api import RejectedLine

A, B = "491701234567", "491701234568"


def gathered(source: Source) -> Recipients:
    recipients = Recipients(Numbers())
    for entry in source.entries():
        recipients.add(entry)
    return recipients


def accepted(source: Source) -> list[str]:
    return [recipient for recipient, _ in gathered(source).accepted]


def table(*rows: object, column: str = "phone", **mappings: str) -> Table:
    raw = [msgspec.Raw(msgspec.json.encode(row)) for row in rows]
    return Table(raw, column, {key.removeprefix("v"): name for key, name in mappings.items()})


@pytest.mark.parametrize(
    "text", [f"{A}\n{B}", f"{A},{B}", f"{A};{B}", f"{A}\t{B}", f"{A}\r\n{B}", f"\n,{A} , ,\n{B},,"]
)
def test_text_is_split_on_newlines_commas_semicolons_and_tabs(text: str) -> None:
    assert accepted(Text(text)) == [A, B]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_rejected_number_is_named_by_its_line_in_the_text(newline: str) -> None:
    text = newline.join([A, "", "x, y", B, "", "z"])
    assert [(r.line, r.value) for r in gathered(Text(text)).rejected] == [
        (3, "x"),
        (3, "y"),
        (6, "z"),
    ]


@given(st.text("1x,;\t\r\n ", max_size=40))
def test_lines_are_counted_as_an_editor_does(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for line, value, *_ in Text(text).entries():
        assert str(value) in lines[line - 1]


def test_the_same_number_twice_is_taken_once() -> None:
    recipients = gathered(Text(f"+{A}\n{A}\n00{A}\n{B}"))
    assert [recipient for recipient, _ in recipients.accepted] == [A, B]
    assert recipients.duplicates == 2


def test_the_same_number_twice_keeps_the_first_rows_values() -> None:
    rows = table({"phone": A, "name": "Ann"}, {"phone": f"+{A}", "name": "Bob"}, v1="name")
    assert gathered(rows).accepted == [(A, b'{"1":"Ann"}')]


def test_what_row_two_says_is_what_recipient_two_gets() -> None:
    rows = table({"phone": A, "name": "Ann", "n": 1}, {"phone": B, "name": "Bob", "n": 2.0},
                 v1="name", v2="n")  # fmt: skip
    assert gathered(rows).accepted == [
        (A, b'{"1":"Ann","2":"1"}'),
        (B, b'{"1":"Bob","2":"2"}'),
    ]


def test_numbers_may_be_json_numbers() -> None:
    assert accepted(Values([int(A), float(B)])) == [A, B]


@pytest.mark.parametrize("value", [True, 12.5, 1e300])
def test_other_json_values_are_rejected(value: object) -> None:
    assert gathered(Values([value])).rejected_total == 1


def test_rejected_entries_are_counted_shown_in_part_and_cut_short() -> None:
    recipients = gathered(Text("\n".join(["x" * 100] * 30)))
    assert recipients.rejected_total == 30
    assert len(recipients.rejected) == REJECTED_SHOWN
    assert recipients.rejected[0] == RejectedLine(
        1, "x" * VALUE_SHOWN, "'x' is no part of a phone number"
    )


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"phone": A}, 'the column "name" is empty'),
        ({"phone": A, "name": None}, 'the column "name" is empty'),
        ({"phone": A, "name": "  "}, 'the column "name" is empty'),
        ({"name": "Ann"}, 'the column "phone" is empty'),
        ({"phone": "", "name": "Ann"}, 'the column "phone" is empty'),
        ({"phone": A, "name": ["Ann"]},
         'the column "name" holds a list or an object, not a value'),
        ({"phone": A, "name": "Ann\nB"},
         'the column "name" has a line break, a tab or four spaces in a row, which Meta refuses'),
        ({"phone": A, "name": "x" * (LONGEST_VALUE + 1)},
         'the column "name" is longer than 1024 characters'),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_sent_is_rejected_with_its_column(row: object, reason: str) -> None:
    recipients = gathered(table({"phone": B, "name": "Bob"}, row, v1="name"))
    assert [(r.line, r.reason) for r in recipients.rejected] == [(2, reason)]
    assert [recipient for recipient, _ in recipients.accepted] == [B]


def test_a_row_that_was_rejected_does_not_take_its_number() -> None:
    rows = table({"phone": A, "name": ""}, {"phone": A, "name": "Ann"}, v1="name")
    assert gathered(rows).accepted == [(A, b'{"1":"Ann"}')]


def test_a_column_that_no_row_has_is_named_with_those_there_are() -> None:
    rows = table({"phone": A, "name": "Ann"}, v1="city")
    gathered(rows)
    assert rows.fault() == 'data has no column "city"; its columns are: phone, name'


def test_a_column_that_one_row_has_is_no_fault() -> None:
    rows = table({"phone": A}, {"phone": B, "city": "Rome"}, v1="city")
    gathered(rows)
    assert rows.fault() is None


def test_a_row_that_is_no_object_is_malformed() -> None:
    with pytest.raises(
        MalformedRow, match=r"data\[1\] \(row 2\) cannot be read: Expected `object`"
    ):
        gathered(table({"phone": A}, ["phone", B]))


@pytest.mark.parametrize(
    ("row", "said"),
    [(b'{"phone": "' + b"1" * LARGEST_ROW_BYTES + b'"}', "more than 256 KiB"),
     (b'{"phone": ' + b"[" * 5000 + b"]" * 5000 + b"}", "nested too deeply")],
)  # fmt: skip
def test_a_row_that_would_hold_everybody_up_is_malformed(row: bytes, said: str) -> None:
    with pytest.raises(MalformedRow, match=said):
        gathered(Table([msgspec.Raw(row)], "phone", {}))


@pytest.mark.parametrize(
    ("value", "text"),
    [("Ann", "Ann"), (7, "7"), (7.0, "7"), (19.9, "19.9"), (1e-7, "0.0000001"),
     (1e21, "1" + "0" * 21),
     (True, "true"), (False, "false"), (0, "0"), ("4   spaces", "4   spaces")],
)  # fmt: skip
def test_values_become_text_as_a_person_would_write_it(value: object, text: str) -> None:
    assert sendable(value) == text


@given(st.lists(st.one_of(st.text(max_size=20), st.integers(), st.floats(), st.booleans(),
                          st.none()), max_size=30))  # fmt: skip
def test_every_entry_is_accounted_for_and_nobody_is_there_twice(values: list[object]) -> None:
    source = Values(values)
    recipients = gathered(source)
    numbers = [recipient for recipient, _ in recipients.accepted]
    assert recipients.total == len(list(source.entries()))
    assert len(set(numbers)) == len(numbers)


@given(st.one_of(st.text(), st.integers(), st.floats(allow_nan=False, allow_infinity=False)))
def test_what_is_sendable_is_what_meta_takes(value: object) -> None:
    text = sendable(value)
    if not isinstance(text, Invalid):
        assert 0 < len(text) <= LONGEST_VALUE
        assert not {"\n", "\r", "\t"} & set(text)
        assert "    " not in text
