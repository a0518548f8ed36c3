"""The ledger beyond a turn: receipts merged into it, and the end of doubts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from daemon.rows import JobEnd, JobMoved
from daemon.store import QUERIES
from plumbing.postgres import Pool
from schemas.meta_errors import DEFERRING, STOPPED_MARKETING
from schemas.outcomes import ApiError
from schemas.receipts import Place, Receipt, Standing, Status
from schemas.states import MessageState


@dataclass(frozen=True)
class Moved:
    """A message that receipts moved on."""

    seq: int
    recipient: str
    was: str
    becomes: MessageState
    status: Status
    standing: Standing


@dataclass(frozen=True)
class JobNews:
    """What a merge moved of one job, and the job's counts after it."""

    job_id: UUID
    moved: list[Moved]
    event_no: int  # of the last frame of it
    sent: int
    failed: int
    skipped: int
    unknown: int
    delivered: int
    read: int
    phone_number_id: str
    trace: str | None  # of the request that made the job


@dataclass(frozen=True)
class Merged:
    """What a batch came to. Places that were not found are in neither."""

    jobs: list[JobNews]
    waiting: frozenset[Place]  # still being sent: their receipts have to come again
    found: frozenset[Place]


class Doubts:
    """Raises asyncpg.PostgresError and OSError as they come."""

    def __init__(
        self, pool: Pool, *, doubt_seconds: float, max_retries: int, resends: bool = False
    ) -> None:
        self._pool, self._resends = pool, resends
        self._doubt_seconds, self._max_retries = doubt_seconds, max_retries

    async def places(self, receipts: Sequence[Receipt]) -> dict[str, Place]:
        """Messages by Meta's id, for receipts that carry no tag of ours."""
        rows = QUERIES.places_by_id(
            self._pool,
            recipients=[receipt.recipient for receipt in receipts],
            message_ids=[receipt.message_id for receipt in receipts],
        )
        return {row["message_id"]: (row["job_id"], row["seq"]) async for row in rows}

    async def merge(self, batch: dict[Place, Standing]) -> Merged:
        """Write down what receipts say; each message moves upwards only."""
        job_ids = list({job_id for job_id, _ in batch})
        async with self._pool.acquire() as connection, connection.transaction():
            async for _ in QUERIES.lock_lanes(connection, job_ids=job_ids):
                pass
            rows = QUERIES.merge(
                connection, **_columns(batch),
                deferring_code=DEFERRING, stopped_code=STOPPED_MARKETING,
            )  # fmt: skip
            return _merged(batch, [row async for row in rows])

    async def in_doubt(self) -> list[tuple[UUID, str]]:
        """Unfinished jobs whose doubts may be over, each with its lane."""
        rows = QUERIES.jobs_in_doubt(self._pool, resends=self._resends)
        return [(row["job_id"], row["phone_number_id"]) async for row in rows]

    async def end(
        self, job_id: UUID, phone_number_id: str, lag_seconds: float
    ) -> JobMoved | JobEnd | None:
        """Send again what stayed in doubt, where that is wanted; finish a job without doubts.

        `lag_seconds`: how long ago every receipt that had arrived was merged. None: not yet.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await QUERIES.lock_lane(connection, phone_number_id=phone_number_id)
            if self._resends and (moved := await self._resend(connection, job_id, lag_seconds)):
                return moved
            if going_on := await QUERIES.go_on(connection, job_id=job_id):
                return JobMoved(**going_on)
            row = await QUERIES.finish_job(
                connection, job_id=job_id, state="settling", lag_seconds=lag_seconds
            )
            return JobEnd(**row) if row else None

    async def _resend(self, connection: Any, job_id: UUID, lag_seconds: float) -> JobMoved | None:
        row = await QUERIES.resend_doubtful(
            connection, job_id=job_id, max_retries=self._max_retries,
            doubt_seconds=self._doubt_seconds, lag_seconds=lag_seconds,
        )  # fmt: skip
        return JobMoved(**row) if row else None


_OF_THE_JOB: Final = (
    "event_no", "sent", "failed", "skipped", "unknown", "delivered", "read", "phone_number_id",
    "trace",
)  # fmt: skip


def _merged(batch: dict[Place, Standing], rows: list[Any]) -> Merged:
    jobs: dict[UUID, JobNews] = {}
    for row in rows:
        if row["becomes"] is None:
            continue
        told = {name: row[name] for name in _OF_THE_JOB}
        news = jobs.setdefault(row["job_id"], JobNews(row["job_id"], [], **told))
        standing = batch[row["job_id"], row["seq"]]
        # What Meta calls failed and means for now only is skipped here: the counts say so.
        becomes = MessageState(row["becomes"])
        status = Status.FAILED if becomes == MessageState.SKIPPED else Status(becomes)
        news.moved.append(
            Moved(row["seq"], row["recipient"], row["was"], becomes, status, standing)
        )
    places = {(row["job_id"], row["seq"]): row["was"] for row in rows}
    waiting = frozenset(place for place, was in places.items() if was == "sending")
    return Merged(list(jobs.values()), waiting, frozenset(places))


def _columns(batch: dict[Place, Standing]) -> dict[str, list[Any]]:
    """The standings as one array a column, as unnest takes them."""
    standings = list(batch.values())
    errors = [standing.error or ApiError(0, "") for standing in standings]
    return {
        "job_ids": [job_id for job_id, _ in batch],
        "seqs": [seq for _, seq in batch],
        "attempts": [standing.attempt for standing in standings],
        "message_ids": [standing.message_id for standing in standings],
        "sent_ats": [standing.sent_at for standing in standings],
        "delivered_ats": [standing.delivered_at for standing in standings],
        "read_ats": [standing.read_at for standing in standings],
        "failed_ats": [standing.failed_at for standing in standings],
        "codes": [error.code for error in errors],
        "titles": [error.title for error in errors],
        "details": [error.details for error in errors],
    }
