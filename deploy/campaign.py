"""The demo's campaign as its frames tell it: how far it is, and whether it adds up. Pure."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

import msgspec

from schemas.api import Connection
from schemas.events import (
    JobCompleted,
    JobStateChanged,
    LoopCompleted,
    LoopStarted,
    MessageFailed,
    MessageSent,
    MessageStatus,
)
from schemas.jobs import loop_bounds
from schemas.jobs import total_loops as loops_of

FRAME: Final = msgspec.json.Decoder(
    Connection
    | LoopStarted
    | MessageSent
    | MessageFailed
    | LoopCompleted
    | MessageStatus
    | JobStateChanged
    | JobCompleted
)
_RATE_OVER_SECONDS: Final = 5.0


class Ledger(msgspec.Struct, frozen=True):
    """The sandbox's account of what it accepted."""

    accepted: int
    recipients: int
    repeated: list[msgspec.Raw]


class Pace(msgspec.Struct, frozen=True):
    """The settings that say how long a campaign takes at best."""

    loop_size: int
    pause_ms: int
    messages_per_second: int


@dataclass
class Loop:
    """One loop, as far as it has been told."""

    number: int
    size: int
    sent: int = 0
    failed: int = 0
    unknown: int = 0
    completed: LoopCompleted | None = None
    pause_until: float | None = None  # monotonic seconds

    @property
    def done(self) -> int:
        return self.sent + self.failed + self.unknown


@dataclass
class Campaign:
    """A job that is being watched; times are monotonic seconds."""

    total: int
    pace: Pace
    began: float
    sent: int = 0
    failed: int = 0
    completed: JobCompleted | None = None
    ended: float | None = None
    loops: list[Loop] = field(init=False)
    _first_at: float | None = None
    _times: deque[float] = field(default_factory=deque)

    def __post_init__(self) -> None:
        size = self.pace.loop_size
        bounds = [
            loop_bounds(number, size, self.total)
            for number in range(1, loops_of(self.total, size) + 1)
        ]
        self.loops = [
            Loop(number, last - first + 1) for number, (first, last) in enumerate(bounds, 1)
        ]

    def apply(self, frame: object, now: float) -> None:
        """Take in one frame of the event stream."""
        match frame:
            case Connection():
                self._attach(frame)
            case MessageSent() | MessageFailed():
                self._count(frame, now)
            case LoopCompleted():
                loop = self.loops[frame.loop_index - 1]
                loop.sent, loop.failed, loop.unknown = frame.sent, frame.failed, frame.unknown
                loop.completed = frame
                loop.pause_until = now + frame.pause_ms / 1000
            case JobCompleted():
                self.sent, self.failed = frame.sent, frame.failed
                self.completed, self.ended = frame, now
            case _:
                pass

    @property
    def unknown(self) -> int:
        """Messages in doubt; a loop tells of its own when it is over."""
        return self.completed.unknown if self.completed else sum(x.unknown for x in self.loops)

    def rate(self, now: float) -> float:
        """Messages a second, over the last five."""
        while self._times and self._times[0] <= now - _RATE_OVER_SECONDS:
            self._times.popleft()
        if self._first_at is None:
            return 0.0
        return len(self._times) / max(1.0, min(_RATE_OVER_SECONDS, now - self._first_at))

    def pause_left(self, now: float) -> float:
        """Seconds until the next loop may start; 0 outside of a pause."""
        pauses = [loop.pause_until - now for loop in self.loops if loop.pause_until is not None]
        return max(0.0, *pauses) if self._between_loops() and pauses else 0.0

    def seconds_left(self, now: float) -> float | None:
        """How long it still takes, at the rate of the settings or else the present one."""
        if self.completed:
            return 0.0
        rate = self.pace.messages_per_second or self.rate(now)
        if not rate:
            return None
        open_loops = sum(1 for loop in self.loops[:-1] if loop.completed is None)
        remaining = (self.total - self.sent - self.failed - self.unknown) / rate
        return remaining + open_loops * self.pace.pause_ms / 1000 + self.pause_left(now)

    def _attach(self, frame: Connection) -> None:
        self.sent, self.failed = frame.job.sent, frame.job.failed
        for view in frame.job.loops:
            loop = self.loops[view.loop - 1]
            loop.sent, loop.failed, loop.unknown = view.sent, view.failed, view.unknown

    def _count(self, frame: MessageSent | MessageFailed, now: float) -> None:
        self.sent, self.failed = frame.sent, frame.failed
        loop = self.loops[frame.loop_index - 1]
        if isinstance(frame, MessageSent):
            loop.sent += 1
        else:
            loop.failed += 1
        self._first_at = now if self._first_at is None else self._first_at
        self._times.append(now)

    def _between_loops(self) -> bool:
        return all(loop.completed or loop.done == 0 for loop in self.loops)


def ideal_seconds(total: int, pace: Pace) -> float:
    """Every message at its rate, and a pause after each loop but the last."""
    sending = total / pace.messages_per_second if pace.messages_per_second else 0.0
    return sending + (loops_of(total, pace.loop_size) - 1) * pace.pause_ms / 1000


def what_is_wrong(campaign: Campaign, ledger: Ledger) -> list[str]:
    """Everything that does not add up, as sentences; none when all does."""
    completed = campaign.completed
    if completed is None:
        return ["the campaign did not complete"]
    accounted = completed.sent + completed.failed + completed.unknown
    checks = {
        f"the job ended as {completed.state}": completed.state == "completed",
        f"{accounted} of {campaign.total} recipients are accounted for": accounted
        == campaign.total,
        f"{completed.unknown} messages are in doubt": completed.unknown == 0,
        f"{len(ledger.repeated)} recipients got more than one": not ledger.repeated,
        f"the sandbox accepted {ledger.accepted}, the job says {completed.sent}": ledger.accepted
        == completed.sent,
        f"{ledger.accepted} sends went to {ledger.recipients} recipients": ledger.accepted
        == ledger.recipients,
    }
    return [sentence for sentence, holds in checks.items() if not holds] + _odd_loops(campaign)


def _odd_loops(campaign: Campaign) -> list[str]:
    wrong = []
    for loop in campaign.loops:
        told, last = loop.completed, loop.number == len(campaign.loops)
        if told is None:
            wrong.append(f"loop {loop.number} was never completed")
        elif told.loop_size != loop.size or loop.done != loop.size:
            wrong.append(f"loop {loop.number} told of {loop.done} of {loop.size}")
        elif told.pause_ms != (0 if last else campaign.pace.pause_ms):
            wrong.append(f"the pause after loop {loop.number} was {told.pause_ms} ms")
    return wrong
