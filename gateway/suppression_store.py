"""The suppression list in PostgreSQL: added to, lifted, read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec

from gateway.listing import Place, Wanted
from gateway.stop_lines import Asked
from gateway.store import Store
from plumbing.postgres import load_queries
from schemas.suppression_api import Suppression
from schemas.suppressions import Source

QUERIES: Final = load_queries(Path(__file__).with_name("suppressions.sql"))


class Change(msgspec.Struct, frozen=True):
    """How many rows are active that were not, and how many active ones say something else now."""

    added: int = 0
    changed: int = 0

    def __add__(self, other: "Change") -> "Change":
        return Change(self.added + other.added, self.changed + other.changed)


class Suppressions:
    """Raises LedgerUnavailable from each method while PostgreSQL does not answer."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, asked: Sequence[Asked], reason: str) -> Change:
        """Put numbers on the list, in one statement; `reason` is for those that bring none."""
        if not asked:
            return Change()
        numbers, sources, scopes, reasons, ats = map(list, zip(*asked, strict=True))
        async with self._store.connection() as connection:
            row = await QUERIES.suppress(
                connection, numbers=numbers, sources=sources, scopes=scopes, reasons=reasons,
                ats=ats, reason=reason,
            )  # fmt: skip
        return Change(**row)

    async def lift(
        self, number: str, sources: Sequence[Source]
    ) -> tuple[list[Source], list[Suppression]]:
        """Which of the sources were lifted just now, and all rows of the number after it."""
        async with self._store.connection() as connection, connection.transaction():
            rows = QUERIES.lift(connection, number=number, sources=list(sources))
            lifted = [Source(row["source"]) async for row in rows]
            return lifted, await _read(QUERIES.suppressions_of(connection, number=number))

    async def of(self, number: str) -> list[Suppression]:
        """All rows of a number, lifted ones too, newest first."""
        async with self._store.connection() as connection:
            return await _read(QUERIES.suppressions_of(connection, number=number))

    async def page(self, after: Place, limit: int, wanted: Wanted) -> tuple[list[Suppression], int]:
        """Active rows, newest first, and how many there are in all."""
        of = _of(wanted)
        async with self._store.connection() as connection:
            rows = QUERIES.newest_suppressions(
                connection, number=after.number, source=after.source, at=after.at, limit=limit, **of
            )
            return await _read(rows), await QUERIES.count_suppressions(connection, **of)

    async def in_order(self, after: Place, limit: int, wanted: Wanted) -> list[Suppression]:
        """Active rows by number, from a place on."""
        async with self._store.connection() as connection:
            rows = QUERIES.suppressions_in_order(
                connection, number=after.number, source=after.source, limit=limit, **_of(wanted)
            )
            return await _read(rows)

    async def suppressed_count(self, numbers: Sequence[str], *, is_marketing: bool) -> int:
        """How many of the numbers would be skipped now; 50,000 take a fraction of a second."""
        async with self._store.connection() as connection:
            count: int = await QUERIES.suppressed_count(
                connection, numbers=list(numbers), is_marketing=is_marketing
            )
        return count


def _of(wanted: Wanted) -> dict[str, str | None]:
    return {"of_source": wanted.source, "of_scope": wanted.scope}


async def _read(rows: Any) -> list[Suppression]:
    found: list[asyncpg.Record] = [row async for row in rows]
    return [Suppression(**row) for row in found]
