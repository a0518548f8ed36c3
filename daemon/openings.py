"""Whose window is open: asked of each message before it is claimed. Pure.

The time is the database's, so that daemons whose clocks differ agree on it; a moment of it is told
when the loop is read, and the caller's clock goes on from there.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from schemas.messages import Message
from schemas.phone_zones import zones_of
from schemas.windows import LONGEST_LOOK, Window, closes_at, opens_at, zone_of

Zones = tuple[ZoneInfo, ...]
# The database's time is known to be a query's answer old, and a message is not at Meta at once: it
# leaves so long before the window closes, or not.
GUARD_SECONDS: Final = 0.1
LEAST_SECONDS: Final = 0.001  # that a moment is over for certain, whatever floats make of it


def closed_until(window: Window | None, now_at: datetime) -> datetime | None:
    """When a window that is the same for everybody opens; None: it is open, or there is none."""
    if window is None or not window.is_fixed:
        return None
    opens = opens_at(window, (zone_of(window.zone),), now_at) or now_at + LONGEST_LOOK
    return opens if opens > now_at else None


class _Door(msgspec.Struct, frozen=True):
    is_open: bool
    until: float  # of the caller's clock: then it has to be looked at again


class Openings:
    """The windows of one loop's recipients; without one everybody may be written to.

    `now_at` is the database's time at `now` of the caller's clock, in seconds.
    """

    def __init__(self, window: Window | None, now_at: datetime, now: float) -> None:
        self._window, self._now_at, self._now = window, now_at, now
        self._zones: dict[str, Zones] = {}
        self._doors: dict[Zones, _Door] = {}

    @property
    def is_fixed(self) -> bool:
        """Whether all of the loop waits, or nothing of it does."""
        return self._window is not None and self._window.is_fixed

    def look_up(self, messages: Iterable[Message]) -> None:
        """Find everybody's zones out, 20 us each: where there are many, in a thread."""
        if self._window is not None:
            for message in messages:
                self._zones[message.recipient] = self._zones_of(self._window, message)

    def wait_seconds(self, message: Message, now: float) -> float:
        """How long until the recipient may be written to; 0: now."""
        door = self._door(message, now)
        if door is None or (door.is_open and now < door.until - GUARD_SECONDS):
            return 0.0
        return max(LEAST_SECONDS, door.until - now)  # about to close: asked again when it has

    def closes_at(self, message: Message, now: float) -> float:
        """Until when of the caller's clock somebody who may be written to now stays so."""
        door = self._door(message, now)
        return float("inf") if door is None else door.until - GUARD_SECONDS

    def are_closed(self, now: float) -> bool:
        """Whether somebody of the loop was found to wait."""
        return any(not door.is_open and door.until > now for door in self._doors.values())

    def time_at(self, now: float) -> datetime:
        """The database's time at a moment of the caller's clock."""
        return self._now_at + timedelta(seconds=now - self._now)

    def _door(self, message: Message, now: float) -> _Door | None:
        if self._window is None:
            return None
        zones = self._zones.get(message.recipient)
        if zones is None:
            zones = self._zones[message.recipient] = self._zones_of(self._window, message)
        door = self._doors.get(zones)
        if door is None or now >= door.until:
            door = self._doors[zones] = self._look(self._window, zones, now)
        return door

    def _look(self, window: Window, zones: Zones, now: float) -> _Door:
        """A window that never opens is asked again when the clocks may have been changed."""
        at = self.time_at(now)
        opens = opens_at(window, zones, at)
        is_open = opens == at
        until = closes_at(window, zones, at) if is_open else opens or at + LONGEST_LOOK
        return _Door(is_open, now + (until - at).total_seconds())

    def _zones_of(self, window: Window, message: Message) -> Zones:
        """Those that the submission was held against; a name that this machine does not know is
        left to the number.
        """
        if window.is_fixed:
            return (zone_of(window.zone),)
        try:
            zones = zones_of(message.recipient, message.zone)
        except ValueError:
            zones = zones_of(message.recipient)
        return zones or (zone_of("UTC"),)
