"""Files of recipients in PostgreSQL, where any gateway finds them."""

from collections.abc import AsyncGenerator
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec

from gateway.store import Store
from gateway.upload_rows import Chunk, packed, unpacked
from plumbing.postgres import load_queries

QUERIES: Final = load_queries(Path(__file__).with_name("uploads.sql"))
MOST_KEPT: Final = 100  # of an owner, at the same time
SWEPT_AT_ONCE: Final = 10  # uploads a statement: up to 500 MiB unpacked, a third of it packed


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An upload as it is kept; `answer` is JSON, `heading` the cells of its first row."""

    id: UUID
    owner: str
    answer: bytes
    heading: list[str]
    has_header: bool
    region: str | None
    rows: int


class Uploads:
    """Raises LedgerUnavailable as the store does."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def begin(
        self, upload_id: UUID, owner: str, region: str | None, expires_at: datetime
    ) -> bool:
        """Make room for an upload that nobody sees yet; False: the owner keeps too many."""
        async with self._store.connection() as connection:
            begun = await QUERIES.begin_upload(
                connection, id=upload_id, owner=owner, region=region, expires_at=expires_at,
                most=MOST_KEPT,
            )  # fmt: skip
        return begun is not None

    async def add(self, upload_id: UUID, no: int, chunk: Chunk) -> None:
        """Keep the next rows of it."""
        async with self._store.connection() as connection:
            await QUERIES.add_chunk(
                connection, upload_id=upload_id, no=no, rejected=len(chunk.rejects),
                rows=packed(chunk),
            )  # fmt: skip

    async def finish(self, kept: Kept, expires_at: datetime) -> bool:
        """Let it be seen from now on; False: it is gone, because it took too long."""
        async with self._store.connection() as connection:
            finished = await QUERIES.finish_upload(
                connection, id=kept.id, answer=kept.answer,
                heading=msgspec.json.encode(kept.heading), has_header=kept.has_header,
                rows=kept.rows, expires_at=expires_at,
            )  # fmt: skip
        return finished is not None

    async def read(self, upload_id: UUID) -> Kept | None:
        """An upload that is whole and not over, whoever owns it."""
        async with self._store.connection() as connection:
            row = await QUERIES.upload(connection, id=upload_id)
        if row is None:
            return None
        heading = msgspec.json.decode(row["heading"], type=list[str])
        return Kept(**{**row, "heading": heading})

    async def chunks(
        self, upload_id: UUID, *, only_rejected: bool = False
    ) -> AsyncGenerator[Chunk]:
        """Its rows in order, a chunk in memory at a time; no connection is held in between."""
        no = 0
        while True:
            async with self._store.connection() as connection:
                row = await QUERIES.chunk_from(
                    connection, upload_id=upload_id, no=no, least=int(only_rejected)
                )
            if row is None:
                return
            yield unpacked(row["rows"])
            no = row["no"] + 1

    async def delete(self, upload_id: UUID) -> None:
        """It and its rows are gone for good."""
        async with self._store.connection() as connection:
            await QUERIES.delete_upload(connection, id=upload_id)

    async def sweep(self) -> int:
        """Delete some of those that are over; how many."""
        async with self._store.connection() as connection:
            count: int = await QUERIES.sweep_uploads(connection, most=SWEPT_AT_ONCE)
        return count
