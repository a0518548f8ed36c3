"""How long a job would take: its pace, pauses and window, the limit, and those before it. Pure.

What Meta's answers take is not in it, nor what fails: it is the time that a job takes when all
goes well.
"""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from schemas.windows import Window, closes_at, opens_at

Zones = tuple[ZoneInfo, ...]
HORIZON: Final = timedelta(days=60)
FASTEST_PER_SECOND: Final = 1000  # where nothing limits the rate: Meta takes no more
WINDOW_SECONDS: Final = 1.01  # the daemon's pace keeps its rate in every 1.01 s
TURN_SECONDS: Final = 0.02  # a loop's turn: taken, begun, given back
PLACE_LASTS: Final = timedelta(days=1, minutes=1)


class Ahead(msgspec.Struct, frozen=True):
    """Another job of the number that takes turns with it."""

    left: int
    loop_size: int
    messages_per_second: int | None


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be sent, and what it has to keep to.

    `groups`: how many recipients wait for the same zones. `places`: how many people the messaging
    limit has room for now, None where none is known; `frees`: when how many more, in order.
    """

    groups: Mapping[Zones, int]
    now: datetime
    starts_at: datetime
    loop_size: int
    pause_seconds: float
    number_pause_seconds: float
    per_second: int  # 0: no limit
    number_per_second: int
    window: Window | None = None
    ahead: Sequence[Ahead] = ()
    places: int | None = None
    frees: Sequence[tuple[datetime, int]] = ()


class Forecast(msgspec.Struct):
    """How it would go; times are None when it takes longer than the horizon."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    sending_seconds: float = 0.0
    pauses_seconds: float = 0.0
    queue_seconds: float = 0.0
    window_seconds: float = 0.0
    limit_seconds: float = 0.0
    scheduled_seconds: float = 0.0


def forecast(load: Load) -> Forecast:
    """Go through the job as a daemon would, a loop or what is left of one at a time."""
    return _Course(load).run()


class _Course:
    """Where a job stands on its way."""

    def __init__(self, load: Load) -> None:
        self._load, self._at, self._told = load, load.starts_at, Forecast()
        self._left = dict(load.groups)
        self._step = WINDOW_SECONDS / (load.per_second or FASTEST_PER_SECOND)
        self._in_loop, self._loops = 0, 0
        self._places, self._frees = load.places, deque(load.frees)
        self._others = sorted(
            (-(-job.left // job.loop_size), self._turn_seconds(job)) for job in load.ahead
        )
        self._doors: dict[Zones, tuple[bool, datetime]] = {}

    def run(self) -> Forecast:
        self._told.scheduled_seconds = (self._at - self._load.now).total_seconds()
        if self._others:  # a loop of another job is under way; this one is next
            self._spend("queue_seconds", max(seconds for _, seconds in self._others))
        while any(self._left.values()):
            if self._at > self._load.now + HORIZON:
                return self._told
            self._go_on()
        self._told.ends_at = self._at
        return self._told

    def _go_on(self) -> None:
        open_groups = [zones for zones, left in self._left.items() if left and self._is_open(zones)]
        if not open_groups:
            opens = min(self._door(zones)[1] for zones, left in self._left.items() if left)
            self._wait_until("window_seconds", opens)
        elif self._places is not None and self._room() <= 0:
            self._wait_for_room()
        else:
            self._send(open_groups)

    def _send(self, open_groups: list[Zones]) -> None:
        self._told.starts_at = self._told.starts_at or self._at
        ready = sum(self._left[zones] for zones in open_groups)
        closes = min(self._door(zones)[1] for zones in open_groups)
        until_close = math.ceil((closes - self._at).total_seconds() / self._step)
        most = self._load.loop_size - self._in_loop
        count = max(1, min(most, ready, until_close))
        if self._places is not None:
            count = min(count, self._room())
            self._places -= count
            self._frees.append((self._at + PLACE_LASTS, count))
        self._take(open_groups, count)
        self._spend("sending_seconds", count * self._step)
        self._in_loop += count
        if self._in_loop == self._load.loop_size:
            self._after_loop()

    def _take(self, groups: list[Zones], count: int) -> None:
        for zones in groups:
            taken = min(count, self._left[zones])
            self._left[zones] -= taken
            count -= taken

    def _after_loop(self) -> None:
        """A pause, and a loop of each other job that still has one."""
        self._in_loop, self._loops = 0, self._loops + 1
        if not any(self._left.values()):
            return
        others = sum(seconds for loops, seconds in self._others if loops > self._loops)
        pause = max(self._load.number_pause_seconds, self._load.pause_seconds - others)
        self._spend("queue_seconds", others)
        self._spend("pauses_seconds", pause + TURN_SECONDS)

    def _turn_seconds(self, job: Ahead) -> float:
        rates = [rate for rate in (job.messages_per_second, self._load.number_per_second) if rate]
        step = WINDOW_SECONDS / min(rates, default=FASTEST_PER_SECOND)
        return min(job.left, job.loop_size) * step + self._load.number_pause_seconds + TURN_SECONDS

    def _room(self) -> int:
        """Places of the messaging limit, with those that have become free."""
        assert self._places is not None
        while self._frees and self._frees[0][0] <= self._at:
            self._places += self._frees.popleft()[1]
        return self._places

    def _wait_for_room(self) -> None:
        later = self._frees[0][0] if self._frees else self._load.now + 2 * HORIZON
        self._wait_until("limit_seconds", later)

    def _is_open(self, zones: Zones) -> bool:
        return self._door(zones)[0]

    def _door(self, zones: Zones) -> tuple[bool, datetime]:
        """Whether the window is open, and until when that is so."""
        door = self._doors.get(zones)
        if door is None or self._at >= door[1]:
            door = self._doors[zones] = self._look(zones)
        return door

    def _look(self, zones: Zones) -> tuple[bool, datetime]:
        window = self._load.window
        if window is None:
            return True, self._load.now + 2 * HORIZON
        opens = opens_at(window, zones, self._at)
        if opens is None:
            return False, self._load.now + 2 * HORIZON
        return (True, closes_at(window, zones, opens)) if opens == self._at else (False, opens)

    def _wait_until(self, what: str, at: datetime) -> None:
        self._spend(what, (at - self._at).total_seconds())
        self._at = max(self._at, at)

    def _spend(self, what: str, seconds: float) -> None:
        setattr(self._told, what, getattr(self._told, what) + seconds)
        self._at += timedelta(seconds=seconds)
