"""Small XLSX files, written by hand: what tests need of the format."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

NS: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
R: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
P: Final = "http://schemas.openxmlformats.org/package/2006"
_HIDDEN: Final = ' state="hidden"'
DATE, MOMENT, TIME, HOURS = 1, 2, 3, 4  # styles

Sheet = Mapping[int, Sequence[object]]  # rows by their number


class Xml(str):
    """A cell as it is to stand in the sheet; `{at}` is its place."""

    __slots__ = ()


def dated(value: float, style: int) -> Xml:
    """A number that is shown as a date or a time."""
    return Xml(f'<c r="{{at}}" s="{style}"><v>{value}</v></c>')


def table(*rows: Sequence[object]) -> Sheet:
    """Rows from the first on."""
    return dict(enumerate(rows, 1))


def workbook(
    sheets: Mapping[str, Sheet], *, hidden: Iterable[str] = (), more: str = "", **parts: str
) -> bytes:
    """A workbook; `more` comes after the rows of each sheet, `parts` are added to the archive."""
    hidden = set(hidden)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (_frame(list(sheets), hidden) | parts).items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
        for number, rows in enumerate(sheets.values(), 1):
            with archive.open(f"xl/worksheets/sheet{number}.xml", "w") as sheet:
                sheet.write(f'<worksheet xmlns="{NS}"><sheetData>'.encode())
                for line, cells in rows.items():
                    sheet.write(_row(line, cells).encode())
                sheet.write(f"</sheetData>{more}</worksheet>".encode())
    return out.getvalue()


def _frame(names: list[str], hidden: set[str]) -> dict[str, str]:
    sheets = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"{_HIDDEN if name in hidden else ""}/>'
        for n, name in enumerate(names, 1)
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{R}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(names) + 1)
    )
    return {
        "[Content_Types].xml": f'<Types xmlns="{P}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{P}/relationships"><Relationship Id="rId1"'
        f' Type="{R}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{NS}" xmlns:r="{R}"><sheets>{sheets}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{P}/relationships">{links}'
        f'<Relationship Id="s" Type="{R}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{NS}"><cellXfs count="5"><xf numFmtId="0"/>'
        '<xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="21"/><xf numFmtId="46"/></cellXfs>'
        "</styleSheet>",
    }


def _row(line: int, cells: Sequence[object]) -> str:
    written = "".join(_cell(f"{_letters(at)}{line}", value) for at, value in enumerate(cells))
    return f'<row r="{line}">{written}</row>'


def _cell(at: str, value: object) -> str:
    match value:
        case None:
            return ""
        case Xml():
            return value.format(at=at)
        case bool():
            return f'<c r="{at}" t="b"><v>{int(value)}</v></c>'
        case int() | float():
            return f'<c r="{at}"><v>{value!r}</v></c>'
        case _:
            text = str(value).replace("&", "&amp;").replace("<", "&lt;")
            return f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _letters(at: int) -> str:
    """`A` to `Z`, `AA` and so on."""
    letters, at = "", at + 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
