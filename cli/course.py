"""A job that is being watched, as its frames and snapshots tell it. Pure: no clock of its own."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec

from schemas.api import Connection, JobSummary, JobView
from schemas.events import (
    JobCompleted,
    JobStateChanged,
    LoopCompleted,
    LoopStarted,
    MessageFailed,
    MessageSent,
    MessageSkipped,
)

Known = (
    Connection
    | LoopStarted
    | MessageSent
    | MessageFailed
    | MessageSkipped
    | LoopCompleted
    | JobStateChanged
    | JobCompleted
)
_DECODER: Final[msgspec.json.Decoder[Known]] = msgspec.json.Decoder(Known)
_RATE_OVER_SECONDS: Final = 5.0
_FEED: Final = 4  # failures shown; the job lists all by their codes


def frame_of(data: bytes) -> Known | None:
    """A frame, or None for one that this release does not know or show."""
    try:
        return _DECODER.decode(data)
    except msgspec.ValidationError:
        return None


@dataclass
class Loop:
    """One loop, as far as it was told."""

    number: int
    size: int
    state: str = "queued"
    sent: int = 0
    failed: int = 0
    unknown: int = 0
    skipped: int = 0
    canceled: int = 0
    seconds: float | None = None
    pause_ms: int = 0  # after it

    @property
    def done(self) -> int:
        return self.sent + self.failed + self.unknown + self.skipped + self.canceled

    @property
    def counts(self) -> dict[str, int]:
        names = ("sent", "failed", "unknown", "skipped", "canceled")
        return {name: getattr(self, name) for name in names}


@dataclass
class Course:
    """The job; times are monotonic seconds. Begun by the first snapshot."""

    job: JobSummary | None = None
    state: str = "queued"
    reason: str | None = None
    limited_by: str | None = None
    limited_until: datetime | None = None
    loops: list[Loop] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    end: JobCompleted | None = None
    failures: deque[str] = field(default_factory=lambda: deque(maxlen=_FEED))
    is_away: bool = False  # no connection
    pause_until: float | None = None
    _pause_seconds: float = 0.0
    _first_at: float | None = None
    _last_rate: float = 0.0
    _times: deque[float] = field(default_factory=deque)

    @property
    def total(self) -> int:
        return self.job.total_recipients if self.job else 0

    @property
    def done(self) -> int:
        return min(self.total, sum(self.counts.values()))

    def apply(self, frame: Known, now: float) -> None:
        """Take in one frame."""
        match frame:
            case Connection():
                self._attach(frame.job)
            case LoopStarted():
                self._loop(frame.loop_index).state = self.state = "running"
                self._begin_anew()
            case MessageSent() | MessageFailed() | MessageSkipped():
                self._message(frame, now)
            case LoopCompleted():
                self._loop_over(frame, now)
            case JobStateChanged():
                self.state, self.reason = frame.state, frame.reason
                self._begin_anew()
            case JobCompleted():
                self.end, self.state, self.reason = frame, frame.state, frame.error
                self.limited_by = None

    def look(self, job: JobSummary) -> None:
        """What only a look at the job tells: what holds it back."""
        if self.end is None:
            self.state, self.reason = job.state, job.reason
            self.limited_by, self.limited_until = job.limited_by, job.limited_until

    def rate(self, now: float) -> float:
        """Outcomes a second, over the last five of this loop; 0 in a pause."""
        while self._times and self._times[0] <= now - _RATE_OVER_SECONDS:
            self._times.popleft()
        if self._first_at is None or not self._times or self.pause_left(now):
            return 0.0
        seconds = min(_RATE_OVER_SECONDS, now - self._first_at)
        if seconds >= 1:  # of less nothing can be said
            self._last_rate = len(self._times) / seconds
        return self._last_rate

    def pause_left(self, now: float) -> float:
        """Seconds until the next loop may start; 0 outside of a pause."""
        return max(0.0, (self.pause_until or now) - now)

    def seconds_left(self, now: float) -> float | None:
        """At the rate so far, pauses included; None while nobody can say."""
        rate = self.rate(now) or self._last_rate
        if self.end or self.state in {"paused", "settling"} or not rate:
            return None
        open_loops = sum(loop.state != "completed" for loop in self.loops[:-1])
        sending = (self.total - self.done) / rate
        return sending + open_loops * self._pause_seconds + self.pause_left(now)

    def _attach(self, job: JobView) -> None:
        self.job = job
        self.loops = [
            Loop(
                view.loop, view.size, view.state, view.sent, view.failed, view.unknown,
                view.skipped, view.canceled, view.duration_seconds,
            )
            for view in job.loops
        ]  # fmt: skip
        self.look(job)
        self.counts = _sum(self.loops)
        self.pause_until = None

    def _begin_anew(self) -> None:
        """The rate is that of the sending: a pause is over, and not a part of it."""
        self.pause_until = self._first_at = None
        self._times.clear()

    def _loop(self, number: int) -> Loop:
        return self.loops[number - 1]

    def _message(self, frame: MessageSent | MessageFailed | MessageSkipped, now: float) -> None:
        loop = self._loop(frame.loop_index)
        match frame:
            case MessageSent():
                loop.sent += 1
            case MessageFailed():
                loop.failed += 1
                error = frame.error
                self.failures.append(f"{frame.to}: {error.code} {error.title}")
            case MessageSkipped():
                loop.skipped += 1
        self.counts = _sum(self.loops)
        self._first_at = now if self._first_at is None else self._first_at
        self._times.append(now)
        self.rate(now)

    def _loop_over(self, frame: LoopCompleted, now: float) -> None:
        loop = self._loop(frame.loop_index)
        loop.sent, loop.failed, loop.unknown = frame.sent, frame.failed, frame.unknown
        loop.skipped, loop.state, loop.seconds = frame.skipped, "completed", frame.duration_ms / 1e3
        loop.pause_ms = frame.pause_ms
        self.counts = _sum(self.loops)
        self._pause_seconds = max(self._pause_seconds, frame.pause_ms / 1e3)
        self.pause_until = now + frame.pause_ms / 1e3 if frame.pause_ms else None


def _sum(loops: list[Loop]) -> dict[str, int]:
    counts = [loop.counts for loop in loops]
    names: Mapping[str, int] = Loop(0, 0).counts
    return {name: sum(each[name] for each in counts) for name in names}
