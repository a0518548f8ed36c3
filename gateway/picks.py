"""Rows of an upload into entries of a submission: which column is what. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from gateway.guesses import no_column
from gateway.numbers import Invalid
from gateway.recipients import Entry, empty_column
from gateway.upload_rows import Row
from gateway.values import sendable
from schemas.places import places_of

# What a spreadsheet shows where a formula fails, and what a converter puts for what it cannot read:
# nobody wants these in a message.
_ERRORS: Final = frozenset((
    "#N/A", "#NAME?", "#VALUE!", "#REF!", "#DIV/0!", "#NUM!", "#NULL!", "#NV", "#WERT!", "#BEZUG!",
    "#ERROR!", "#SPILL!", "#CALC!",
))  # fmt: skip
_UNREADABLE: Final = "\ufffd"


class Only(msgspec.Struct, frozen=True):
    """One row of a list, from 1, and the number that gets it in place of its own."""

    row: int
    to: str


class FromUpload(msgspec.Struct, frozen=True):
    """A list that was uploaded before: which one, and its columns as the submission has them."""

    upload_id: UUID
    column: str
    mappings: Mapping[str, str]
    has_header: bool | None  # None: as it was guessed
    zone_column: str | None = None
    only: Only | None = None  # None: all rows

    @property
    def columns(self) -> set[str]:
        """All that it names."""
        zone = {self.zone_column} if self.zone_column else set()
        return {self.column, *self.mappings.values(), *zone}


class Picks:
    """Takes from each row what a submission wants of it."""

    def __init__(self, columns: Sequence[str], asked: FromUpload) -> None:
        """Raises KeyError when a column is not there: ask `missing` before."""
        at = {name: place for place, name in enumerate(columns)}
        places = places_of(asked.mappings)
        self._name, self._at = asked.column, at[asked.column]
        self._zone_at = at[asked.zone_column] if asked.zone_column else None
        self._mappings = [(k, name, at[name], places[k].part) for k, name in asked.mappings.items()]

    def entry(self, row: Row) -> Entry:
        """What one row says of one recipient."""
        if row.fault:
            return Entry(row.line, Invalid(row.fault))
        value = _cell(row, self._at)
        if not value:
            return Entry(row.line, empty_column(self._name))
        variables = self._variables(row) if self._mappings else None
        return Entry(row.line, value, variables, self._zone(row))

    def _zone(self, row: Row) -> str | None:
        """An empty cell leaves it to the number."""
        return None if self._zone_at is None else _cell(row, self._zone_at).strip() or None

    def _variables(self, row: Row) -> Mapping[str, str] | Invalid:
        variables = {}
        for key, column, at, part in self._mappings:
            text = _spoiled(value := _cell(row, at)) or sendable(value, part)
            if isinstance(text, Invalid):
                return Invalid(f'the column "{column}" {text.reason}')
            variables[key] = text
        return variables


def missing(columns: Sequence[str], asked: FromUpload) -> str | None:
    """The columns that a submission names and the upload lacks, in a sentence."""
    absent = sorted(asked.columns - set(columns))
    return no_column(absent, columns, "The upload") if absent else None


def _cell(row: Row, at: int) -> str:
    return row.cells[at] if at < len(row.cells) else ""


def _spoiled(value: str) -> Invalid | None:
    if value in _ERRORS:
        return Invalid(f"has an error of its spreadsheet, {value}")
    if _UNREADABLE in value:
        return Invalid("has a character that could not be read: save the file as UTF-8")
    return None
