"""What people want, in PostgreSQL: wishes for jobs, brakes on numbers, and the trail of both."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from gateway.store import Store
from plumbing.postgres import load_queries
from schemas.api import AuditEntry, Brake
from schemas.states import Wanted

QUERIES: Final = load_queries(Path(__file__).with_name("control.sql"))
EVERYTHING: Final = "all"  # the scope of the brake on all numbers


class Control:
    """Raises LedgerUnavailable as the store does."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def want(self, wanted: Wanted, job_id: UUID, who: str, why: str | None) -> bool:
        """Write the wish down; False: it stands already, or the job is beyond it."""
        make = {
            Wanted.RUN: QUERIES.want_run,
            Wanted.PAUSE: QUERIES.want_pause,
            Wanted.CANCEL: QUERIES.want_cancel,
        }[wanted]
        async with self._store.connection() as connection:
            return await make(connection, id=job_id, who=who, why=why) is not None

    async def schedule(
        self, job_id: UUID, at: datetime, rests_until: datetime | None, who: str, why: str | None
    ) -> bool:
        """Have the job start then; False: it has been begun, or is canceled."""
        async with self._store.connection() as connection:
            made = await QUERIES.want_schedule(
                connection, id=job_id, scheduled_at=at, rests_until=rests_until, who=who, why=why,
                value=at.isoformat().replace("+00:00", "Z"),
            )  # fmt: skip
        return made is not None

    async def withdraw(self, job_id: UUID, who: str, why: str | None) -> bool:
        """Hold the job; False: it has been begun, or is not to start at any time."""
        async with self._store.connection() as connection:
            made = await QUERIES.withdraw_schedule(connection, id=job_id, who=who, why=why)
        return made is not None

    async def limit_rate(
        self, job_id: UUID, messages_per_second: int | None, who: str, why: str | None
    ) -> bool:
        """Have the job go at this rate; False: it does already, or nothing of it is left."""
        async with self._store.connection() as connection:
            made = await QUERIES.limit_rate(
                connection, id=job_id, messages_per_second=messages_per_second, who=who, why=why
            )
        return made is not None

    async def audit(self, job_id: UUID) -> list[AuditEntry]:
        """The trail of a job, oldest first."""
        async with self._store.connection() as connection:
            return [AuditEntry(**row) async for row in QUERIES.audit_of(connection, id=job_id)]

    async def pull_brake(self, scope: str, who: str, why: str | None) -> None:
        """From here on nothing of the scope is claimed any more: a number, or EVERYTHING."""
        async with self._store.connection() as connection:
            await QUERIES.pull_brake(connection, scope=scope, who=who, why=why)

    async def release_brake(self, scope: str) -> None:
        """What only this brake had stopped goes on."""
        async with self._store.connection() as connection:
            await QUERIES.release_brake(connection, scope=scope)

    async def brakes(self) -> list[Brake]:
        """Those that are on, the one of everything first."""
        async with self._store.connection() as connection:
            return await _read(QUERIES.brakes(connection))


async def _read(rows: AsyncIterator[Any]) -> list[Brake]:
    return [
        Brake(
            phone_number_id=None if row["scope"] == EVERYTHING else row["scope"],
            by=row["pulled_by"], at=row["pulled_at"], reason=row["why"], jobs=row["jobs"],
        )
        async for row in rows
    ]  # fmt: skip
