"""The daemon's side of PostgreSQL: one method a move, each fenced by the lane's epoch."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec

from daemon.entries import Entry
from plumbing.postgres import Pool, load_queries
from schemas.events import ErrorCount
from schemas.jobs import Content, JobOrder, Template
from schemas.messages import Message

# A claimed message leaves within this or not at all: its successor need not wait for longer.
CLAIM_SECONDS: Final = 2.0
QUERIES: Final = load_queries(Path(__file__).parent / "queries.sql")
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
class Work:
    """One loop of one job, to be run now."""

    job_id: UUID
    content: Content
    total_loops: int
    loop: int
    first_seq: int
    last_seq: int
    started_no: int | None  # number of its loop_started frame; None when it was begun before
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
    """A completed loop, its figures, and whether it was the job's last."""

    sent: int
    failed: int
    unknown: int
    seconds: float
    errors: list[ErrorCount]
    event_no: int
    job: "JobEnd | None"


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


class LaneLost(Exception):
    """Another daemon has raised the lane's epoch: nothing of it is ours to touch."""


class Store:
    """Every statement goes through here. Raises asyncpg.PostgresError and OSError as they come."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def acquire(self, phone_number_id: str, holder: int, reply_subject: str) -> Holding:
        """Take the lane; older epochs can write nothing from here on."""
        async with self._pool.acquire() as connection, connection.transaction():
            before = await QUERIES.lane_before(
                connection, phone_number_id=phone_number_id, claim_seconds=CLAIM_SECONDS
            )
            epoch = await QUERIES.raise_epoch(
                connection,
                phone_number_id=phone_number_id,
                holder=holder,
                reply_subject=reply_subject,
            )
        return _holding(phone_number_id, epoch, before)

    async def settle(self, holding: Holding) -> int:
        """What a dead holder left in sending becomes unknown; returns how many. Raises LaneLost."""
        async with self._held(holding) as connection:
            count: int = await QUERIES.settle(connection, **_fence(holding))
            return count

    async def begin_loop(self, holding: Holding) -> Work | None:
        """The next loop of the next job; None when the lane has nothing to run. Raises LaneLost."""
        async with self._held(holding) as connection:
            job = await QUERIES.start_job(connection, phone_number_id=holding.phone_number_id)
            if job is None:
                return None
            loop = await QUERIES.start_loop(connection, job_id=job["id"])
            return None if loop is None else await _work(connection, job, loop)

    async def write(
        self, holding: Holding, work: Work, entries: Sequence[Entry], **claim: Any
    ) -> Written | None:
        """Outcomes and claims in one statement; None when the lane has another holder.

        `claim`: claim_seqs, claim_seconds (how long they may be on their way), limited_by.
        """
        row = await QUERIES.write(
            self._pool,
            **_fence(holding),
            job_id=work.job_id,
            loop=work.loop,
            **_columns(entries),
            **claim,
        )
        return _written(row)

    async def record_late(self, holding: Holding, job_id: UUID, entry: Entry) -> Written | None:
        """A fact whose turn is lost; None when it was recorded before.

        It queues up behind a write whose answer was lost and that may still be under way.
        """
        fields = msgspec.structs.asdict(entry)
        del fields["to"]
        async with self._pool.acquire() as connection, connection.transaction():
            await QUERIES.lock_lane(connection, phone_number_id=holding.phone_number_id)
            row = await QUERIES.record_late(
                connection, job_id=job_id, epoch=holding.epoch, **fields
            )
        return _written(row)

    async def complete_loop(self, holding: Holding, work: Work) -> LoopEnd | None:
        """The loop is done, and with the last one the job; None while something of it is left.

        Raises LaneLost.
        """
        async with self._held(holding) as connection:
            loop = await QUERIES.complete_loop(connection, job_id=work.job_id, loop=work.loop)
            if loop is None:
                return None
            errors = [ErrorCount(**row) async for row in _loop_errors(connection, work)]
            event_no = await QUERIES.tell_loop_completed(connection, job_id=work.job_id)
            job = await QUERIES.finish_job(connection, job_id=work.job_id)
            end = JobEnd(job_id=work.job_id, **job) if job else None
            return LoopEnd(**loop, errors=errors, event_no=event_no, job=end)

    async def next_order(self, phone_number_id: str) -> JobOrder | None:
        """The job that the lane would run next; None when it has nothing to run."""
        row = await QUERIES.next_order(self._pool, phone_number_id=phone_number_id)
        return order_of(row) if row else None

    async def release(self, holding: Holding, leave_ages: list[float]) -> None:
        """Give the lane back; ages: how many seconds ago the last messages left."""
        await QUERIES.release(self._pool, **_fence(holding), leave_ages=leave_ages)

    async def release_unused(self, holding: Holding) -> None:
        """Give the lane back; nothing was sent."""
        await QUERIES.release_unused(self._pool, **_fence(holding))

    async def completion_told(self, job_id: UUID) -> None:
        """job_completed is on the event stream."""
        await QUERIES.completion_told(self._pool, job_id=job_id)

    @asynccontextmanager
    async def _held(self, holding: Holding) -> AsyncIterator[Any]:
        """A transaction in which the lane is surely ours. Raises LaneLost."""
        async with self._pool.acquire() as connection, connection.transaction():
            phone_number_id = holding.phone_number_id
            epoch = await QUERIES.lock_lane(connection, phone_number_id=phone_number_id)
            if epoch != holding.epoch:
                raise LaneLost
            yield connection

    async def jobs_by_state(self) -> dict[str, int]:
        """Unfinished jobs."""
        rows = QUERIES.jobs_by_state(self._pool)
        return {row["state"]: row["count"] async for row in rows}


def _loop_errors(connection: Any, work: Work) -> AsyncIterator[Any]:
    rows: AsyncIterator[Any] = QUERIES.loop_errors(
        connection, job_id=work.job_id, first_seq=work.first_seq, last_seq=work.last_seq
    )
    return rows


def _written(row: Any) -> Written | None:
    if row is None:
        return None
    return Written(
        recorded=frozenset(row["recorded_seqs"]),
        claimed=frozenset(row["claimed_seqs"]),
        **{key: row[key] for key in _WRITTEN_KEYS},
    )


_WRITTEN_KEYS = ("sent", "failed", "newly_sent", "newly_failed", "event_no", "wanted")


def _holding(phone_number_id: str, epoch: int, before: Any) -> Holding:
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


async def _work(connection: Any, job: Any, loop: Any) -> Work:
    rows = QUERIES.messages_to_send(
        connection, job_id=job["id"], first_seq=loop["first_seq"], last_seq=loop["last_seq"]
    )
    return Work(
        job_id=job["id"],
        content=_CONTENT.decode(job["content"]),
        total_loops=-(-job["total"] // job["loop_size"]),
        loop=loop["loop"],
        first_seq=loop["first_seq"],
        last_seq=loop["last_seq"],
        started_no=loop["event_no"] if loop["is_new"] else None,
        waiting=[(_message(row), row["due_in_seconds"] or 0.0) async for row in rows],
    )


def _message(row: Any) -> Message:
    variables = _VARIABLES.decode(row["variables"]) if row["variables"] else {}
    return Message(row["seq"], row["recipient"], variables, row["attempt"], row["retries"])


def _fence(holding: Holding) -> dict[str, Any]:
    return {"phone_number_id": holding.phone_number_id, "epoch": holding.epoch}


def _columns(entries: Sequence[Entry]) -> dict[str, list[Any]]:
    """The entries as one array a column, as unnest takes them."""
    return {
        "seqs": [entry.seq for entry in entries],
        "attempts": [entry.attempt for entry in entries],
        "states": [entry.state for entry in entries],
        "message_ids": [entry.message_id for entry in entries],
        "message_statuses": [entry.message_status for entry in entries],
        "codes": [entry.code for entry in entries],
        "titles": [entry.title for entry in entries],
        "details": [entry.details for entry in entries],
        "reasons": [entry.reason for entry in entries],
        "wait_seconds": [entry.wait_seconds for entry in entries],
        "retries": [entry.retries for entry in entries],
    }
