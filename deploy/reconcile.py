"""The recount: what jobs and loops say of their messages against the rows, each difference named.

The rows are what is true. Nothing is changed here: where a statement sets a thing right, its
sentence says it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import asyncpg

from deploy.findings import (
    ConservationMissing,
    Count,
    CountersDiffer,
    Difference,
    Gap,
    LeftOver,
    LosesClaims,
    Overlap,
    Overrun,
    Place,
    RepeatedMessageId,
    RowsDiffer,
    SumDiffers,
)
from plumbing.postgres import Connection, Pool, load_queries

QUERIES: Final = load_queries(Path(__file__).parent / "queries.sql")
LONGEST_SECONDS: Final = 1800  # for one statement: a walk over every message there is


@dataclass(frozen=True)
class Recount:
    """What was counted, and where it differs from what is told."""

    jobs: int
    messages: int
    differences: list[Difference]


async def recount(pool: Pool) -> Recount:
    """Every count against the rows, in one snapshot of a ledger that may be in use.

    Raises asyncpg.PostgresError and OSError as they come.
    """
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        await QUERIES.allow_long_statements(connection, milliseconds=str(LONGEST_SECONDS * 1000))
        size = (await _rows(connection, "ledger_size"))[0]
        differences: list[Difference] = [
            *differing_counts(await _rows(connection, "counts_that_differ")),
            *map(misfit, await _rows(connection, "misfitting_loops")),
            *repeated_ids(await _rows(connection, "repeated_message_ids")),
        ]
        if not await QUERIES.has_conservation(connection):
            differences.append(ConservationMissing())
    return Recount(size["jobs"], size["messages"], differences)


async def differences(pool: Pool) -> list[Difference]:
    """What `recount` finds; empty where the ledger adds up."""
    return (await recount(pool)).differences


async def durability(pool: Pool | Connection) -> list[LosesClaims]:
    """What lets a crash of the server lose what it has confirmed."""
    rows = [row async for row in QUERIES.settings_that_lose_claims(pool)]
    return [LosesClaims(row["name"], row["source"]) for row in rows]


async def _rows(connection: Any, query: str) -> list[asyncpg.Record]:
    """The rows of a query that may take longer than the pool's own limit."""
    sql = getattr(QUERIES, query).sql
    rows: list[asyncpg.Record] = await connection.fetch(sql, timeout=LONGEST_SECONDS)
    return rows


def differing_counts(rows: Iterable[Any]) -> list[Difference]:
    """The rows of `counts_that_differ`, which come sorted, as one finding a place and kind."""
    found: list[Difference] = []
    for _, of_job in groupby(rows, lambda row: row["job_id"]):
        listed = list(of_job)
        is_whole = all(row["kind"] != "rows" for row in listed)
        for _, alike in groupby(listed, lambda row: (row["loop"], row["kind"])):
            found.append(_difference(list(alike), is_whole=is_whole))
    return found


def _difference(rows: list[Any], *, is_whole: bool) -> Difference:
    first = rows[0]
    place = Place(first["job_id"], first["loop"])
    counts = tuple(Count(row["counter"], row["told"], row["counted"]) for row in rows)
    match first["kind"]:
        case "rows":
            return RowsDiffer(place.job_id, counts[0].told, counts[0].counted)
        case "sum":
            return SumDiffers(place.job_id, counts[0].told, counts[0].counted)
        case "left":
            return LeftOver(place, first["state"], counts)
        case _:
            return CountersDiffer(place, counts, can_be_set=is_whole or place.loop is not None)


def misfit(row: Any) -> Gap | Overlap | Overrun:
    """A row of `misfitting_loops`: a loop, or the end of the list, that is not where it should."""
    job_id, loop, first_seq, expected = row.values()
    if first_seq > expected:
        return Gap(job_id, expected, first_seq - 1)
    if loop is None:
        return Overrun(job_id, first_seq - 1, expected - 1)
    return Overlap(Place(job_id, loop), first_seq, expected - 1)


def repeated_ids(rows: Iterable[Any]) -> list[RepeatedMessageId]:
    """The rows of `repeated_message_ids`, which come sorted, as one finding an id."""
    return [
        RepeatedMessageId(message_id, tuple((row["job_id"], row["seq"]) for row in alike))
        for message_id, alike in groupby(rows, lambda row: row["message_id"])
    ]
