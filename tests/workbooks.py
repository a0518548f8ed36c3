"""A workbook as a spreadsheet would read it: by its directory, its parts and their relations."""

import io
import re
from xml.etree import ElementTree
from zipfile import ZipFile

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

Cell = str | float | None


def sheets_of(data: bytes) -> list[list[list[Cell]]]:
    """The rows of each sheet, in the order in which the workbook names them."""
    with ZipFile(io.BytesIO(data)) as book:
        relations = ElementTree.fromstring(book.read("xl/_rels/workbook.xml.rels"))
        targets = {one.attrib["Id"]: one.attrib["Target"] for one in relations}
        listed = ElementTree.fromstring(book.read("xl/workbook.xml"))
        names = [targets[sheet.attrib[_REL]] for sheet in listed.iter(f"{_MAIN}sheet")]
        return [_rows(book.read(f"xl/{name}")) for name in names]


def _rows(xml: bytes) -> list[list[Cell]]:
    return [_cells(row) for row in ElementTree.fromstring(xml).iter(f"{_MAIN}row")]


def _cells(row: ElementTree.Element) -> list[Cell]:
    cells: list[Cell] = []
    for cell in row:
        place = re.fullmatch("([A-Z]+)([0-9]+)", cell.attrib["r"])
        assert place
        assert place[2] == row.attrib["r"]
        column = 0
        for letter in place[1]:
            column = column * 26 + ord(letter) - 64
        cells += [None] * (column - 1 - len(cells))
        text, value = cell.find(f"{_MAIN}is/{_MAIN}t"), cell.find(f"{_MAIN}v")
        if cell.attrib.get("t") == "inlineStr":
            assert text is not None
            cells.append(text.text or "")
        else:
            assert value is not None
            cells.append(float(value.text or ""))
    return cells
