"""Pages of jobs, in PostgreSQL: which ids a page holds, and how many jobs there are."""

import re
from typing import Any
from uuid import UUID

from gateway.job_filter import JobFilter, JobPage
from plumbing.postgres import Connection


async def ids_of(
    connection: Connection, queries: Any, owner: str, page: JobPage
) -> tuple[list[UUID], int]:
    """The ids of a page, newest first, and how many jobs there are that the filter fits."""
    newest, count = queries.newest_jobs, queries.count_jobs
    if page.wanted.words:
        newest, count = queries.newest_jobs_with, queries.count_jobs_with
    wanted = {"owner": owner, **_values(page.wanted)}
    rows = newest(connection, **wanted, limit=page.limit, offset=page.offset)
    ids = [row["id"] async for row in rows]
    if len(ids) < page.limit and (ids or not page.offset):  # where the last page ends, all end
        return ids, page.offset + len(ids)
    return ids, await count(connection, **wanted)


def _values(wanted: JobFilter) -> dict[str, Any]:
    values: dict[str, Any] = {
        "states": None if wanted.states is None else list(wanted.states),
        "phone_number_id": wanted.phone_number_id,
        "with_tests": wanted.with_tests,
    }
    if wanted.words:  # as they are: no sign of LIKE means anything
        plain = re.sub(r"([\\%_])", r"\\\1", wanted.words)
        values |= {"part": f"%{plain}%", "beginning": f"{plain.lower()}%"}
    return values
