"""What an uploaded table is, guessed from its first rows: its width, header, number column. Pure.

A guess can be overruled by whoever knows better; it never changes what is in the file.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.numbers import Invalid, Numbers
from gateway.upload_rows import MOST_COLUMNS, Row
from schemas.column_names import likeness

SAMPLE_ROWS: Final = 200
LONGEST_NUMBER: Final = 40  # characters: with brackets, spaces and a label
LONGEST_NAME: Final = 200  # characters of a column's name
MOST: Final = 0.5  # of a column's cells


class Layout(msgspec.Struct, frozen=True):
    """A table: the names of its columns, whether the first row is one of names, and where numbers
    are (None: in no column that could be told)."""

    columns: list[str]
    has_header: bool
    number_column: int | None


class Wishes(msgspec.Struct, frozen=True):
    """What somebody knows better."""

    has_header: bool | None = None
    number_column: str | None = None


def width_of(rows: Sequence[Row]) -> int:
    """How many columns most of the rows fill, or the first where that is wider."""
    sizes = Counter(len(row.cells) for row in rows if not row.fault)
    if not sizes:
        return 1
    first = next(len(row.cells) for row in rows if not row.fault)
    return max(first, max(sizes, key=lambda size: (sizes[size], size)))


def layout_of(rows: Sequence[Row], width: int, wishes: Wishes, numbers: Numbers) -> Layout | str:
    """What a table is, from its first rows; or why it cannot be that, in a sentence."""
    if width > MOST_COLUMNS:
        return f"The file has {width} columns: {MOST_COLUMNS} at most."
    shares = [_share([_cell(row, at) for row in rows[1:]], numbers) for at in range(width)]
    has_header = wishes.has_header
    if has_header is None:
        has_header = _is_header(rows[0], shares, numbers)
    columns = names_of(rows[0].cells, width, has_header=has_header)
    if wishes.number_column is None:
        if not has_header:
            shares = [_share([_cell(row, at) for row in rows], numbers) for at in range(width)]
        return Layout(columns, has_header, _number_column(columns, rows, shares))
    if wishes.number_column not in columns:
        return no_column([wishes.number_column], columns, "The file")
    return Layout(columns, has_header, columns.index(wishes.number_column))


def names_of(cells: Sequence[str], width: int, *, has_header: bool) -> list[str]:
    """A name for each column, all different: a blank one is called by its place."""
    names: list[str] = []
    for at in range(width):
        said = cells[at] if has_header and at < len(cells) else ""
        name = " ".join(said.split())[:LONGEST_NAME] or f"Column {at + 1}"
        names.append(_free(name, set(names)))
    return names


def _free(name: str, taken: set[str]) -> str:
    """The name, with a number after it when another column has it."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free


def no_column(missing: Sequence[str], columns: Sequence[str], what: str) -> str:
    """That a table lacks columns which somebody named, and which it has."""
    lacks = ", ".join(f'"{name[:64]}"' for name in missing)
    listed = ", ".join(columns[:50]) or "none"
    return f"{what} has no column {lacks}; its columns are: {listed}."


def _is_header(first: Row, shares: Sequence[float], numbers: Numbers) -> bool:
    """Whether a row names columns. One with a number is none, nor one with a number misspelt."""
    if first.fault or any(_is_number(cell, numbers) for cell in first.cells):
        return False
    return not any(
        share >= MOST and sum(map(str.isdecimal, _cell(first, at))) >= 5
        for at, share in enumerate(shares)
    )


def _number_column(
    columns: Sequence[str], rows: Sequence[Row], shares: Sequence[float]
) -> int | None:
    """The column that is called so and mostly is so; else called so; else is so; else looks so."""
    called = [likeness(name) for name in columns]
    places = range(len(columns))
    by_both = [at for at in places if called[at] and shares[at] >= MOST]
    if by_both:
        return max(by_both, key=lambda at: (called[at], shares[at], -at))
    by_digits = [at for at in places if _has_digits([_cell(row, at) for row in rows[1:]])]
    for found in (
        [at for at in by_digits if called[at]],
        [at for at in places if shares[at] >= MOST],
        by_digits,
        [at for at in places if called[at] >= 2],
    ):
        if found:
            return max(found, key=lambda at: (called[at], shares[at], -at))
    return 0 if len(columns) == 1 else None


def _share(cells: Sequence[str], numbers: Numbers) -> float:
    """What share of the cells with something in them are phone numbers."""
    filled = [cell for cell in cells if cell]
    return sum(_is_number(cell, numbers) for cell in filled) / len(filled) if filled else 0.0


def _is_number(cell: str, numbers: Numbers) -> bool:
    return _may_be(cell) and not isinstance(numbers.read(cell), Invalid)


def _may_be(cell: str) -> bool:
    """Asked first, because reading is dear."""
    return len(cell) <= LONGEST_NUMBER and sum(map(str.isdecimal, cell)) >= 7


def _has_digits(cells: Sequence[str]) -> bool:
    """Whether most cells are about as long as a phone number, in whatever form."""
    filled = [cell for cell in cells if cell]
    return bool(filled) and sum(_may_be(cell) for cell in filled) / len(filled) >= MOST


def _cell(row: Row, at: int) -> str:
    return row.cells[at] if at < len(row.cells) and not row.fault else ""
