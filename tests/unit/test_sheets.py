"""Lists as spreadsheets keep them: lines from chunks, cells from lines, and nothing a formula."""

import csv
import io
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import sheets
from gateway.numbers import Invalid, Numbers
from gateway.recipients import REJECTED_SHOWN
from gateway.sheets import LONGEST_LINE_BYTES, Lines
from gateway.stop_lines import LONGEST_REASON, Asked, Intake
from schemas.suppression_api import Suppression
from schemas.suppressions import Scope, Source

NUMBERS = Numbers()
A, B = "491701234567", "491701234568"
AT = datetime(2026, 11, 23, 20, 36, 31, 951886, UTC)


def lines_of(*chunks: bytes) -> list[bytes] | Invalid:
    lines, found = Lines(), []
    for chunk in chunks:
        fed = lines.feed(chunk)
        if isinstance(fed, Invalid):
            return fed
        found += fed
    return found + lines.end()


def intake_of(text: str | bytes, numbers: Numbers = NUMBERS) -> Intake:
    intake, lines = Intake(numbers), lines_of(text.encode() if isinstance(text, str) else text)
    assert isinstance(lines, list)
    for line in lines:
        intake.add(line)
    return intake


def row(**more: object) -> Suppression:
    given = {"number": A, "source": "operator", "scope": "all", "reason": "asked", "at": AT,
             "message_id": None, "job_id": None, "seq": None, "lifted_at": None}  # fmt: skip
    return Suppression(**(given | more))  # type: ignore[arg-type]


@given(st.text(alphabet="ab\r\n", max_size=40), st.lists(st.integers(0, 40), max_size=8))
def test_chunks_of_any_size_give_the_same_lines(text: str, cuts: list[int]) -> None:
    data = b"head\n" + text.encode()
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[start:end] for start, end in pairwise(edges)]
    assert lines_of(*chunks) == data.splitlines()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_the_mark_of_utf_8_is_no_part_of_the_first_line(size: int) -> None:
    for data in (b"\xef\xbb\xbfnumber\r\n1", b"\xef\xbb\xbf12", b"\xef\xbb\xbf"):
        chunks = [data[start : start + size] for start in range(0, len(data), size)]
        assert lines_of(*chunks) == data[3:].splitlines()


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        ("number\n1".encode("utf-16"), "is UTF-16: save it as CSV in UTF-8"),
        (b"PK\x03\x04....", "is a spreadsheet's own format: save it as CSV"),
        (b"1\n" + b"2" * (LONGEST_LINE_BYTES + 1), "has a line of more than 16 KiB"),
        (b"1\n" + b"2" * (LONGEST_LINE_BYTES + 1) + b"\n", "has a line of more than 16 KiB"),
    ],
)
def test_what_is_no_list_is_told_by_what_it_is(start: bytes, reason: str) -> None:
    fault = lines_of(start)
    assert isinstance(fault, Invalid)
    assert fault.reason.startswith(reason)


@pytest.mark.parametrize(
    "text",
    [
        f"+{A}\n+{B}\n",
        f"number\n+{A}\n\n  \n+{B}",
        f"\ufeffnumber\r\n{A}\r\n{B}\r\n",
        "Phone Number;Name\r+49 170 1234567;Ann\r0049-170-1234568;Bob",
        f"name\tRecipient\nAnn\t'+{A}\nBob\t{B}",
        f'"name","number"\n"Ann, of Kiel","{A}"\n"Bob ""B""", "{B}"',
        f"{A},all\n{B};marketing",
    ],
)
def test_a_list_is_read_however_it_is_kept(text: str) -> None:
    intake = intake_of(text)
    assert [asked.number for asked in intake.asked] == [A, B]
    assert (intake.total, intake.rejected) == (2, [])


def test_columns_are_read_by_their_names_or_their_order() -> None:
    full = Asked(A, Source.RECIPIENT, Scope.MARKETING, "wrote; and meant it", AT)
    named = (
        "at;source;reason;extra;scope;number\n"
        f'{AT.isoformat()};Recipient;"wrote; and meant it";x;MARKETING;{A}'
    )
    unnamed = f'{A},marketing,"wrote; and meant it",{AT.isoformat()},recipient'
    assert intake_of(named).asked == intake_of(unnamed).asked == [full]


def test_what_is_not_said_is_left_open() -> None:
    (asked,) = intake_of(f"number,scope,reason,at,source\n{A},,,,crm import").asked
    assert asked == Asked(A, Source.OPERATOR, Scope.ALL, None, None)


@pytest.mark.parametrize(
    ("cell", "at"),
    [
        ("2026-11-23T20:36:31.951886Z", AT),
        ("2026-11-23 21:36:31.951886+01:00", AT),
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)),
        ("20261123T203631.951886", AT),
    ],
)
def test_times_are_of_utc_unless_they_say_otherwise(cell: str, at: datetime) -> None:
    assert intake_of(f"{A},all,x,{cell}").asked[0].at == at


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("hello", "'h' is no part of a phone number"),
        ("+4915", "too short for +49"),
        ("4.91702E+11", "a spreadsheet has rounded it: format the column as text"),
        (f"{A},some", 'scope must be "all" or "marketing"'),
        (f"{A},all,x,yesterday", "at must be a time such as 2026-11-23T20:36:31Z, or empty"),
        (f"{A},all,x,0001-01-01T00:00+14:00",
         "at must be a time such as 2026-11-23T20:36:31Z, or empty"),
        (f'{A},all,"open', "its quotes do not match: each line is one number, without line breaks"),
        (",all", "has no digits"),
        ("\x00", "has no digits"),
    ],
)  # fmt: skip
def test_a_line_that_is_of_no_use_is_told_and_spoils_no_other(line: str, reason: str) -> None:
    intake = intake_of(f"{A}\n{line}\n{B}\n")
    assert [asked.number for asked in intake.asked] == [A, B]
    (rejected,) = intake.rejected
    assert (rejected.line, rejected.value, rejected.reason) == (2, line.strip(), reason)
    assert (intake.total, intake.rejected_total) == (3, 1)


def test_the_first_rejected_lines_are_shown_and_all_are_counted() -> None:
    intake = intake_of("x\n" * 30)
    assert (len(intake.rejected), intake.rejected_total) == (REJECTED_SHOWN, 30)


def test_what_windows_writes_is_read() -> None:
    (asked,) = intake_of(f"{A},all,möchte nicht".encode("cp1252")).asked
    assert asked.reason == "möchte nicht"


def test_a_reason_is_one_line_and_not_too_long() -> None:
    (asked,) = intake_of(f"{A},all,  two\v words\x00 {'x' * 600}").asked
    assert asked.reason
    assert asked.reason.startswith("two words x")
    assert len(asked.reason) == LONGEST_REASON


def test_what_was_written_is_read_as_it_was() -> None:
    rows = [
        row(),
        row(number=B, source="recipient", scope="marketing", reason='wrote "Stop, please"',
            message_id="wamid.x", job_id=UUID(int=7), seq=3),
        *(row(reason=reason) for reason in (
            "=1+1", "+1", "-1", "@x", "'=x", "''", "'quoted'", "a;b", "a,b", '"', "стоп", "बंद")),
    ]  # fmt: skip
    intake = intake_of(sheets.header() + sheets.written(rows))
    assert intake.rejected == []
    read = [(a.number, a.source, a.scope, a.reason, a.at) for a in intake.asked]
    assert read == [(r.number, r.source, r.scope, r.reason, r.at) for r in rows]


def test_no_cell_can_be_taken_for_a_formula() -> None:
    rows = [row(reason=reason) for reason in ("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "\t=1")]
    text = sheets.written(rows).decode()
    cells = [cell for line in csv.reader(io.StringIO(text)) for cell in line]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert f"'+{A}" in cells


def test_a_written_number_means_the_same_in_every_country() -> None:
    data = sheets.header() + sheets.written([row(number="911930123456"), row(number=A)])
    for region in ("DE", "IN", "US", None):
        read = [asked.number for asked in intake_of(data, Numbers(region)).asked]
        assert read == ["911930123456", A]
