"""What a client wants of when and how fast, checked against what the service allows. Pure."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from gateway import errors
from gateway.errors import Refusal
from schemas.planning import GivenWindow, Planned
from schemas.settings import Gateway
from schemas.windows import (
    DAYS,
    LONGEST_LOOK,
    MIDNIGHT,
    RECIPIENT,
    Window,
    minutes_of,
    opens_at,
    zone_of,
)

PAST_SECONDS: Final = 60  # a clock that differs, a person that presses a minute late
LONGEST_AHEAD: Final = timedelta(days=366)
LONGEST_PAUSE_MS: Final = 3_600_000  # as of BULK_LOOP_PAUSE_MS
MOST_PER_SECOND: Final = 1000  # as of BULK_MESSAGES_PER_SECOND
_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d(:?\d\d)?)?", re.ASCII
)
_EXAMPLE: Final = "an ISO 8601 time with its zone, as 2026-11-27T09:00:00+01:00"


class Wrong(Exception):
    """Says, in a sentence, what of a plan cannot be."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """When and how fast a job goes; None where the service's own holds."""

    loop_size: int
    scheduled_at: datetime | None = None
    window: Window | None = None
    messages_per_second: int | None = None
    loop_pause_ms: int | None = None

    def rests_until(self, now: datetime) -> datetime | None:
        """When a window that is the same for everybody opens, if that is later than the start."""
        return rests_until(self.window, self.scheduled_at, now)


def plan_of(given: Planned, settings: Gateway, now: datetime) -> Plan | Refusal:
    """The plan that a submission makes."""
    try:
        return Plan(
            loop_size=_loop_size(given.loop_size, settings),
            scheduled_at=start_of(given.scheduled_at, now),
            window=_window(given.window, now),
            messages_per_second=rate_of(given.messages_per_second, settings),
            loop_pause_ms=_pause(given.loop_pause_ms, settings),
        )
    except Wrong as error:
        return errors.bad_request(f"{error}.")


def rests_until(
    window: Window | None, scheduled_at: datetime | None, now: datetime
) -> datetime | None:
    """When such a window opens, if nothing could leave at the start."""
    if window is None or not window.is_fixed:
        return None
    start = max(now, scheduled_at or now)
    opens = opens_at(window, (zone_of(window.zone),), start) or start + LONGEST_LOOK
    return opens if opens > start else None


def start_of(text: str | None, now: datetime) -> datetime | None:
    """When a job is to start. Raises Wrong."""
    if text is None:
        return None
    if not _TIME.fullmatch(text.strip()):
        raise Wrong(f"scheduledAt must be {_EXAMPLE}, not {text[:64]!r}")
    try:
        at = datetime.fromisoformat(text.strip().upper())
        is_aware = at.tzinfo is not None
        at = at.astimezone(UTC) if is_aware else at
    except (ValueError, OverflowError) as error:
        raise Wrong(f"scheduledAt {text[:64]!r} is no time: {error}") from error
    if not is_aware:
        raise Wrong(f"scheduledAt {text[:64]!r} does not say in which zone: give {_EXAMPLE}")
    if at < now - timedelta(seconds=PAST_SECONDS):
        raise Wrong(f"scheduledAt {text[:64]!r} is past: it is {now:%Y-%m-%dT%H:%M:%SZ} now")
    if at > now + LONGEST_AHEAD:
        raise Wrong(f"scheduledAt {text[:64]!r} is more than a year ahead")
    return at


def rate_of(given: int | None, settings: Gateway) -> int | None:
    """A job's own limit of the rate. Raises Wrong."""
    most = settings.messages_per_second or MOST_PER_SECOND
    if given is not None and not 1 <= given <= most:
        where = "BULK_MESSAGES_PER_SECOND" if settings.messages_per_second else "Meta takes no more"
        raise Wrong(f"messagesPerSecond must be a whole number from 1 to {most} ({where})")
    return given


def _loop_size(given: int | None, settings: Gateway) -> int:
    if given is not None and not 1 <= given <= settings.loop_size:
        raise Wrong(
            f"loopSize must be a whole number from 1 to {settings.loop_size} (BULK_LOOP_SIZE)"
        )
    return given or settings.loop_size


def _pause(given: int | None, settings: Gateway) -> int | None:
    if given is not None and not settings.pause_ms <= given <= LONGEST_PAUSE_MS:
        raise Wrong(
            f"loopPauseMs must be a whole number from {settings.pause_ms} (BULK_LOOP_PAUSE_MS)"
            f" to {LONGEST_PAUSE_MS}"
        )
    return given


def _window(given: GivenWindow | None, now: datetime) -> Window | None:
    if given is None:
        return None
    missing = [name for name, value in
               (("from", given.opens), ("to", given.closes), ("zone", given.zone))
               if not value]  # fmt: skip
    if missing:
        raise Wrong(f"window lacks {', '.join(missing)}")
    assert given.opens
    assert given.closes
    assert given.zone
    window = Window(_clock("from", given.opens), _clock("to", given.closes), given.zone,
                    _days(given.days))  # fmt: skip
    if window.opens in (window.closes, MIDNIGHT):
        raise Wrong('window opens when it closes: leave it out, or give "from": "00:00", "to":'
                    ' "24:00" for whole days')  # fmt: skip
    if window.zone != RECIPIENT:
        _check_zone(window, now)
    return window


def _clock(name: str, text: str) -> str:
    if minutes_of(text) is None:
        raise Wrong(f"window.{name} must be a time as 09:00, not {text[:16]!r}")
    return text


def _days(given: list[str] | None) -> tuple[str, ...]:
    """In the order of the week, each once."""
    names = [day.strip().lower()[:3] if day.strip().lower() in _DAY_NAMES else "" for day in
             given or DAYS]  # fmt: skip
    if given == [] or "" in names:
        raise Wrong(f"window.days must be some of {', '.join(DAYS)}")
    return tuple(day for day in DAYS if day in names)


_LONG_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_NAMES: Final = frozenset((*DAYS, *_LONG_DAYS))


def _check_zone(window: Window, now: datetime) -> None:
    try:
        zone = zone_of(window.zone)
    except ValueError as error:
        raise Wrong(f"window.zone {error}, nor the word {RECIPIENT}") from error
    if opens_at(window, (zone,), now) is None:
        raise Wrong("window opens at no time within nine days: make it longer")
