"""The ledger where more than one job is concerned: stopping jobs, and what may set them going."""

from datetime import datetime
from pathlib import Path
from typing import Final
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


class StoppedJob(msgspec.Struct, frozen=True):
    """Where a job sends from, and what."""

    phone_number_id: str
    content: Content


def language_key(code: str) -> str:
    """`en-US` and `en_US` are the same language to Meta, and come as either."""
    return code.lower().replace("-", "_")


def target_of(
    stop: Stop, job_id: UUID | None, phone_number_id: str | None, content: Content | None
) -> Target:
    """What a stop stops, as seen from the message that was refused.

    A job without a template has none that could be stopped: it is stopped itself.
    """
    match stop.scope:
        case Scope.ACCOUNT:
            return Target()
        case Scope.NUMBER:
            assert phone_number_id, "without a number everything would stop"
            return Target(phone_number_id=phone_number_id)
        case Scope.TEMPLATE if isinstance(content, Template):
            return Target(template=content.name, language=language_key(content.language_code))
        case Scope.TEMPLATE | Scope.JOB:
            return Target(job_id=job_id)


class Stops:
    """Raises asyncpg.PostgresError and OSError as they come."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def stop(
        self, target: Target, scope: Scope, reason: str, *, since: datetime | None = None
    ) -> list[JobMoved]:
        """Pause what is queued or running and fits; nothing of it is lost.

        `since`: when that was so which stops it; a job that was resumed later goes on.
        """
        fields = msgspec.structs.asdict(target)
        async with self._pool.acquire() as connection, connection.transaction():
            lanes = {name: value for name, value in fields.items() if name != "language"}
            async for _ in QUERIES.lanes_to_stop(connection, **lanes):
                pass
            rows = QUERIES.stop_jobs(
                connection, **fields, stopped_by=scope, reason=reason, since=since
            )
            return [JobMoved(**row) async for row in rows]

    async def job(self, job_id: UUID) -> "StoppedJob | None":
        """What a stop has to know of a job."""
        row = await QUERIES.job_to_stop(self._pool, job_id=job_id)
        if row is None:
            return None
        return StoppedJob(row["phone_number_id"], _CONTENT.decode(row["content"]))

    async def is_newer(self, subject: str, at: datetime | None) -> bool:
        """Whether news of a subject are newer than what was seen: they repeat, and come late."""
        return bool(await QUERIES.is_newer(self._pool, subject=subject, at=at))

    async def seen(self, subject: str, event: str, at: datetime | None) -> None:
        """News of a subject have been dealt with."""
        await QUERIES.notice_seen(self._pool, subject=subject, event=event, at=at)

    async def template_is_back(
        self, template: str, language: str, reason: str, *, resumes: bool
    ) -> list[JobMoved]:
        """Jobs that the template's pause had stopped go on, or are told that they could."""
        async with self._pool.acquire() as connection, connection.transaction():
            async for _ in QUERIES.lanes_of_template(connection, template=template):
                pass
            rows = QUERIES.template_is_back(
                connection, template=template, language=language, reason=reason, resumes=resumes
            )
            return [JobMoved(**row) async for row in rows]
