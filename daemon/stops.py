"""The ledger where more than one job is concerned: stopping jobs, and what may set them going."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec

from daemon.rows import JobMoved
from daemon.verdicts import Scope, Stop
from plumbing.postgres import Pool, load_queries
from schemas.jobs import Content, Template

QUERIES: Final = load_queries(Path(__file__).parent / "rules.sql")
_CONTENT: Final[msgspec.json.Decoder[Content]] = msgspec.json.Decoder(Content)


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Which jobs a stop means: all that fit what is given."""

    job_id: UUID | None = None
    phone_number_id: str | None = None
    template: str | None = None
    language: str = ""  # of the template, as `language_key` has it
    accounts: list[str] | None = None  # as `account_of` of the schema has them; None: all


class Notice(msgspec.Struct, frozen=True):
    """News of Meta's: what they are about, and when that was so; None: as of now."""

    subject: str
    event: str
    at: datetime | None


class StoppedJob(msgspec.Struct, frozen=True):
    """Where a job sends from, and what."""

    phone_number_id: str
    content: Content


def language_key(code: str) -> str:
    """`en-US` and `en_US` are the same language to Meta, and come as either."""
    return code.lower().replace("-", "_")


def target_of(
    stop: Stop, job_id: UUID | None, phone_number_id: str | None, content: Content | None,
    accounts: list[str] | None,
) -> Target:  # fmt: skip
    """What a stop stops, as seen from the message that was refused.

    A job without a template has none that could be stopped: it is stopped itself.
    """
    match stop.scope:
        case Scope.ACCOUNT:
            return Target(accounts=accounts)
        case Scope.NUMBER:
            assert phone_number_id, "without a number everything would stop"
            return Target(phone_number_id=phone_number_id)
        case Scope.TEMPLATE if isinstance(content, Template):
            return Target(
                template=content.name,
                language=language_key(content.language_code),
                accounts=accounts,
            )
        case Scope.TEMPLATE | Scope.JOB:
            return Target(job_id=job_id)


class Stops:
    """Raises asyncpg.PostgresError and OSError as they come."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def stop(
        self, target: Target, scope: Scope, reason: str,
        *, since: datetime | None = None, notice: Notice | None = None,
    ) -> list[JobMoved]:  # fmt: skip
        """Pause what is queued or running and fits; nothing of it is lost.

        `since`: when that was so which stops it; a job that was resumed later goes on. `notice`:
        the news that say so; older ones than were seen before stop nothing.
        """
        fields = msgspec.structs.asdict(target)
        async with self._unless_seen(notice) as connection:
            if connection is None:
                return []
            lanes = {name: value for name, value in fields.items() if name != "language"}
            async for _ in QUERIES.lanes_to_stop(connection, **lanes):
                pass
            rows = QUERIES.stop_jobs(
                connection,
                **fields,
                stopped_by=scope,
                reason=reason,
                since=since,
                retells=notice is not None and target.template is not None,
            )
            return [JobMoved(**row) async for row in rows]

    async def job(self, job_id: UUID) -> "StoppedJob | None":
        """What a stop has to know of a job."""
        row = await QUERIES.job_to_stop(self._pool, job_id=job_id)
        if row is None:
            return None
        return StoppedJob(row["phone_number_id"], _CONTENT.decode(row["content"]))

    async def is_news(self, notice: Notice) -> bool:
        """Note news that stop nothing; False: they are no newer than what was seen."""
        async with self._unless_seen(notice) as connection:
            return connection is not None

    async def template_is_back(
        self, template: str, language: str, reason: str, accounts: list[str] | None,
        *, resumes: bool, notice: Notice | None = None,
    ) -> list[JobMoved]:  # fmt: skip
        """Jobs that the template's pause had stopped go on, or are told that they could."""
        async with self._unless_seen(notice) as connection:
            if connection is None:
                return []
            async for _ in QUERIES.lanes_of_template(
                connection, template=template, accounts=accounts
            ):
                pass
            rows = QUERIES.template_is_back(
                connection,
                template=template,
                language=language,
                reason=reason,
                resumes=resumes,
                accounts=accounts,
            )
            return [JobMoved(**row) async for row in rows]

    @asynccontextmanager
    async def _unless_seen(self, notice: Notice | None) -> AsyncIterator[Any]:
        """A transaction; None: the news are old. What is done and that it was seen are one fact."""
        async with self._pool.acquire() as connection, connection.transaction():
            is_old = notice and not await QUERIES.is_news(
                connection, **msgspec.structs.asdict(notice)
            )
            yield None if is_old else connection
