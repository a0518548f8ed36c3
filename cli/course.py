"""A job that is being watched, as its frames and snapshots tell it. Pure: no clock of its own.

The frames are those of `?detail=loops`: single messages are told as sums, so that a job of any
size, at any speed, costs a few frames a second.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec

from cli.measure import Measure
from schemas.api import Connection, JobSummary, JobView, ProgressFrame
from schemas.events import JobCompleted, JobStateChanged, LoopCompleted, LoopStarted

Known = Connection | LoopStarted | ProgressFrame | LoopCompleted | JobStateChanged | JobCompleted
_DECODER: Final[msgspec.json.Decoder[Known]] = msgspec.json.Decoder(Known)
_NAMES: Final = ("sent", "failed", "unknown", "skipped", "canceled")
_REASONS: Final = 4  # that failures are shown with; the job lists all


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
        return {name: getattr(self, name) for name in _NAMES}


@dataclass
class Course:
    """The job; times are monotonic seconds. Begun by the first snapshot."""

    job: JobSummary | None = None
    state: str = "queued"
    reason: str | None = None
    limited_by: str | None = None
    limited_until: datetime | None = None
    loops: list[Loop] = field(default_factory=list)
    completed: list[int] = field(default_factory=list)  # numbers of loops, as they were completed
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_NAMES, 0))
    end: JobCompleted | None = None
    failures: list[str] = field(default_factory=list)  # reasons, the most frequent first
    is_away: bool = False  # no connection
    measure: Measure = field(default_factory=Measure)
    _running: int = 1  # the loop that messages are counted for

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
                self._attach(frame.job, now)
            case LoopStarted():
                self._running, self.state = frame.loop_index, "running"
                self._loop(frame.loop_index).state = "running"
                self.measure.loop_begins(self.done, now)
            case ProgressFrame():
                self._progress(frame)
                self.measure.note(self.done, now)
            case LoopCompleted():
                self._loop_over(frame)
                self.measure.loop_ends(self.done, frame.pause_ms, now)
            case JobStateChanged():
                self.state, self.reason = frame.state, frame.reason
                self.measure.begin_anew(self.done, now)
            case JobCompleted():
                self.end, self.state, self.reason = frame, frame.state, frame.error
                self.limited_by = None

    def look(self, job: JobView) -> None:
        """What only a look at the job tells: what holds it back, why messages failed, its end."""
        self.failures = [
            f"{error.count} × {error.code} {error.title}" for error in job.errors[:_REASONS]
        ]
        if self.end is None:
            self.state, self.reason = job.state, job.reason
            self.limited_by, self.limited_until = job.limited_by, job.limited_until
            if job.limited_by != "latency":  # then it goes by the rate so far, as we do ourselves
                self.measure.expect(job.eta_seconds, job.queued + job.sending)

    def rate(self, now: float) -> float:
        """Outcomes a second, of late; 0 in a pause, and while nothing can be said."""
        return 0.0 if self.measure.pause_left(now) else self.measure.rate(now)

    def seconds_left(self, now: float) -> float | None:
        """Until the end, pauses included; None while nobody can say."""
        if self.end or self.state in {"paused", "settling"}:
            return None
        pauses = sum(loop.state != "completed" for loop in self.loops[:-1])
        return self.measure.seconds_left(self.total - self.done, pauses, now)

    def _attach(self, job: JobView, now: float) -> None:
        self.job = job
        self.loops = [
            Loop(
                view.loop, view.size, view.state, view.sent, view.failed, view.unknown,
                view.skipped, view.canceled, view.duration_seconds,
            )
            for view in job.loops
        ]  # fmt: skip
        told = set(self.completed)
        self.completed += [
            loop.number
            for loop in self.loops
            if loop.state == "completed" and loop.number not in told
        ]
        self._running = max(1, job.current_loop)
        self.counts = {name: getattr(job, name) for name in _NAMES}
        self.measure.begin_anew(self.done, now)
        self.look(job)

    def _loop(self, number: int) -> Loop:
        return self.loops[number - 1]

    def _progress(self, frame: ProgressFrame) -> None:
        """What is new since the last word is of the loop that runs, as far as it has room."""
        loop = self._loop(self._running)
        for name in ("sent", "failed"):
            now_is = getattr(frame, name)
            more = min(now_is - self.counts[name], loop.size - loop.done)
            setattr(loop, name, max(0, getattr(loop, name) + more))
            self.counts[name] = now_is

    def _loop_over(self, frame: LoopCompleted) -> None:
        loop = self._loop(frame.loop_index)
        for name in ("sent", "failed", "unknown", "skipped"):
            self.counts[name] += getattr(frame, name) - getattr(loop, name)
            setattr(loop, name, getattr(frame, name))
        loop.state, loop.seconds = "completed", frame.duration_ms / 1e3
        loop.pause_ms = frame.pause_ms
        self.completed.append(frame.loop_index)
