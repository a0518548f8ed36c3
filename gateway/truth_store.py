"""What became of messages, in PostgreSQL: pages of a job, the story of a recipient, figures."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from gateway.rows import FiguresRow, MessageRow, ToldRow
from gateway.selection import Place, Selection
from gateway.store import JobRow, Store
from plumbing.postgres import load_queries

QUERIES: Final = load_queries(Path(__file__).with_name("truth.sql"))


MOST_STRETCH: Final = 20_000  # messages that one statement looks through: some milliseconds


class Truth:
    """Raises LedgerUnavailable from each method while PostgreSQL does not answer."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def messages(
        self, job: JobRow, wanted: Selection, after: int, limit: int
    ) -> list[MessageRow]:
        """The next messages of a job behind a seq, in order; fewer than `limit`: there are no more.

        Where few are wanted the stretches that are looked through grow longer.
        """
        found: list[MessageRow] = []
        stretch = limit
        while after < job.total and len(found) < limit:
            last, left = after + stretch, limit - len(found)
            rows = await self._stretch(job.id, wanted, after, last, left)
            found += rows
            after = rows[-1].seq if len(rows) == left else last
            stretch = min(stretch * 4, MOST_STRETCH)
        return found

    async def first_values(self, job_id: UUID) -> bytes | None:
        """The first recipient's own values, as JSON: which places those of the job are for."""
        async with self._store.connection() as connection:
            values: bytes | None = await QUERIES.first_values(connection, job_id=job_id)
            return values

    async def messages_to(
        self, number: str, owner: str, after: Place | None, limit: int
    ) -> list[ToldRow]:
        """What an owner's jobs had for a number, newest first."""
        async with self._store.connection() as connection:
            rows = QUERIES.messages_to(
                connection, number=number, owner=owner, limit=limit,
                at=after.created_at if after else None, id=after.job_id if after else None,
            )  # fmt: skip
            return [ToldRow(**row) async for row in rows]

    async def figures(
        self, owner: str, bounds: Sequence[datetime], *, by_day: bool, by_number: bool
    ) -> list[FiguresRow]:
        """Counters of an owner's jobs; `bounds`: where each day begins, and the last one ends."""
        async with self._store.connection() as connection:
            rows = QUERIES.figures(
                connection, owner=owner, bounds=list(bounds[:-1]), begin=bounds[0], end=bounds[-1],
                by_day=by_day, by_number=by_number,
            )  # fmt: skip
            return [FiguresRow(**row) async for row in rows]

    async def _stretch(
        self, job_id: UUID, wanted: Selection, after: int, last: int, limit: int
    ) -> list[MessageRow]:
        async with self._store.connection() as connection:
            rows = QUERIES.messages(
                connection, job_id=job_id, after=after, last=last, limit=limit,
                states=_or_any(wanted.states), codes=_or_any(wanted.codes),
                numbers=_or_any(wanted.numbers),
            )  # fmt: skip
            return [MessageRow(**row) async for row in rows]


def _or_any(values: Sequence[Any] | None) -> list[Any] | None:
    return None if values is None else list(values)
