"""The ledger as the gateway sees it: a job goes in whole or not at all; jobs are read."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID

import asyncpg
import msgspec

from gateway import job_lists
from gateway.job_filter import JobPage
from gateway.recipients import Accepted
from plumbing.postgres import Connection, Pool, load_queries
from schemas.api import Child, InDoubt
from schemas.events import ErrorCount
from schemas.jobs import total_loops

ACQUIRE_SECONDS: Final = 5.0
COPY_SECONDS: Final = 15.0  # 50,000 rows take under one
CHECK_SECONDS: Final = 2.0
COPY_SLICE: Final = 500  # rows between two looks at the event loop

_BROKEN: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutting down, or starting up
    asyncpg.InsufficientResourcesError,  # no connection slot free
    asyncpg.ReadOnlySQLTransactionError,  # a standby answered
    asyncpg.InternalClientError,  # the server has said goodbye, its connection is not closed yet
)


class LedgerUnavailable(Exception):
    """PostgreSQL does not answer now."""


class NewJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job to be made; `content` and `submission` are JSON.

    `category` is the template's where it is known; `is_checked`: nothing is left for the first
    message to find out.
    """

    id: UUID
    owner: str
    phone_number_id: str
    campaign_name: str | None
    campaign_id: str | None
    content: bytes
    category: str | None
    is_checked: bool
    submission: bytes
    idempotency_key: str | None
    request_hash: bytes | None
    loop_size: int
    trace: str  # of the request that makes it
    recipients: Sequence[Accepted]
    scheduled_at: datetime | None = None
    send_window: bytes | None = None
    rests_until: datetime | None = None
    messages_per_second: int | None = None
    loop_pause_ms: int | None = None
    is_test: bool = False
    zones: Mapping[str, str] = {}  # the time zones of recipients, where the list said them


class Submitted(msgspec.Struct, frozen=True, kw_only=True):
    """A submission that was answered, as far as it takes to answer it again."""

    id: UUID
    loop_size: int
    total: int
    created_at: datetime
    submission: bytes
    request_hash: bytes | None


class JobRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `jobs`, with the number of the loop that ran last (0: none)."""

    id: UUID
    owner: str
    phone_number_id: str
    campaign_name: str | None
    campaign_id: str | None
    content: bytes
    category: str | None
    state: str
    reason: str | None
    limited_by: str | None
    loop_size: int
    total: int
    queued: int
    sending: int
    sent: int
    failed: int
    unknown: int
    skipped: int
    canceled: int
    delivered: int
    read: int
    event_no: int
    completion_told: bool
    doubt_until: datetime | None
    deferred: int
    limited_until: datetime | None
    stopped_by: str | None
    is_braked: bool
    wanted: str
    wanted_no: int
    followed_no: int
    trace: str | None
    parent_id: UUID | None
    family_id: UUID | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    current_loop: int
    scheduled_at: datetime | None
    send_window: bytes | None
    rests_until: datetime | None
    messages_per_second: int | None
    loop_pause_ms: int | None
    is_test: bool


class LoopRow(msgspec.Struct, frozen=True, kw_only=True):
    loop: int
    state: str
    size: int
    sent: int
    failed: int
    unknown: int
    skipped: int
    canceled: int
    started_at: datetime | None
    finished_at: datetime | None


class JobDetail(msgspec.Struct, frozen=True):
    """A job, its loops in order, and its errors, most frequent first; read at one moment."""

    job: JobRow
    loops: list[LoopRow]
    errors: list[ErrorCount]
    in_doubt: list[InDoubt]
    children: list[Child]


class Store:
    """PostgreSQL, or LedgerUnavailable from each method while it does not answer."""

    def __init__(self, pool: Pool | None = None) -> None:
        self._pool = pool
        self._q = load_queries(Path(__file__).with_name("queries.sql"))

    def open(self, pool: Pool) -> None:
        """From now on use `pool`, whose database has the schema."""
        self._pool = pool

    def connection(self) -> AbstractAsyncContextManager[Connection]:
        """A connection of the pool, for the stores of other tables; it fails as this one does."""
        return self._connection()

    async def check(self) -> None:
        """Raises LedgerUnavailable unless PostgreSQL answers."""
        async with self._connection() as connection:
            await connection.fetchval("SELECT 1", timeout=CHECK_SECONDS)

    async def add(self, job: NewJob) -> Submitted | None:
        """Make the job with its loops and messages in one transaction.

        None: another submission with this key was first, and nothing was made.
        """
        async with self._connection() as connection, connection.transaction():
            created_at = await self._insert(connection, job)
            if created_at is None:
                return None
            await self._copy(connection, job)
        return Submitted(
            id=job.id,
            loop_size=job.loop_size,
            total=len(job.recipients),
            created_at=created_at,
            submission=job.submission,
            request_hash=job.request_hash,
        )

    async def submission(self, owner: str, idempotency_key: str) -> Submitted | None:
        """The submission of this owner that came with the key, if one did."""
        async with self._connection() as connection:
            row = await self._q.submission(connection, owner=owner, idempotency_key=idempotency_key)
        return Submitted(**row) if row else None

    async def job(self, job_id: UUID) -> JobRow | None:
        """One job, whoever owns it."""
        async with self._connection() as connection:
            row = await self._q.job(connection, id=job_id)
        return _read(JobRow, row) if row else None

    async def detail(self, job_id: UUID) -> JobDetail | None:
        """One job with its loops and errors, whoever owns it."""
        async with (
            self._connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            row = await self._q.job(connection, id=job_id)
            if row is None:
                return None
            job = _read(JobRow, row)
            loops = [_read(LoopRow, r) async for r in self._q.loops(connection, job_id=job_id)]
            errors = await self._errors(connection, job)
            in_doubt = await self._in_doubt(connection, job)
            family_id = job.family_id or job.id
            rows = self._q.children(connection, job_id=job.id, family_id=family_id)
            children = [Child(**row) async for row in rows]
        return JobDetail(job, loops, errors, in_doubt, children)

    async def newest(self, owner: str, page: JobPage) -> tuple[list[JobRow], int]:
        """A page of an owner's jobs, newest first, and how many there are."""
        async with self._connection() as connection:
            ids, total = await job_lists.ids_of(connection, self._q, owner, page)
            rows = self._q.jobs_of(connection, ids=ids)
            jobs = [_read(JobRow, row) async for row in rows]
        return jobs, total

    async def _copy(self, connection: Connection, job: NewJob) -> None:
        """All messages at once; a server that is stuck meanwhile is left, it would not roll back.

        asyncpg's own deadline waits for the server to take the cancellation, so it is not used.
        """
        stuck = asyncio.get_running_loop().call_later(COPY_SECONDS, connection.terminate)
        try:
            await connection.copy_records_to_table(
                "messages",
                records=_records(job),
                columns=["job_id", "seq", "recipient", "variables", "zone"],
                timeout=COPY_SECONDS * 4,
            )
        finally:
            stuck.cancel()

    async def _insert(self, connection: Connection, job: NewJob) -> datetime | None:
        values = msgspec.structs.asdict(job)
        total = len(values.pop("recipients"))
        del values["zones"]
        created_at = await self._q.insert_job(connection, **values, total=total)
        if created_at is not None:
            size, loops = job.loop_size, total_loops(total, job.loop_size)
            await self._q.insert_loops(
                connection, job_id=job.id, loop_size=size, total=total, loops=loops
            )
        return cast("datetime | None", created_at)

    async def _in_doubt(self, connection: Connection, job: JobRow) -> list[InDoubt]:
        if not job.unknown:
            return []
        rows = self._q.in_doubt(connection, job_id=job.id)
        return [InDoubt(**row) async for row in rows]

    async def _errors(self, connection: Connection, job: JobRow) -> list[ErrorCount]:
        if not (job.failed or job.deferred):
            return []
        rows = self._q.errors(connection, job_id=job.id)
        return [ErrorCount(**row) async for row in rows]

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        if self._pool is None:
            raise LedgerUnavailable("PostgreSQL has not answered yet")
        try:
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                yield cast("Connection", connection)
        except _BROKEN as error:
            raise LedgerUnavailable(f"PostgreSQL does not answer: {error!r}") from error
        except asyncpg.InterfaceError as error:
            if "clos" not in str(error):  # "connection is closed", "pool is closing"
                raise
            raise LedgerUnavailable(f"PostgreSQL does not answer: {error}") from error


async def _records(job: NewJob) -> AsyncIterator[tuple[UUID, int, str, bytes | None, str | None]]:
    """Rows for COPY, in slices: the event loop goes on meanwhile."""
    for seq, (recipient, variables) in enumerate(job.recipients, 1):
        yield job.id, seq, recipient, variables, job.zones.get(recipient)
        if seq % COPY_SLICE == 0:
            await asyncio.sleep(0)


def _read(kind: type[Any], row: asyncpg.Record) -> Any:
    return kind(**{name: row[name] for name in kind.__struct_fields__})
