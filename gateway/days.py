"""Days of a zone, as moments: 23 and 25 hours long where the clock is changed. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from gateway import errors
from gateway.errors import Refusal

USUAL_DAYS: Final = 30
MOST_DAYS: Final = 366
BY: Final = ("day", "number")

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ZONE: Final = re.compile(r"[A-Za-z0-9_+\-]{1,32}(/[A-Za-z0-9_+\-]{1,32}){0,2}")
_DAY: Final = timedelta(days=1)


class Zone(msgspec.Struct, frozen=True):
    """A zone and its name."""

    name: str
    rules: tzinfo


class Period(msgspec.Struct, frozen=True):
    """Days from `first` to `last`, both included, and what their figures are listed by."""

    first: date
    last: date
    zone: Zone
    by: tuple[str, ...]

    @property
    def days(self) -> list[date]:
        return [self.first + n * _DAY for n in range((self.last - self.first).days + 1)]

    @property
    def bounds(self) -> list[datetime]:
        """Where each day begins, and at last where the day after the last one does."""
        return [
            datetime.combine(day, time(), self.zone.rules).astimezone(UTC)
            for day in [*self.days, self.last + _DAY]
        ]


def period_of(query: Mapping[str, str], now: datetime) -> Period | Refusal:
    """`?from&to&zone&by`: the last 30 days in UTC by day, unless it says otherwise."""
    zone, by = zone_of(query), _by(query.get("by", "day"))
    if isinstance(zone, Refusal):
        return zone
    if isinstance(by, Refusal):
        return by
    last = _day(query.get("to"), "to") or now.astimezone(zone.rules).date()
    if isinstance(last, Refusal):
        return last
    first = _day(query.get("from"), "from") or last - (USUAL_DAYS - 1) * _DAY
    if isinstance(first, Refusal):
        return first
    if not timedelta() <= last - first < MOST_DAYS * _DAY:
        return errors.bad_request(f"from must be up to {MOST_DAYS - 1} days before to.")
    return Period(first, last, zone, by)


def zone_of(query: Mapping[str, str]) -> Zone | Refusal:
    """`?zone`: a name of the tz database, as Asia/Kolkata; UTC when it is not given."""
    name = query.get("zone", "UTC")
    if name == "UTC":
        return Zone(name, UTC)
    if _ZONE.fullmatch(name):
        try:
            return Zone(name, ZoneInfo(name))
        except (KeyError, ValueError, OSError):  # a folder, or nothing of that name
            pass
    return errors.bad_request(f"{name[:64]!r} is no time zone: give one as Asia/Kolkata, or UTC.")


def _by(text: str) -> tuple[str, ...] | Refusal:
    named = text.split(",")
    if any(name not in BY for name in named):
        return errors.bad_request("by must be day, number, or day,number.")
    return tuple(name for name in BY if name in named)


def _day(text: str | None, name: str) -> date | Refusal | None:
    if not text:
        return None
    try:
        if _DATE.fullmatch(text) and date(1971, 1, 1) <= (day := date.fromisoformat(text)) <= _LAST:
            return day
    except ValueError:
        pass
    return errors.bad_request(f"{name} must be a day as 2026-11-23.")


_LAST: Final = date(9000, 1, 1)
