"""Which rows of the suppression list a request asks for: a number, a kind, a page. Pure.

A page ends at a place, which `after` names as `<time>.<number>.<source>`: the time in microseconds
since 1970, as PostgreSQL keeps it.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from gateway import errors
from gateway.errors import Refusal
from gateway.numbers import LONGEST, SHORTEST, Invalid, Numbers
from schemas.suppressions import Scope, Source

LISTED: Final = 50
MOST_LISTED: Final = 500

_PLACE: Final = re.compile(r"(-?[0-9]{1,18})\.([0-9]{7,15})\.(recipient|meta|operator)")
_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STEP: Final = timedelta(microseconds=1)


class Wanted(msgspec.Struct, frozen=True):
    """Which active rows are wanted; None: any."""

    source: Source | None = None
    scope: Scope | None = None


class Place(msgspec.Struct, frozen=True):
    """A row of the list: pages go on behind it."""

    number: str
    source: str
    at: datetime | None = None

    def __str__(self) -> str:
        micros = (self.at - _BEGIN) // _STEP if self.at else 0
        return f"{micros}.{self.number}.{self.source}"


START: Final = Place("", "")


class Page(msgspec.Struct, frozen=True):
    """A page that is asked for; with a `number`, of its rows alone."""

    wanted: Wanted
    limit: int
    after: Place
    number: str | None


def page_of(query: Mapping[str, str], numbers: Numbers) -> Page | Refusal:
    """`?limit&after&number&source&scope`."""
    wanted, limit, after = wanted_of(query), query.get("limit", str(LISTED)), START
    if isinstance(wanted, Refusal):
        return wanted
    if not (re.fullmatch("[0-9]{1,4}", limit) and 1 <= int(limit) <= MOST_LISTED):
        return errors.bad_request(f"limit must be a whole number from 1 to {MOST_LISTED}.")
    if text := query.get("after"):
        place = place_of(text)
        if place is None:
            return errors.bad_request("after must be what the page before gave as `after`.")
        after = place
    number = number_of(query["number"], numbers) if "number" in query else None
    return number if isinstance(number, Refusal) else Page(wanted, int(limit), after, number)


def wanted_of(query: Mapping[str, str]) -> Wanted | Refusal:
    """`?source&scope`."""
    source, scope = query.get("source"), query.get("scope")
    if source is not None and source not in list(Source):
        return errors.bad_request(f"source must be one of {', '.join(Source)}.")
    if scope is not None and scope not in list(Scope):
        return errors.bad_request(f"scope must be one of {', '.join(Scope)}.")
    return Wanted(Source(source) if source else None, Scope(scope) if scope else None)


def sources_of(query: Mapping[str, str]) -> list[Source] | Refusal:
    """Whose word `?source` or `?all=true` lifts; the operator's own when nothing is said."""
    wanted, everything = wanted_of(query), query.get("all")
    if isinstance(wanted, Refusal):
        return wanted
    if everything not in (None, "true", "false"):
        return errors.bad_request("all must be true or false.")
    if everything == "true":
        if wanted.source:
            return errors.bad_request("Give source or all=true, not both.")
        return list(Source)
    return [wanted.source or Source.OPERATOR]


def number_of(text: str, numbers: Numbers) -> str | Refusal:
    """A number in an address: digits as answers have them, or written as in submissions."""
    is_listed_form = text.isascii() and text.isdecimal() and not text.startswith("0")
    if is_listed_form and SHORTEST <= len(text) <= LONGEST:
        return text
    read = numbers.read(text)
    return errors.not_a_number(text, read.reason) if isinstance(read, Invalid) else read


def place_of(text: str) -> Place | None:
    """The place that was given out as `after`, or None when it is not one of ours."""
    match = _PLACE.fullmatch(text)
    if match is None:
        return None
    try:
        return Place(match[2], match[3], _BEGIN + int(match[1]) * _STEP)
    except OverflowError:
        return None
