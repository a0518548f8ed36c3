"""Lists of recipients, in the three forms they are submitted in, read into who gets what. Pure.

Reading is lazy and one pass: the caller takes as many entries at a time as the event loop allows.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from gateway.hours import Hours
from gateway.numbers import Invalid, Numbers
from gateway.values import sendable
from schemas.api import RejectedLine
from schemas.places import places_of

REJECTED_SHOWN: Final = 20
COLUMNS_SHOWN: Final = 50
VALUE_SHOWN: Final = 64  # characters of a rejected value that are given back
LARGEST_ROW_BYTES: Final = 256 * 2**10  # decoded in one step, about 10 ms

Check = Callable[[Mapping[str, str]], Invalid | None]  # of a row's values, by key

_VALUE: Final = re.compile(r"[^\r\n,;\t]+")
_ROW: Final = msgspec.json.Decoder(dict[str, Any])
_encode: Final = msgspec.json.Encoder().encode


class Entry(NamedTuple):
    """One recipient as submitted: where it stood, what was written, what it is to be told.

    `value` is Invalid where no number is, `variables` where they cannot fill a template. `zone` is
    the recipient's, where a column says it.
    """

    line: int
    value: object | Invalid
    variables: Mapping[str, str] | Invalid | None = None
    zone: str | None = None


class Source(Protocol):
    """A submitted list; `fault` says, after the entries, what is wrong with it as a whole."""

    def entries(self) -> Iterator[Entry]: ...

    def fault(self) -> str | None: ...


class Text:
    """Numbers separated by newlines, commas, semicolons or tabs; `line` is the line in the text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def entries(self) -> Iterator[Entry]:
        line, end = 1, 0
        for match in _VALUE.finditer(self._text):
            line += _newlines(self._text, end, match.start())
            end = match.end()
            if not (value := match[0]).isspace():
                yield Entry(line, value)

    def fault(self) -> None:
        return None


def _newlines(text: str, start: int, end: int) -> int:
    """How many lines end in a stretch; `\\r\\n` is one end."""
    if end - start < 2:
        return int(text[start:end] in ("\n", "\r") and start < end)
    carriage = text.count("\r", start, end) - text.count("\r\n", start, end)
    return carriage + text.count("\n", start, end)


class Values:
    """A JSON array of numbers; `line` is the position from 1."""

    def __init__(self, values: Sequence[object]) -> None:
        self._values = values

    def entries(self) -> Iterator[Entry]:
        for line, value in enumerate(self._values, 1):
            if value is not None and value != "":
                yield Entry(line, value)

    def fault(self) -> None:
        return None


class MalformedRow(Exception):
    """A row of `data` is no JSON object, or holds what cannot be read."""

    def __init__(self, line: int, error: object) -> None:
        super().__init__(f"data[{line - 1}] (row {line}) cannot be read: {error}")
        self.line, self.why = line, str(error)


class Table:
    """Rows as objects: a column holds the number, others the values of the template.

    Rows come as raw JSON and are decoded one by one, so that no single call takes long.
    """

    def __init__(
        self, rows: Sequence[msgspec.Raw], column: str, mappings: Mapping[str, str],
        zone_column: str | None = None,
    ) -> None:  # fmt: skip
        places = places_of(mappings)
        self._rows, self._column, self._zone_column = rows, column, zone_column
        self._known: list[str] | None = None  # the columns of the first row
        self._mappings = [(key, name, places[key].part) for key, name in mappings.items()]
        self._absent = {column, *mappings.values()} | ({zone_column} if zone_column else set())

    def entries(self) -> Iterator[Entry]:
        """Raises MalformedRow."""
        for line, raw in enumerate(self._rows, 1):
            yield self.entry(line, raw)

    def entry(self, line: int, raw: msgspec.Raw | bytes) -> Entry:
        """What one row says. Raises MalformedRow."""
        row = _row(line, raw)
        if self._known is None:
            self._known = list(islice(row, COLUMNS_SHOWN))
        if self._absent:
            self._absent -= row.keys()
        value = row.get(self._column)
        if value is None or value == "":
            return Entry(line, empty_column(self._column))
        zone = self._zone(row) if self._zone_column else None
        if not self._mappings:
            return Entry(line, value, zone=zone)
        return Entry(line, value, self._variables(row), zone)

    def _zone(self, row: dict[str, Any]) -> str | None:
        """An empty cell leaves it to the number; what is no text is no zone either."""
        value = row.get(self._zone_column or "")
        return None if value is None or value == "" else str(value).strip()

    def fault(self) -> str | None:
        if not self._absent or self._known is None:
            return None
        missing = ", ".join(f'"{name}"' for name in sorted(self._absent))
        listed = ", ".join(self._known) or "none"
        return f"data has no column {missing}; its columns are: {listed}"

    def _variables(self, row: dict[str, Any]) -> Mapping[str, str] | Invalid:
        variables = {}
        for key, column, part in self._mappings:
            text = sendable(row.get(column), part)
            if isinstance(text, Invalid):
                return Invalid(f'the column "{column}" {text.reason}')
            variables[key] = text
        return variables


def empty_column(name: str) -> Invalid:
    """That a row has no number."""
    return Invalid(f'the column "{name}" is empty')


def _row(line: int, raw: msgspec.Raw | bytes) -> dict[str, Any]:
    if len(memoryview(raw)) > LARGEST_ROW_BYTES:
        raise MalformedRow(line, f"it has more than {LARGEST_ROW_BYTES // 2**10} KiB")
    try:
        return _ROW.decode(raw)
    except RecursionError as error:
        raise MalformedRow(line, "it is nested too deeply") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedRow(line, error) from error


class Accepted(NamedTuple):
    """Who gets a message: digits, and the JSON of what is this recipient's alone."""

    recipient: str
    variables: bytes | None


class Recipients:
    """Gathers entries: the first of each number is accepted, everything else is accounted for.

    With `check`, rows are held against a template: one that does not fill it is kept apart in
    `unfilled`, because then no job is made. Without, such a row is rejected by itself. With
    `hours`, who could never be written to is rejected.
    """

    def __init__(
        self, numbers: Numbers, check: Check | None = None, hours: Hours | None = None
    ) -> None:
        self._numbers, self._check, self._hours = numbers, check, hours
        self._seen: set[str] = set()
        self.accepted: list[Accepted] = []
        self.zones: dict[str, str] = {}  # of those accepted whose list says it
        self.duplicates = 0
        self.rejected: list[RejectedLine] = []
        self.rejected_total = 0
        self.unfilled: list[RejectedLine] = []
        self.unfilled_total = 0

    @property
    def total(self) -> int:
        """Of all entries, whatever became of them."""
        return len(self.accepted) + self.duplicates + self.rejected_total + self.unfilled_total

    def add(self, entry: Entry) -> None:
        """Take one entry. A number that comes again keeps what its first entry said."""
        if isinstance(entry.variables, Invalid):
            return self._leave_unfilled(entry, entry.variables)
        number = self._number(entry.value)
        if isinstance(number, Invalid):
            return self._reject(entry, number)
        if number in self._seen:
            self.duplicates += 1
            return None
        if self._check and entry.variables and (fault := self._check(entry.variables)):
            return self._leave_unfilled(entry, fault)
        if self._hours and (fault := self._hours.fault(number, entry.zone)):
            return self._reject(entry, fault)
        self._seen.add(number)
        variables = _encode(entry.variables) if entry.variables else None
        self.accepted.append(Accepted(number, variables))
        if entry.zone is not None:
            self.zones[number] = entry.zone
        return None

    def _number(self, value: object) -> str | Invalid:
        if isinstance(value, Invalid):
            return value
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
            return self._numbers.read(str(value))
        return Invalid("is not a phone number: give it as text")

    def _reject(self, entry: Entry, why: Invalid) -> None:
        self.rejected_total += 1
        if len(self.rejected) < REJECTED_SHOWN:
            self.rejected.append(_line(entry, why))

    def _leave_unfilled(self, entry: Entry, why: Invalid) -> None:
        if self._check is None:
            return self._reject(entry, why)
        self.unfilled_total += 1
        if len(self.unfilled) < REJECTED_SHOWN:
            self.unfilled.append(_line(entry, why))
        return None


def _line(entry: Entry, why: Invalid) -> RejectedLine:
    value = "" if isinstance(entry.value, Invalid) else str(entry.value)
    return RejectedLine(entry.line, value.strip()[:VALUE_SHOWN], why.reason)
