"""Lines of a suppression list, read into stops; every line is accounted for. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from gateway.numbers import Invalid, Numbers
from gateway.recipients import REJECTED_SHOWN, VALUE_SHOWN
from gateway.sheets import cells_of, delimiter_of, text_of
from schemas.api import RejectedLine
from schemas.suppressions import Scope, Source, plain

LONGEST_REASON: Final = 500  # characters

# What a column may be called, by what it holds; case and punctuation do not matter.
_NAMES: Final = {
    "number": "number", "phone": "number", "phonenumber": "number", "recipient": "number",
    "mobile": "number", "mobilenumber": "number", "msisdn": "number", "telephone": "number",
    "whatsapp": "number", "whatsappnumber": "number",
    "scope": "scope", "reason": "reason", "at": "at", "source": "source",
}  # fmt: skip
_WITHOUT_HEADER: Final = {"number": 0, "scope": 1, "reason": 2, "at": 3, "source": 4}


class Asked(NamedTuple):
    """A stop that an operator brings; without a reason or a time of its own they are None."""

    number: str
    source: Source = Source.OPERATOR
    scope: Scope = Scope.ALL
    reason: str | None = None
    at: datetime | None = None


class Intake:
    """Takes lines in order; `asked` holds what was read and not yet taken away."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._columns: dict[str, int] | None = None  # None: no line with anything on it yet
        self._delimiter: str | None = None  # None: each line shows its own
        self._line = 0
        self.asked: list[Asked] = []
        self.total = 0  # lines that should have a number
        self.rejected: list[RejectedLine] = []
        self.rejected_total = 0

    def add(self, line: bytes) -> None:
        """Read one line. Blank ones pass, and the first may name the columns."""
        self._line += 1
        text = text_of(line)
        if not text or text.isspace():
            return
        if self._columns is None:
            self._columns = self._named_by(text)
            if self._columns:
                return
            self._columns = _WITHOUT_HEADER
        self.total += 1
        read = self._read(text, self._columns)
        if isinstance(read, Invalid):
            self._reject(text, read)
        else:
            self.asked.append(read)

    def take(self) -> list[Asked]:
        """What was read since the last time."""
        asked, self.asked = self.asked, []
        return asked

    def _named_by(self, text: str) -> dict[str, int]:
        """Where each column is, when this line is a header; the first of a name counts.

        A line with a number on it is none: "recipient" may be its source.
        """
        delimiter = delimiter_of(text)
        cells = cells_of(text, delimiter)
        if isinstance(cells, Invalid):
            return {}
        columns: dict[str, int] = {}
        for place, cell in enumerate(cells):
            if name := _NAMES.get(plain(cell)):
                columns.setdefault(name, place)
        if "number" not in columns or any(isinstance(self._numbers.read(c), str) for c in cells):
            return {}
        self._delimiter = delimiter
        return columns

    def _read(self, text: str, columns: dict[str, int]) -> Asked | Invalid:
        cells = cells_of(text, self._delimiter or delimiter_of(text))
        if isinstance(cells, Invalid):
            return cells
        number = self._numbers.read(_cell(cells, columns, "number"))
        if isinstance(number, Invalid) or len(cells) == 1:
            return number if isinstance(number, Invalid) else Asked(number)
        scope = scope_of(_cell(cells, columns, "scope"))
        at = _time_of(_cell(cells, columns, "at"))
        if isinstance(scope, Invalid):
            return scope
        if isinstance(at, Invalid):
            return at
        source = _source_of(_cell(cells, columns, "source"))
        return Asked(number, source, scope, reason_of(_cell(cells, columns, "reason")), at)

    def _reject(self, text: str, why: Invalid) -> None:
        self.rejected_total += 1
        if len(self.rejected) < REJECTED_SHOWN:
            self.rejected.append(RejectedLine(self._line, text.strip()[:VALUE_SHOWN], why.reason))


def _cell(cells: Sequence[str], columns: dict[str, int], name: str) -> str:
    """The cell of a column; empty when the line or the list has none."""
    place = columns.get(name, len(cells))
    return cells[place] if place < len(cells) else ""


def scope_of(text: str) -> Scope | Invalid:
    """What is stopped; everything when it is not said."""
    try:
        return Scope(text.strip().lower() or Scope.ALL)
    except ValueError:
        return Invalid('scope must be "all" or "marketing"')


def reason_of(text: str) -> str | None:
    """A reason on one line, and no longer than it may be; None: none was given."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line[:LONGEST_REASON] or None


def _source_of(text: str) -> Source:
    """Whose word it is. A column of another system, which says other things, says nothing here."""
    word = text.lower()
    return Source(word) if word in list(Source) else Source.OPERATOR


def _time_of(text: str) -> datetime | Invalid | None:
    """A time as ISO 8601 has it, of UTC unless it says otherwise; None: none was given."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return Invalid("at must be a time such as 2026-11-23T20:36:31Z, or empty")
