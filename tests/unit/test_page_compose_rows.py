"""Which rows of a list get nothing, as the page finds it: rejected ones, numbers that repeat."""

import json

import pytest

from tests.unit.test_page_modules import asked, pytestmark  # noqa: F401


@pytest.mark.parametrize(
    ("written", "is_of_country", "dialled"),
    [
        ("+49 1511 2000035", False, "+4915112000035"),
        ("0049 1511-2000049", False, "+4915112000049"),
        ("4915112000042", False, "+4915112000042"), ("'+4915112000042", True, "+4915112000042"),
        ("0151", False, None), ("015112000042", False, None), ("15112000042", True, None),
        ("+49 (0) 1511 2000035", False, None), ("4,91511E+12", False, None), ("k.A.", False, None),
    ],
)  # fmt: skip
def test_a_number_is_shown_as_it_is_dialled_only_where_that_is_known(
    written: str, is_of_country: bool, dialled: str | None
) -> None:
    given = f"{json.dumps(written)}, {json.dumps(is_of_country)}"
    assert asked("compose-fates.js", f"m.dialledOf({given})") == dialled


PEOPLE = [
    {"line": 2, "value": "+49 1511 2000035"},
    {"line": 3, "value": "0151"},
    {"line": 5, "value": "0049 15112000035"},
    {"line": 6, "value": "+49 1511 2000042"},
]
CHECK = {"duplicates": 1, "rejected": [{"line": 3, "value": "0151", "reason": "no country code"}]}


def fates(check: object = CHECK, *, is_of_country: bool = False) -> dict[str, object]:
    given = ", ".join(map(json.dumps, (PEOPLE, check, is_of_country)))
    found = asked("compose-fates.js", f"m.fatesOf({given})")
    assert isinstance(found, dict)
    return found


def test_rejected_rows_and_numbers_that_come_again_get_nothing() -> None:
    found = fates()
    assert found["fates"] == [
        None, {"kind": "rejected", "reason": "no country code"},
        {"kind": "twice", "first": 2}, None,
    ]  # fmt: skip
    assert (found["twice"], found["numbers"], found["isSure"]) == ([{"at": 2, "first": 0}], 1, True)


def test_what_the_gateway_does_not_count_is_not_called_a_duplicate() -> None:
    found = fates(CHECK | {"duplicates": 0})
    assert (found["twice"], found["isSure"]) == ([], False)


def test_duplicates_that_are_not_found_here_are_not_denied() -> None:
    assert fates(CHECK | {"duplicates": 2})["isSure"] is False


def test_the_arrows_pass_over_rows_that_get_nothing() -> None:
    known = json.dumps(fates()["fates"])
    steps = "[[1, 1], [4, -1], [1, -1], [4, 1]].map(([row, by]) =>"
    gone = asked("compose-fates.js", f"{steps} m.nextSent({known}, row, by))")
    assert gone == [4, 1, 1, 4]


def test_a_line_that_holds_no_row_shows_the_next_one() -> None:
    people = json.dumps(PEOPLE)
    found = f"[1, 4, 6, 99].map((line) => m.rowOnLine({people}, line))"
    assert asked("compose-fates.js", found) == [1, 3, 4, 4]


def people_of() -> str:
    """What `peopleOf` makes of a pasted table, as an expression."""
    context = {
        "list": {"kind": "paste", "text": "x", "upload": {"columns": ["phone"], "id": "u",
                 "hasHeader": True}, "column": "phone", "region": ""},
        "read": {"kind": "table", "rows": [{"line": 1, "cells": ["phone"]}, *(
            {"line": person["line"], "cells": [person["value"]]} for person in PEOPLE)]},
        "check": {"state": "told", "valid": 2, "rejectedTotal": 1, **CHECK},
        "service": {"defaultRegion": None}, "row": 1,
    }  # fmt: skip
    return f"((c) => m.peopleOf(Object.assign(c, {{checkedOf: c.read}})))({json.dumps(context)})"


def test_a_row_is_named_by_the_line_that_the_messages_name() -> None:
    said = "((rows) => [m.rowName(rows, 2), m.nothingSaid(rows, 2), m.nothingSaid(rows, 3)])"
    assert asked("compose-people.js", f"{said}({people_of()})") == [
        "line 3",
        "Line 3 gets nothing: no country code.",
        "Line 5 gets nothing: its number comes twice, and line 2 is sent.",
    ]


def test_a_number_is_shown_without_an_invented_plus() -> None:
    shown = "((rows) => [1, 2, 4].map((row) => m.numberOf(rows, row)))"
    assert asked("compose-people.js", f"{shown}({people_of()})") == [
        "+4915112000035", "0151", "+4915112000042",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("head", "tail", "said"),
    [
        ("89504e470d0a1a0a", b"", "This is a picture, not a list. Choose a CSV or XLSX."),
        ("ffd8ffe0", b"", "This is a picture, not a list. Choose a CSV or XLSX."),
        ("255044462d312e37", b"", "This is a PDF, not a list. Choose a CSV or XLSX."),
        (
            "d0cf11e0a1b11ae1", b"",
            "This is an old Office file, such as an .xls. Save it as CSV or XLSX.",
        ),
        ("504b0304", b"photo.jpg", "This is a ZIP archive, not a list. Choose a CSV or XLSX."),
        ("504b0304", b"xl/workbook.xml", ""),
        (b"phone;name".hex(), b"", ""),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_a_list_is_called_what_it_is(
    head: str, tail: bytes, said: str
) -> None:
    edges = f"{{head: Uint8Array.from({list(bytes.fromhex(head))}),"
    edges += f" tail: Uint8Array.from({list(tail)})}}"
    assert asked("compose-kinds.js", f"m.wrongKind({edges})") == said
