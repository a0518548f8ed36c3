"""Keys and their sessions in PostgreSQL, by the digests of what their holders bring."""

from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec

from gateway.holders import Holder
from gateway.store import Store
from plumbing.postgres import load_queries
from schemas.key_api import KeyView
from schemas.scopes import Scope

QUERIES: Final = load_queries(Path(__file__).with_name("keys.sql"))
STORED: Final = "stored"


class NewRow(msgspec.Struct, frozen=True, kw_only=True):
    """A key that is to be kept."""

    id: UUID
    name: str
    digest: bytes
    hint: str
    scopes: list[str]
    submissions_per_minute: int | None
    made_by: str
    expires_at: datetime | None


class ApiKeys:
    """Raises LedgerUnavailable as the store does."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, row: NewRow) -> None:
        """Keep a key."""
        async with self._store.connection() as connection:
            await QUERIES.insert_key(connection, **msgspec.structs.asdict(row))

    async def holder_of_key(self, digest: bytes) -> Holder | None:
        """Who holds it; None: nobody does, any more or yet."""
        async with self._store.connection() as connection:
            return _holder(await QUERIES.key_of(connection, digest=digest))

    async def holder_of_session(self, digest: bytes) -> Holder | None:
        """The same of a session, as long as it and its key live."""
        async with self._store.connection() as connection:
            return _holder(await QUERIES.key_of_session(connection, digest=digest))

    async def newest(self) -> list[KeyView]:
        """All that were ever made, the newest first; a thousand at most."""
        async with self._store.connection() as connection:
            return [view_of(row) async for row in QUERIES.keys(connection)]

    async def read(self, key_id: UUID) -> KeyView | None:
        """One of them."""
        async with self._store.connection() as connection:
            row = await QUERIES.one_key(connection, id=key_id)
        return view_of(row) if row else None

    async def revoke(self, key_id: UUID, who: str) -> bool:
        """Nobody holds it from now on; False: so it was, or there is none."""
        async with self._store.connection() as connection:
            return await QUERIES.revoke_key(connection, id=key_id, who=who) is not None

    async def begin_session(self, key_id: UUID, digest: bytes, seconds: int) -> None:
        """Keep a session of a key."""
        async with self._store.connection() as connection:
            await QUERIES.begin_session(connection, key_id=key_id, digest=digest, seconds=seconds)

    async def end_session(self, digest: bytes) -> None:
        """Forget one."""
        async with self._store.connection() as connection:
            await QUERIES.end_session(connection, digest=digest)

    async def take_turn(self, account: str, step_seconds: float) -> float | None:
        """Count a submission; else after how many seconds one fits again."""
        given = {"holder": account, "step_seconds": step_seconds}
        async with self._store.connection() as connection:
            if await QUERIES.take_turn(connection, **given) is not None:
                return None
            seconds: float | None = await QUERIES.turn_in_seconds(connection, **given)
        return seconds or 0.0


def digest_of(token: str) -> bytes:
    """What is kept of a key or a session.

    One round of SHA-256 is enough for 256 random bits, which nobody can go through; slow hashes are
    for what people think up (OWASP, Password Storage Cheat Sheet).
    """
    return sha256(token.encode(errors="surrogatepass")).digest()


def view_of(row: Any) -> KeyView:
    """A key as it is shown."""
    return KeyView(source=STORED, **row)


def _holder(row: Any) -> Holder | None:
    if row is None:
        return None
    return Holder(
        name=row["name"], scopes=frozenset(map(Scope, row["scopes"])), account=str(row["id"]),
        key_id=row["id"], submissions_per_minute=row["submissions_per_minute"],
    )  # fmt: skip
