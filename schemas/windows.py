"""Send windows: at which hours, on which days, by whose clock people are written to. Pure.

What counts is the clock on the recipient's wall: a message may leave while it shows a time within
the window. So an hour that the clock skips is no hour of the window, and one that it shows twice
is one twice. A day is the one on which the window opens: 22:00 to 06:00 on Mondays ends on Tuesday.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
RECIPIENT: Final = "recipient"  # the zone: each recipient's own
LONGEST_LOOK: Final = timedelta(days=9)  # a window opens within a week, and a day for its zones
MIDNIGHT: Final = "24:00"  # as the end of a day
_DAY: Final = timedelta(days=1)


class Window(msgspec.Struct, frozen=True):
    """`opens` and `closes` are HH:MM; `closes` may be 24:00, or earlier: on the day after.

    `zone` is a name of the IANA database, or `recipient`.
    """

    opens: str = msgspec.field(name="from")
    closes: str = msgspec.field(name="to")
    zone: str
    days: tuple[str, ...] = DAYS

    @property
    def is_fixed(self) -> bool:
        """Whether it is open or closed for everybody at the same time."""
        return self.zone != RECIPIENT


@lru_cache(maxsize=2048)
def zone_of(name: str) -> ZoneInfo:
    """Raises ValueError for what is no name of a time zone."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError) as error:
        raise ValueError(f"{name[:64]!r} is no time zone such as Asia/Kolkata") from error


def minutes_of(text: str) -> int | None:
    """`HH:MM` as minutes of the day; 24:00 is its end. None: it is none."""
    hours, colon, minutes = text.partition(":")
    is_clock = colon and len(hours) == 2 and len(minutes) == 2 and (hours + minutes).isascii()
    if not (is_clock and hours.isdecimal() and minutes.isdecimal() and int(minutes) < 60):
        return None
    total = int(hours) * 60 + int(minutes)
    return total if total <= 24 * 60 else None


def is_open(window: Window, zone: ZoneInfo, at: datetime) -> bool:
    """Whether somebody in the zone may be written to; `at` is aware."""
    local = at.astimezone(zone)
    minute, opens, closes = local.hour * 60 + local.minute, *_span(window)
    today, yesterday = DAYS[local.weekday()], DAYS[local.weekday() - 1]
    if opens < closes:
        return today in window.days and opens <= minute < closes
    return (today in window.days and minute >= opens) or (
        yesterday in window.days and minute < closes
    )


def opens_at(window: Window, zones: Sequence[ZoneInfo], at: datetime) -> datetime | None:
    """The first moment from `at` on that is within the window in each of the zones; `at` itself
    when it is open. None: there is none within nine days, and so never.
    """
    moment, horizon = at, at + LONGEST_LOOK
    while moment <= horizon:
        closed = [zone for zone in zones if not is_open(window, zone, moment)]
        if not closed:
            return moment
        following = [_next(window, zone, moment, is_wanted=True) for zone in closed]
        if None in following:
            return None
        moment = max(found for found in following if found)
    return None


def closes_at(window: Window, zones: Sequence[ZoneInfo], at: datetime) -> datetime:
    """Until when a window that is open stays so, as far as nine days can tell."""
    ends = (_next(window, zone, at, is_wanted=False) for zone in zones)
    return min((end for end in ends if end), default=at + LONGEST_LOOK)


def _span(window: Window) -> tuple[int, int]:
    opens, closes = minutes_of(window.opens), minutes_of(window.closes)
    assert opens is not None
    assert closes is not None
    return opens, closes


def _next(window: Window, zone: ZoneInfo, after: datetime, *, is_wanted: bool) -> datetime | None:
    """The first moment after `after` at which the window is open, or is not."""
    first = after.astimezone(zone).date() - _DAY
    for count in range(LONGEST_LOOK.days + 2):
        day = first + count * _DAY
        moments = sorted(set(_turning_points(window, zone, day)))
        for moment in moments:
            if moment > after and is_open(window, zone, moment) is is_wanted:
                return moment
    return None


def _turning_points(window: Window, zone: ZoneInfo, day: date) -> Iterator[datetime]:
    """All moments of a local day at which the window may open or close."""
    start, end = _moment(zone, day, 0, 0), _moment(zone, day + _DAY, 0, 1)
    for minute in (0, *_span(window)):
        yield _moment(zone, day, minute, 0)
        yield _moment(zone, day, minute, 1)
    if _offset(zone, start) != _offset(zone, end):
        yield _jump(zone, start, end)


def _moment(zone: ZoneInfo, day: date, minute: int, fold: int) -> datetime:
    local = datetime.combine(day, time(), zone) + timedelta(minutes=minute)
    return local.replace(fold=fold).astimezone(UTC)


def _jump(zone: ZoneInfo, start: datetime, end: datetime) -> datetime:
    """When the clock is changed, between two moments of different offsets from UTC."""
    before = _offset(zone, start)
    while end - start > timedelta(seconds=1):
        middle = start + (end - start) // 2
        start, end = (middle, end) if _offset(zone, middle) == before else (start, middle)
    return end.replace(microsecond=0)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta | None:
    return at.astimezone(zone).utcoffset()
