"""The recount: one job after another, its counters held against its rows while the fleet works.

PostgreSQL itself refuses a job whose counters do not sum to its total; whether each of them is
true only the rows can tell. `deploy.doctor` recounts everything at once, and names what it finds.
"""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Final
from uuid import UUID

from daemon.observe import Observer
from plumbing.postgres import Pool, load_queries

QUERIES: Final = load_queries(Path(__file__).parent / "census.sql")
_FIRST: Final = UUID(int=0)


def somewhere() -> UUID:
    """Where a daemon begins, so that those of a fleet are not all at the same job."""
    return UUID(int=random.getrandbits(128))


class Recount:
    """Counts unfinished and recent jobs in turn, one a call: its cost is that of one job's rows.

    Raises asyncpg.PostgresError and OSError as they come.
    """

    def __init__(
        self, pool: Pool, observer: Observer, begin: Callable[[], UUID] = somewhere
    ) -> None:
        self._pool, self._observer = pool, observer
        self._after = begin()
        self._differing: dict[UUID, int] = {}

    async def next(self) -> None:
        """Recount the next job, and once more the one that differed first: it may be set right.

        After the last job comes the first.
        """
        again = next(iter(self._differing), None)
        job_id = await QUERIES.next_to_recount(self._pool, after=self._after)
        self._after = job_id or _FIRST
        for each in {job_id, again} - {None}:
            await self._recount(each)

    async def _recount(self, job_id: UUID) -> None:
        """A job that agrees, or is gone, is none that differs."""
        self._differing.pop(job_id, None)
        if difference := await QUERIES.recount_job(self._pool, job_id=job_id):
            self._differing[job_id] = difference
        self._observer.recounted(job_id, difference or 0, sum(self._differing.values()))
