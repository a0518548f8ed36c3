"""What the daemon's store gives and takes: a lane that is held, a loop to run, what was written."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import msgspec

from schemas.events import ErrorCount
from schemas.jobs import Content, JobOrder, Template
from schemas.messages import Message

_CONTENT: Final[msgspec.json.Decoder[Content]] = msgspec.json.Decoder(Content)
_VARIABLES: Final = msgspec.json.Decoder(dict[str, str])


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


@dataclass(frozen=True)
class Begun:
    """A loop whose turn this is, before its messages are read; None: the job has no loop left."""

    job: Any
    loop: Any | None

    @property
    def job_id(self) -> UUID:
        job_id: UUID = self.job["id"]
        return job_id

    @property
    def idle_turns(self) -> int:
        """Turns of the loop in a row, this one included, without an outcome."""
        return int(self.loop["idle_turns"]) if self.loop else 0


@dataclass(frozen=True)
class Work:
    """One loop of one job, to be run now."""

    job_id: UUID
    content: Content
    total_loops: int
    loop: int
    first_seq: int
    last_seq: int
    started_no: int | None  # number of its loop_started frame; None when it was begun before
    idle_turns: int  # in a row, this one included, without an outcome
    waiting: list[tuple[Message, float]]  # what is left, and in how many seconds it is due

    @property
    def size(self) -> int:
        return self.last_seq - self.first_seq + 1


@dataclass(frozen=True)
class Written:
    """What one write of the ledger came to."""

    recorded: frozenset[int]
    claimed: frozenset[int]
    sent: int  # of the job, as of this write
    failed: int
    newly_sent: int
    newly_failed: int
    event_no: int
    wanted: str


@dataclass(frozen=True)
class LoopEnd:
    """A completed loop, its figures, and what became of the job if it was the last."""

    sent: int
    failed: int
    unknown: int
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
    event_no: int
    reason: str | None  # of a job that failed


@dataclass(frozen=True)
class JobMoved:
    """A job that goes on in another state; `event_no` is the number of its job_state frame."""

    job_id: UUID
    state: str
    reason: str
    event_no: int


def written_of(row: Any) -> Written | None:
    """What a write came to; None when it had no effect."""
    if row is None:
        return None
    return Written(
        recorded=frozenset(row["recorded_seqs"]),
        claimed=frozenset(row["claimed_seqs"]),
        **{key: row[key] for key in _WRITTEN_KEYS},
    )


_WRITTEN_KEYS = ("sent", "failed", "newly_sent", "newly_failed", "event_no", "wanted")


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
    )


def order_of(row: Any) -> JobOrder:
    """The payload of a turn, from a job's id, number, content and total."""
    content = _CONTENT.decode(row["content"])
    name = content.name if isinstance(content, Template) else "text"
    return JobOrder(
        job_id=row["id"], phone_number_id=row["phone_number_id"], template=name, total=row["total"]
    )


async def work_of(begun: Begun, messages: AsyncIterator[Any]) -> Work:
    """A loop to run, from its rows. Raises msgspec.DecodeError when they cannot be read."""
    job, loop = begun.job, begun.loop
    assert loop is not None
    return Work(
        job_id=job["id"],
        content=_CONTENT.decode(job["content"]),
        total_loops=-(-job["total"] // job["loop_size"]),
        loop=loop["loop"],
        first_seq=loop["first_seq"],
        last_seq=loop["last_seq"],
        started_no=loop["event_no"] if loop["is_new"] else None,
        idle_turns=begun.idle_turns,
        waiting=[(_message(row), row["due_in_seconds"] or 0.0) async for row in messages],
    )


def _message(row: Any) -> Message:
    variables = _VARIABLES.decode(row["variables"]) if row["variables"] else {}
    return Message(row["seq"], row["recipient"], variables, row["attempt"], row["retries"])
