"""A workbook (XLSX) that is written as it is read: no row of it is kept. Pure.

A file of this format is a zip of XML parts (ECMA-376). Libraries that write one keep it, or lay it
on the disk, until its last row is there; here every row leaves at once. The parts that say how many
sheets there are come last: a zip is read by its directory, which is its end. Text is text, whatever
it begins with: no cell of this kind is ever taken for a formula.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import IO, Final
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec

MOST_ROWS: Final = 1_048_576  # of a sheet, the first line included (Excel's specifications)
# Unpacked: what is larger needs zip64, which few readers expect. It is looked at between calls of
# `rows`, each of which may add some megabytes.
MOST_SHEET_BYTES: Final = 2**31 - 2**27
MOST_CHARACTERS: Final = 1000  # of a cell; a spreadsheet takes 32,767
_BOLD: Final = ' s="2"'
_LINE_END: Final = {"\r": "&#13;"}  # bare, readers make a line feed of it (XML 1.0, 2.11)
FASTEST: Final = 1  # of zlib: half the time for a tenth more

Cell = str | int | datetime | None

_DAY_ZERO: Final = datetime(1899, 12, 30, tzinfo=UTC)  # as serial numbers of days count
_NOT_IN_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# Sheets have the type of `xml` as such, so that their number need not be known here.
_TYPES: Final = (
    f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Default Extension="xml" ContentType="{_TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>'
)
_RELS: Final = (
    f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
    f' Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
# Cell formats: 0 as it is, 1 a time, 2 the first line.
_STYLES: Final = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><numFmts count="1">'
    '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)


class Column(msgspec.Struct, frozen=True):
    """A column: what its first line says, and how many characters wide it is."""

    name: str
    width: int


class Workbook:
    """Give out `begin`, then `rows` as often as there are some, then `end`; at last `abandon`."""

    def __init__(self, name: str, columns: Sequence[Column]) -> None:
        self._name, self._columns = name, columns
        self._letters = [letters(place) for place in range(1, len(columns) + 1)]
        self._out = _Outgoing()
        self._zip = ZipFile(self._out, "w", ZIP_DEFLATED, compresslevel=FASTEST)
        self._sheets, self._lines, self._bytes = 0, 0, 0
        self._sheet: IO[bytes] | None = None

    def begin(self) -> bytes:
        """The beginning of the file, and of its first sheet."""
        self._zip.writestr("[Content_Types].xml", _TYPES)
        self._zip.writestr("_rels/.rels", _RELS)
        self._zip.writestr("xl/styles.xml", _STYLES)
        self._begin_sheet()
        return self._out.take()

    def rows(self, rows: Iterable[Sequence[Cell]]) -> bytes:
        """What these rows add to the file; a sheet that is full is followed by another."""
        lines: list[str] = []
        for row in rows:
            if self._lines >= MOST_ROWS or self._bytes >= MOST_SHEET_BYTES:
                self._put("".join(lines))
                lines = []
                self._end_sheet()
                self._begin_sheet()
            self._lines += 1
            lines.append(_line(self._lines, self._letters, row))
        self._put("".join(lines))
        return self._out.take()

    def end(self) -> bytes:
        """The end of the last sheet, the list of the sheets, and the file's directory."""
        self._end_sheet()
        self._zip.writestr("xl/workbook.xml", self._workbook())
        self._zip.writestr("xl/_rels/workbook.xml.rels", self._workbook_rels())
        self._zip.close()
        return self._out.take()

    def abandon(self) -> None:
        """Nobody wants the rest. After `end` this does nothing."""
        if self._sheet is not None:
            self._sheet.close()
        self._zip.close()

    def _begin_sheet(self) -> None:
        self._sheets += 1
        self._lines, self._bytes = 1, 0
        self._sheet = self._zip.open(f"xl/worksheets/sheet{self._sheets}.xml", "w")
        widths = "".join(
            f'<col min="{place}" max="{place}" width="{column.width}" customWidth="1"/>'
            for place, column in enumerate(self._columns, 1)
        )
        names = zip(self._letters, self._columns, strict=True)
        header = "".join(_text(f"{letter}1", column.name, _BOLD) for letter, column in names)
        self._put(
            f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
            '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
            f'</sheetView></sheetViews><cols>{widths}</cols><sheetData><row r="1">{header}</row>'
        )

    def _end_sheet(self) -> None:
        assert self._sheet is not None
        self._put("</sheetData></worksheet>")
        self._sheet.close()
        self._sheet = None

    def _put(self, xml: str) -> None:
        assert self._sheet is not None
        data = xml.encode()
        self._bytes += len(data)
        self._sheet.write(data)

    def _workbook(self) -> str:
        names = (self._name if n == 1 else f"{self._name} {n}" for n in self._numbers())
        listed = "".join(
            f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="rId{n}"/>'
            for n, name in enumerate(names, 1)
        )
        return (
            f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets>'
            "</workbook>"
        )

    def _workbook_rels(self) -> str:
        sheets = "".join(
            f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet"'
            f' Target="worksheets/sheet{n}.xml"/>'
            for n in self._numbers()
        )
        styles = f'<Relationship Id="rId0" Type="{_OFFICE}/styles" Target="styles.xml"/>'
        return (
            f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
            f"{styles}{sheets}</Relationships>"
        )

    def _numbers(self) -> range:
        return range(1, self._sheets + 1)


class _Outgoing:
    """What the zip has written and nobody has taken yet; it only goes forward."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


def letters(place: int) -> str:
    """The name of a column: A to Z, AA, AB and so on, from 1."""
    name = ""
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def _line(number: int, columns: Sequence[str], row: Sequence[Cell]) -> str:
    cells = [
        _cell(f"{column}{number}", value)
        for column, value in zip(columns, row, strict=True)
        if value is not None
    ]
    return f'<row r="{number}">{"".join(cells)}</row>'


def _cell(place: str, value: str | int | datetime) -> str:
    if isinstance(value, str):
        return _text(place, value)
    if isinstance(value, int):
        return f'<c r="{place}"><v>{value}</v></c>'
    days = (value - _DAY_ZERO).total_seconds() / 86_400
    return f'<c r="{place}" s="1"><v>{days:.8f}</v></c>'


def _text(place: str, text: str, style: str = "") -> str:
    said = escape(_NOT_IN_XML.sub("\ufffd", text[:MOST_CHARACTERS]), _LINE_END)
    kept = ' xml:space="preserve"' if said != said.strip() else ""
    return f'<c r="{place}"{style} t="inlineStr"><is><t{kept}>{said}</t></is></c>'
