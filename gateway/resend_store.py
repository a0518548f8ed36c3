"""A part of a job sent again, in PostgreSQL: the child in one transaction, or none."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec

from gateway.selection import Part
from gateway.store import JobRow, Store, Submitted
from plumbing.postgres import Connection, load_queries
from schemas.api import LeftOut, Submission
from schemas.meta_errors import DEFER_SECONDS, DEFERRING, NEVER_AGAIN

QUERIES: Final = load_queries(Path(__file__).with_name("resend.sql"))
FAMILY_LOCK: Final = 0x66616D69  # "fami"
STRETCH: Final = 20_000  # messages of the parent looked at in one statement: under a second

# Why somebody is left out, as the answer says it.
REASONS: Final = {
    "has_it": "got the message meanwhile, or by another resend",
    "may_get_it": "waits in another resend, or may still get its message",
    "in_doubt": "in doubt: may have got it, and unknown was not asked for",
    "opted_out": "opted out",
    "final": "cannot be reached another time: see the job's errors",
    "too_soon": "held back by Meta, and less than 24 hours ago",
}


class NewChild(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a job that is to be sent again."""

    id: UUID
    parent: JobRow
    part: Part
    is_marketing: bool
    idempotency_key: str | None
    request_hash: bytes | None
    trace: str  # of the request


class KeyTaken(msgspec.Struct, frozen=True):
    """Another request with this key was first."""


class NothingLeft(msgspec.Struct, frozen=True):
    """Nobody of that part is to be sent to; nothing was made."""

    left_out: list[LeftOut]


class _Nothing(Exception):
    """Undoes the transaction."""


class Resends:
    """Raises LedgerUnavailable while PostgreSQL does not answer; then nothing was made."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, child: NewChild, who: str) -> Submitted | KeyTaken | NothingLeft:
        """Make the child of a job that is over, with its loops and messages."""
        tally = _Tally()
        try:
            async with self._store.connection() as connection, connection.transaction():
                return await self._add(connection, child, who, tally)
        except _Nothing:
            return NothingLeft(tally.left_out())

    async def _add(
        self, connection: Connection, child: NewChild, who: str, tally: "_Tally"
    ) -> Submitted | KeyTaken:
        family_id = child.parent.family_id or child.parent.id
        await QUERIES.lock_family(connection, lock=FAMILY_LOCK, family_id=str(family_id))
        row = await QUERIES.insert_child(
            connection, id=child.id, parent_id=child.parent.id, family_id=family_id,
            campaign_name=child.part.campaign_name, idempotency_key=child.idempotency_key,
            request_hash=child.request_hash, repeats_doubts=child.part.repeats_doubts,
            trace=child.trace,
        )  # fmt: skip
        if row is None:
            return KeyTaken()
        await _copy(connection, child, family_id, tally)
        if not tally.taken:
            raise _Nothing
        said = _said(child.parent.id, tally)
        await QUERIES.complete_child(connection, id=child.id, total=tally.taken, submission=said)
        await QUERIES.note_resend(connection, parent_id=child.parent.id, id=child.id, who=who)
        return Submitted(
            id=child.id, loop_size=row["loop_size"], total=tally.taken,
            created_at=row["created_at"], submission=said, request_hash=child.request_hash,
        )  # fmt: skip


class _Tally:
    """Who was taken and who was left out, over all stretches."""

    def __init__(self) -> None:
        self.taken = 0
        self._counts: Counter[str] = Counter()
        self._until: datetime | None = None

    def add(self, rows: Sequence[Any]) -> None:
        for row in rows:
            if not row["reason"]:
                self.taken += row["count"]
                continue
            self._counts[row["reason"]] += row["count"]
            if row["until"]:
                self._until = max(row["until"], self._until or row["until"])

    def left_out(self) -> list[LeftOut]:
        """The most frequent reason first."""
        soon = REASONS["too_soon"]
        return [
            LeftOut(reason=reason, count=count, until=self._until if reason == soon else None)
            for reason, count in self._counts.most_common()
        ]


async def _copy(connection: Connection, child: NewChild, family_id: UUID, tally: _Tally) -> None:
    kin = [row async for row in QUERIES.kin(connection, family_id=family_id)]
    kin = [row for row in kin if row["id"] != child.id]
    fixed = {
        "id": child.id, "parent_id": child.parent.id, "kin": [row["id"] for row in kin],
        "open": [row["id"] for row in kin if not row["is_finished"]],
        "states": list(child.part.states), "codes": list(child.part.codes),
        "repeats_doubts": child.part.repeats_doubts, "is_marketing": child.is_marketing,
        "never_again": sorted(NEVER_AGAIN), "deferring_code": DEFERRING,
        "defer_seconds": DEFER_SECONDS, **REASONS,
    }  # fmt: skip
    for first in range(1, child.parent.total + 1, STRETCH):
        last = first + STRETCH - 1
        rows = QUERIES.copy_part(
            connection, first_seq=first, last_seq=last, made=tally.taken, **fixed
        )
        tally.add([row async for row in rows])


def _said(parent_id: UUID, tally: _Tally) -> bytes:
    said = Submission(
        accepted=tally.taken, duplicates=0, rejected=[], rejected_total=0,
        parent_id=parent_id, left_out=tally.left_out(),
    )  # fmt: skip
    return msgspec.json.encode(said)
