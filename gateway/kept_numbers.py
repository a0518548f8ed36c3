"""Sending numbers in PostgreSQL, their secrets sealed before they come here."""

from pathlib import Path
from typing import Final

import msgspec

from gateway.rows import NumberRow
from gateway.store import Store
from plumbing.postgres import load_queries

QUERIES: Final = load_queries(Path(__file__).with_name("kept_numbers.sql"))


class NewNumber(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be kept of a number; a secret of None stays as it is."""

    phone_number_id: str
    name: str | None
    provider: str
    waba_id: str | None
    token: bytes | None
    token_hint: str | None
    app_secret: bytes | None
    messages_per_second: int | None
    loop_pause_ms: int | None
    messaging_limit: int | None
    is_enabled: bool
    who: str


class KeptNumbers:
    """Raises LedgerUnavailable as the store does."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def all(self, own: str | None) -> list[NumberRow]:
        """The environment's `own` first, those that are kept, the oldest first, and all others."""
        return await self._rows(None, own)

    async def read(self, phone_number_id: str, own: str | None) -> NumberRow | None:
        """One; None: nothing was ever sent from it."""
        found = await self._rows(phone_number_id, own)
        return found[0] if found else None

    async def keep(self, number: NewNumber) -> bool:
        """Make or change it; False: it is new, and has no token."""
        async with self._store.connection() as connection:
            values = msgspec.structs.asdict(number)
            return await QUERIES.keep_number(connection, **values) is not None

    async def drop(self, phone_number_id: str) -> list[str] | None:
        """None: it is gone. Otherwise the first jobs that keep it; empty: there was none."""
        async with self._store.connection() as connection:
            if await QUERIES.drop_number(connection, phone_number_id=phone_number_id):
                return None
            jobs = QUERIES.jobs_of_number(connection, phone_number_id=phone_number_id)
            return [str(row["id"]) async for row in jobs]

    async def _rows(self, phone_number_id: str | None, own: str | None) -> list[NumberRow]:
        async with self._store.connection() as connection:
            rows = QUERIES.numbers(connection, phone_number_id=phone_number_id, own=own)
            return [NumberRow(**row) async for row in rows]
