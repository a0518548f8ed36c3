"""What a plan is made with, in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from gateway.planner import Ahead
from gateway.store import Store
from plumbing.postgres import load_queries

QUERIES: Final = load_queries(Path(__file__).with_name("plan.sql"))


class Situation(msgspec.Struct, frozen=True):
    """Of a number, for one list: jobs before it, and how many people it may reach and when more."""

    ahead: list[Ahead]
    people_limit: int | None
    places: int | None
    frees: list[tuple[datetime, int]]


async def situation(
    store: Store, phone_number_id: str, start: datetime, numbers: Sequence[str], *, is_counted: bool
) -> Situation:
    """`is_counted`: whether the recipients count against the messaging limit.

    Raises LedgerUnavailable.
    """
    async with store.connection() as connection:
        ahead = [
            Ahead(**row)
            async for row in QUERIES.jobs_ahead(
                connection, phone_number_id=phone_number_id, start=start
            )
        ]
        limit = await QUERIES.people_limit(connection, phone_number_id=phone_number_id)
        if limit is None or not is_counted:
            return Situation(ahead, limit, None, [])
        taken = [(row["free_at"], row["people"]) async for row in QUERIES.places_taken(connection)]
        counted = await QUERIES.counted_already(connection, numbers=list(numbers))
    places = limit - sum(people for _, people in taken) + counted
    return Situation(ahead, limit, places, taken)
