"""What the daemon's store gives and takes: a lane that is held, a loop to run, what was written."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from schemas.events import ErrorCount
from schemas.jobs import Content, JobOrder, Template
from schemas.messages import Message
from schemas.windows import Window

_CONTENT: Final[msgspec.json.Decoder[Content]] = msgspec.json.Decoder(Content)
_VARIABLES: Final = msgspec.json.Decoder(dict[str, str])
_WINDOW: Final = msgspec.json.Decoder(Window)


@dataclass(frozen=True)
class Holding:
    """A lane that this daemon has just taken."""

    phone_number_id: str
    epoch: int
    was_held: bool  # the predecessor had not given it back
    wait_seconds: float  # until nothing that the predecessor claimed can be on its way
    # How long ago messages left, as far as the predecessor could tell; None: it did not say.
    leave_ages: list[float] | None = None
    claimed_seconds_ago: float | None = None
    held_seconds: float = 0.0  # nothing may leave before; `held_by` says why
    held_by: str | None = None
    slowed: "Slowed | None" = None


@dataclass(frozen=True)
class Slowed:
    """A number that was throttled: to what rate, from what rate, and how long ago."""

    to_per_second: float
    from_per_second: float
    seconds_ago: float = 0.0


@dataclass(frozen=True)
class Begun:
    """A loop whose turn this is, before its messages are read; None: the job has no loop left."""

    phone_number_id: str
    job: Any
    loop: Any | None
    end: "JobEnd | JobMoved | None" = None  # the job had nothing left to send
    rests: bool = False  # nobody of the job may be written to at this hour
    read_at: float = 0.0  # of the process's monotonic clock, at the job's `now_at`

    @property
    def job_id(self) -> UUID:
        job_id: UUID = self.job["id"]
        return job_id

    @property
    def trace(self) -> str | None:
        """Of the request that made the job; None: an older version did."""
        trace: str | None = self.job["trace"]
        return trace

    @property
    def resumed(self) -> "JobMoved | None":
        """That a person has set the paused job going, if so: the news of it."""
        if not self.job["is_resumed"]:
            return None
        return JobMoved(
            self.job_id, "running", "resumed", self.job["event_no"], trace=self.trace,
            phone_number_id=self.phone_number_id,
        )  # fmt: skip

    @property
    def window(self) -> Window | None:
        """At which hours its recipients may be written to."""
        return _WINDOW.decode(self.job["send_window"]) if self.job["send_window"] else None

    @property
    def idle_turns(self) -> int:
        """Turns of the loop in a row, this one included, without an outcome."""
        return int(self.loop["idle_turns"]) if self.loop else 0


@dataclass(frozen=True)
class Work:
    """One loop of one job, to be run now."""

    phone_number_id: str
    job_id: UUID
    content: Content
    total_loops: int
    loop: int
    first_seq: int
    last_seq: int
    started_no: int | None  # number of its loop_started frame; None when it was begun before
    idle_turns: int  # in a row, this one included, without an outcome
    is_checked: bool  # its template and all its rows were held against Meta's template
    is_proven: bool  # Meta has accepted a message of the job, so its template is right
    needs_probe: bool  # nobody knows yet, or it was stopped and is resumed: one message alone first
    waiting: list[tuple[Message, float]]  # what is left, and in how many seconds it is due
    window: Window | None
    now_at: datetime  # the database's time, at `read_at` of the process's monotonic clock
    read_at: float
    per_second: int | None  # the job's own limit of the rate, and its own pause
    pause_ms: int | None

    @property
    def size(self) -> int:
        return self.last_seq - self.first_seq + 1


@dataclass(frozen=True)
class Written:
    """What one write of the ledger came to."""

    recorded: frozenset[int]
    claimed: frozenset[int]
    skipped: dict[int, str]  # instead of claimed, and why
    waiting: dict[int, float]  # not claimed now: the seconds after which to ask again
    room_seconds: float | None  # the messaging limit is reached, for so long
    sent: int  # of the job, as of this write
    failed: int
    skipped_total: int
    newly_sent: int
    newly_failed: int
    newly_skipped: int
    event_no: int
    wanted: str  # run, or else nothing more of the job is to be sent
    per_second: int | None  # the job's own limit of the rate, as of this write


@dataclass(frozen=True)
class LoopEnd:
    """A completed loop, its figures, and what became of the job if it was the last."""

    sent: int
    failed: int
    unknown: int
    skipped: int
    seconds: float
    errors: list[ErrorCount]
    event_no: int
    job: "JobEnd | JobMoved | None"


@dataclass(frozen=True)
class JobEnd:
    """A finished job; `event_no` is the number of its job_completed frame."""

    job_id: UUID
    state: str
    sent: int
    failed: int
    unknown: int
    skipped: int
    event_no: int
    reason: str | None  # of a job that failed
    phone_number_id: str
    trace: str | None  # of the request that made the job


@dataclass(frozen=True)
class JobMoved:
    """A job that goes on in another state; `event_no` is the number of its job_state frame."""

    job_id: UUID
    state: str
    reason: str
    event_no: int
    phone_number_id: str
    trace: str | None  # of the request that made the job


def written_of(row: Any) -> Written | None:
    """What a write came to; None when it had no effect."""
    if row is None:
        return None
    return Written(
        recorded=frozenset(row["recorded_seqs"]),
        claimed=frozenset(row["claimed_seqs"]),
        skipped=dict(zip(row["skipped_seqs"], row["skipped_reasons"], strict=True)),
        waiting=dict(zip(row["waiting_seqs"], row["waiting_seconds"], strict=True)),
        skipped_total=row["skipped"],
        **{key: row[key] for key in _WRITTEN_KEYS},
    )


_WRITTEN_KEYS = (
    "room_seconds", "sent", "failed", "newly_sent", "newly_failed", "newly_skipped", "event_no",
    "wanted", "per_second",
)  # fmt: skip


def holding_of(phone_number_id: str, epoch: int, before: Any) -> Holding:
    """The lane as it was taken; `before`: its row until then, None when it is new."""
    if before is None:
        return Holding(phone_number_id, epoch, was_held=False, wait_seconds=0.0)
    released, claimed = before["released_seconds_ago"], before["claimed_seconds_ago"]
    clean = released is not None and (claimed is None or released <= claimed)
    return Holding(
        phone_number_id,
        epoch,
        was_held=before["was_held"],
        wait_seconds=before["wait_seconds"],
        leave_ages=[age + released for age in before["leave_ages"]] if clean else None,
        claimed_seconds_ago=claimed,
        held_seconds=before["held_seconds"],
        held_by=before["held_by"],
        slowed=_slowed(before),
    )


def _slowed(before: Any) -> Slowed | None:
    if before["slowed_to"] is None:
        return None
    return Slowed(before["slowed_to"], before["slowed_from"], before["slowed_seconds_ago"])


def order_of(row: Any) -> JobOrder:
    """The payload of a turn, from a job's id, number, content and total."""
    content = _CONTENT.decode(row["content"])
    name = content.name if isinstance(content, Template) else "text"
    return JobOrder(
        job_id=row["id"], phone_number_id=row["phone_number_id"], template=name, total=row["total"],
        trace=row["trace"],
    )  # fmt: skip


async def work_of(begun: Begun, messages: AsyncIterator[Any]) -> Work:
    """A loop to run, from its rows. Raises msgspec.DecodeError when they cannot be read."""
    job, loop = begun.job, begun.loop
    assert loop is not None
    return Work(
        phone_number_id=begun.phone_number_id,
        job_id=job["id"],
        content=_CONTENT.decode(job["content"]),
        total_loops=-(-job["total"] // job["loop_size"]),
        loop=loop["loop"],
        first_seq=loop["first_seq"],
        last_seq=loop["last_seq"],
        started_no=loop["event_no"] if loop["is_new"] else None,
        idle_turns=begun.idle_turns,
        is_checked=job["is_checked"],
        is_proven=job["is_proven"],
        needs_probe=job["needs_probe"],
        waiting=[(_message(row), row["due_in_seconds"] or 0.0) async for row in messages],
        window=begun.window,
        now_at=job["now_at"],
        read_at=begun.read_at,
        per_second=job["messages_per_second"],
        pause_ms=job["loop_pause_ms"],
    )


def _message(row: Any) -> Message:
    variables = _VARIABLES.decode(row["variables"]) if row["variables"] else {}
    return Message(
        row["seq"], row["recipient"], variables, row["attempt"], row["retries"],
        row["refused_with"], row["zone"],
    )  # fmt: skip
