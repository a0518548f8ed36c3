"""What would become of the rows of an upload: counted as they come. Pure."""

from collections import Counter
from typing import Final

from gateway.numbers import NO_COUNTRY, SHORTEST, Invalid, Numbers, calling_code
from gateway.recipients import REJECTED_SHOWN, VALUE_SHOWN, empty_column
from gateway.upload_rows import Row
from schemas.api import RejectedLine
from schemas.upload_api import CountryProblem

_FEW: Final = 10  # numbers, from which nothing is concluded
_MANY_COUNTRIES: Final = 4
_MANY_MISFITS: Final = 5  # every fifth number
_WITH_COUNTRY: Final = ("+", "00", "\uff0b", "(+", "(00")


class Tally:
    """Counts rows by their number; without a number column each row is rejected for that."""

    def __init__(self, numbers: Numbers, column: int | None, name: str) -> None:
        self._numbers, self._column, self._name = numbers, column, name
        self._seen: set[int] = set()  # a number is half as large as its digits
        self._fresh: list[str] = []
        self._codes: Counter[str] = Counter()  # of numbers that were written without one
        self._misfits = 0  # written without one, and of no country's length
        self._without_country = 0
        self.duplicates = 0
        self.rejected: list[RejectedLine] = []
        self.rejected_total = 0

    @property
    def valid(self) -> int:
        return len(self._seen)

    @property
    def total(self) -> int:
        return self.valid + self.duplicates + self.rejected_total

    def add(self, row: Row) -> str | None:
        """Count a row; why it is rejected, if it is."""
        value = self._value(row)
        number = value if isinstance(value, Invalid) else self._numbers.read(value)
        if isinstance(number, Invalid):
            return self._reject(row, "" if isinstance(value, Invalid) else value, number)
        if not has_country(str(value)):
            self._codes[calling_code(number)] += 1
        if (key := int(number)) in self._seen:
            self.duplicates += 1
        else:
            self._seen.add(key)
            self._fresh.append(number)
        return None

    def take_fresh(self) -> list[str]:
        """The numbers that came up since the last time."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def country_problem(self) -> CountryProblem | None:
        """Whether the country of many numbers is missing, or looks as if it were."""
        if self._without_country:
            return CountryProblem(
                self._without_country,
                f"{self._without_country} of the numbers have no country code. If they are all of"
                " one country, bring the file again with ?region= and its two letters, as DE; else"
                " write them with a +.",
            )
        total = self._codes.total() + self._misfits
        if total < _FEW or max(self._codes.values(), default=0) * 2 > total:
            return None
        if len(self._codes) < _MANY_COUNTRIES and self._misfits * _MANY_MISFITS < total:
            return None
        return CountryProblem(
            total,
            f"{total} numbers are written without a +: of those, {self._misfits} fit no country and"
            f" the others would go to {len(self._codes)}. If they are all of one country, bring the"
            " file again with ?region= and its two letters, as IN.",
        )

    def _value(self, row: Row) -> str | Invalid:
        if row.fault:
            return Invalid(row.fault)
        if self._column is None:
            return Invalid("no column looks like phone numbers: name it with ?numberColumn=")
        value = row.cells[self._column] if self._column < len(row.cells) else ""
        return value or empty_column(self._name)

    def _reject(self, row: Row, value: str, why: Invalid) -> str:
        self.rejected_total += 1
        self._without_country += why is NO_COUNTRY
        self._misfits += sum(map(str.isdecimal, value)) >= SHORTEST and not has_country(value)
        if len(self.rejected) < REJECTED_SHOWN:
            shown = value or (row.cells[0] if row.fault and row.cells else "")
            self.rejected.append(RejectedLine(row.line, shown.strip()[:VALUE_SHOWN], why.reason))
        return why.reason


def has_country(text: str) -> bool:
    """Whether a number is written with its country."""
    return text.strip(" '").startswith(_WITH_COUNTRY)
