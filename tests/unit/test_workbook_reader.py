"""A workbook into rows, and what is refused before it is unpacked."""

import io
import struct
import zipfile

import pytest

from gateway.upload_rows import Fault, Frame, Head, Row, Rows, framed, unframed
from gateway.workbook_reader import RATIO_FROM_BYTES, frames
from tests.made_workbooks import DATE, HOURS, MOMENT, TIME, Sheet, Xml, dated, table, workbook

PHONE = "+49 1511 2345678"


def read(data: bytes, sheet: str | None = None) -> tuple[Head, list[Row]]:
    head, *rest = frames(data, sheet)
    assert isinstance(head, Head), head
    rows: list[Row] = []
    for frame in rest:
        assert isinstance(frame, Rows), frame
        rows += frame.rows
    return head, rows


def cells(sheet: Sheet, more: str = "") -> list[list[str]]:
    return [row.cells for row in read(workbook({"S": sheet}, more=more))[1]]


def fault(data: bytes, sheet: str | None = None) -> str:
    (found,) = frames(data, sheet)
    assert isinstance(found, Fault), found
    return found.reason


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (4915112345678, "4915112345678"),
        (4915112345678.0, "4915112345678"),
        (12.5, "12.5"),
        (True, "true"),
        ("  Ann ", "Ann"),
        ("Müller & <Co>", "Müller & <Co>"),
        (dated(45000, DATE), "2023-03-15"),
        (dated(45000.5, MOMENT), "2023-03-15T12:00:00"),
        (dated(0.75, TIME), "18:00:00"),
        (dated(1.5, HOURS), "36:00:00"),
        (Xml('<c r="{at}" t="str"><f>A1&amp;"x"</f><v>shown</v></c>'), "shown"),
        (Xml('<c r="{at}"><f>1+1</f></c>'), ""),
        (Xml('<c r="{at}" t="e"><v>#N/A</v></c>'), ""),
    ],
)
def test_a_cell_is_what_a_person_would_write(value: object, text: str) -> None:
    assert cells(table(["x", value, "y"])) == [["x", text, "y"]]


def test_rows_have_the_numbers_that_the_spreadsheet_shows() -> None:
    _, rows = read(workbook({"S": {3: [None, "Phone"], 7: [None, PHONE]}}))
    assert rows == [Row(3, ["Phone"]), Row(7, [PHONE])]


def test_of_merged_cells_the_first_has_the_value() -> None:
    merged = '<mergeCells count="1"><mergeCell ref="A1:A2"/></mergeCells>'
    assert cells(table(["a", "b"], [None, "c"]), more=merged) == [["a", "b"], ["", "c"]]


def test_the_first_visible_sheet_with_anything_in_it_is_read() -> None:
    sheets = {"Secret": table(["no"]), "Blank": {}, "List": table(["yes"]), "More": table(["x"])}
    data = workbook(sheets, hidden=["Secret"])
    head, rows = read(data)
    assert head == Head("List", ["Secret", "Blank", "List", "More"], 1)
    assert rows == [Row(1, ["yes"])]
    assert read(data, "More")[1] == [Row(1, ["x"])]
    assert "has no sheet 'Nope'; its sheets are: Secret" in fault(data, "Nope")


def test_a_row_that_is_too_long_is_a_fault_and_the_others_are_read() -> None:
    _, rows = read(workbook({"S": table(["a"], ["x" * 30_000, "y" * 30_000, "z" * 30_000], ["b"])}))
    assert [bool(row.fault) for row in rows] == [False, True, False]


def test_too_many_columns_are_refused() -> None:
    assert "has 300 columns" in fault(workbook({"S": table(["x"] * 300)}))


def test_a_workbook_without_anything_in_it_is_refused() -> None:
    assert "no visible sheet" in fault(workbook({"S": {}}))


@pytest.mark.parametrize("cut", [4, 40, 400, -1, -100])
def test_a_workbook_that_is_cut_off_is_damaged(cut: int) -> None:
    data = workbook({"S": table(["a"])})
    assert "damaged" in fault(data[:cut])


def test_an_archive_of_something_else_is_told() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("content.xml", "<x/>")
    assert "no XLSX" in fault(out.getvalue())


def test_xml_that_is_none_is_told() -> None:
    broken = workbook({"S": table(["a", Xml('<c r="{at}"><v>1</c>')])})
    assert "cannot be read as a workbook" in fault(broken)


def test_a_part_that_shrinks_to_nothing_is_a_bomb() -> None:
    data = workbook({"S": table(["a"])}, **{"xl/x.xml": "<x>" + " " * (RATIO_FROM_BYTES + 9)})
    assert "more than 200 times its size" in fault(data)


def test_a_bomb_that_understates_its_size_is_found() -> None:
    data = workbook({"S": table(["a"])}, **{"xl/x.xml": "<x>" + " " * (RATIO_FROM_BYTES + 9)})
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(b"xl/x.xml"))
    lying = bytearray(data)
    lying[at + 24 : at + 28] = struct.pack("<I", 1000)  # the uncompressed size, in the directory
    assert "damaged" in fault(bytes(lying))


def test_sizes_that_are_too_large_together_are_refused_unread() -> None:
    data = bytearray(workbook({"S": table(["a"])}))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 2**30)
    assert "unpacks to more than 512 MiB" in fault(bytes(data))


def test_an_encrypted_part_is_told() -> None:
    data = bytearray(workbook({"S": table(["a"])}))
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(b"xl/worksheets/sheet1.xml"))
    data[at + 8] |= 1
    assert fault(bytes(data))


@pytest.mark.parametrize("frame", [Head("S", ["S"], 2), Rows([Row(1, ["a"])]), Fault("is bad")])
def test_a_frame_is_read_back_as_it_was(frame: Frame) -> None:
    data = framed(frame)
    assert int.from_bytes(data[:4], "big") == len(data) - 4
    assert unframed(data[4:]) == frame
