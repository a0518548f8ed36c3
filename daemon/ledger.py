"""The ledger of one turn: claims and outcomes of many in one statement, in the order they came.

Callers await `claim` and `record`. One writer takes all that is waiting, writes it in one
statement, wakes the callers, and takes what has gathered meanwhile: at ten a second each is
written at once, at full speed a statement carries dozens.
"""

import asyncio
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final, Self

import asyncpg
import msgspec

from daemon.entries import Entry, unsent
from daemon.rows import Holding, Work, Written
from daemon.store import Store
from plumbing.failpoints import reach
from plumbing.logs import Log
from plumbing.tasks import end
from plumbing.vitals import Pulse
from schemas.failpoints import FailPoint
from schemas.lease import CLAIM_SECONDS
from schemas.messages import Message

MOST_ENTRIES: Final = 500
# Where a write carries this many anyway, a short wait lets it carry several times as many: a
# statement costs about as much as ten outcomes in it.
BUSY_ENTRIES: Final = 4
GATHER_SECONDS: Final = 0.008
BACKOFF_SECONDS: Final = (0.1, 0.2, 0.5, 1.0, 2.0)

# What a broken connection, a restarted server or an exhausted one looks like.
BROKEN: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a statement that meets a server which is just saying goodbye
    asyncpg.OperatorInterventionError,
    asyncpg.ReadOnlySQLTransactionError,  # a failover under way
    asyncpg.TransactionRollbackError,  # a deadlock, whose victim may try again
    asyncpg.InsufficientResourcesError,
)


class Closed(StrEnum):
    """Why a ledger takes no more claims."""

    FENCED = "another daemon holds the lane"
    BROKEN = "PostgreSQL cannot be reached"
    CRASHED = "its writer met an unknown error"


class ClaimRefused(Exception):
    """The ledger takes no more claims; `Ledger.closed` says why."""


class Crashed(Exception):
    """The ledger's writer met an error that it does not know: a bug, and logged as one."""


class Claims(msgspec.Struct, frozen=True):
    """What came of asking to send: what is in neither is not to be sent any more."""

    claimed: list[Message] = []  # each with the number of its attempt
    waiting: list[tuple[Message, float]] = []  # and for how many seconds
    room_seconds: float | None = None  # the messaging limit is reached, for so long


class _Claim(msgspec.Struct):
    messages: Sequence[Message]
    done: "asyncio.Future[Claims]"


class _Record(msgspec.Struct):
    entry: Entry
    done: asyncio.Future[None]


Tell = Callable[[Sequence[Entry], Written], None]


class Ledger:
    """Open it with `async with`; leaving waits until every outcome is written."""

    def __init__(
        self, store: Store, holding: Holding, work: Work, *, tell: Tell, log: Log,
        people_limit: int | None = None,
    ) -> None:  # fmt: skip
        self._store, self._holding, self._work = store, holding, work
        self._tell, self._log, self._people_limit = tell, log, people_limit
        self._claims: list[_Claim] = []  # bounded by the lane, which asks for one at a time
        self._records: list[_Record] = []  # bounded by the requests in flight
        self._gathered = asyncio.Event()
        self._closing = False
        self._is_busy = False
        self._at_work: tuple[list[_Record], list[_Claim]] = ([], [])
        self._writer: asyncio.Task[None] | None = None
        self.limited_by: str | None = None  # what holds the rate back: written with the counters
        self.limited_seconds: float | None = None  # and for how long, where that is known
        self.wanted = "run"  # what people want of the job, as of the last write
        self.per_second = work.per_second  # and the rate to which they limit it
        self.closed: Closed | None = None
        self.got_on = False  # a message of this turn has an end
        self.pulse = Pulse()  # of the writer; whoever watches over it sets its own

    async def __aenter__(self) -> Self:
        self._writer = asyncio.create_task(self._write_until_closed())
        self._writer.add_done_callback(self._on_written)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing = True
        self._gathered.set()
        assert self._writer is not None
        await self._writer_ended()

    async def _writer_ended(self) -> None:
        """Wait for the writer; when we are told to stop waiting, it is ended."""
        assert self._writer is not None
        try:
            await asyncio.wait({self._writer})
        finally:
            await end(self._writer)

    async def claim(self, messages: Sequence[Message]) -> Claims:
        """Write down that these are about to be sent, those of them that may be.

        Raises ClaimRefused.
        """
        if self.closed is Closed.CRASHED:
            raise ClaimRefused
        claim = _Claim(messages, asyncio.get_running_loop().create_future())
        self._claims.append(claim)
        self.pulse.owe()
        self._gathered.set()
        return await claim.done

    async def record(self, entry: Entry) -> None:
        """Write down what an attempt came to; returns when it is in PostgreSQL.

        It is written down even when the caller stops waiting. Raises Crashed.
        """
        if self.closed is Closed.CRASHED:
            raise Crashed
        record = _Record(entry, asyncio.get_running_loop().create_future())
        self._records.append(record)
        self.pulse.owe()
        self._gathered.set()
        await record.done

    async def _write_until_closed(self) -> None:
        while not (self._closing and not self._records and not self._claims):
            if not (self._records or self._claims):
                self.pulse.rest()
            await self._gathered.wait()
            if self._is_busy and not self._closing:
                await asyncio.sleep(GATHER_SECONDS)
            self._gathered.clear()
            records, self._records = self._records[:MOST_ENTRIES], self._records[MOST_ENTRIES:]
            claims, self._claims = self._claims, []
            if self._records:
                self._gathered.set()
            self._is_busy = len(records) >= BUSY_ENTRIES
            self._at_work = (records, claims)
            if records or claims:
                await self._write(records, claims)

    async def _write(self, records: list[_Record], claims: list[_Claim]) -> None:
        self.pulse.beat()
        entries = [record.entry for record in records]
        seqs = [message.seq for claim in claims for message in claim.messages]
        if seqs:
            reach(FailPoint.BEFORE_CLAIM)
        try:
            written = await self._store.write(
                self._holding, self._work, entries, claim_seqs=seqs, claim_seconds=CLAIM_SECONDS,
                limited_by=self.limited_by, limited_seconds=self.limited_seconds,
                people_limit=self._people_limit,
            )  # fmt: skip
        except BROKEN as error:
            self._log.warning("the ledger cannot be reached", error=repr(error))
            self._close(Closed.BROKEN, claims)
            await self._record_singly([*entries, *_never_sent(claims)])
        else:
            await self._wake(written, entries, claims)
        for record in records:
            if not record.done.done():
                record.done.set_result(None)

    async def _wake(
        self, written: Written | None, entries: list[Entry], claims: list[_Claim]
    ) -> None:
        if written is None:
            self._close(Closed.FENCED, claims)
            await self._record_singly(entries)
            return
        if written.claimed:
            reach(FailPoint.CLAIMED)
        if written.recorded:
            reach(FailPoint.RECORDED)
        self.wanted, self.per_second = written.wanted, written.per_second
        recorded = [entry for entry in entries if entry.seq in written.recorded]
        skipped = [
            _skipped(m, written) for c in claims for m in c.messages if m.seq in written.skipped
        ]
        ended = any(entry.state != "queued" for entry in recorded)
        self.got_on = self.got_on or ended or bool(skipped)
        self._tell([*recorded, *skipped], written)
        for claim in claims:
            if not claim.done.done():
                claim.done.set_result(_claims(claim.messages, written))

    def _close(self, why: Closed, claims: list[_Claim]) -> None:
        self.closed = why
        for claim in claims:
            if not claim.done.done():
                claim.done.set_exception(ClaimRefused)

    def _on_written(self, writer: asyncio.Task[None]) -> None:
        """The writer has ended: as it should, or by a bug, and then nobody may wait for it."""
        if writer.cancelled() or (error := writer.exception()) is None:
            return
        self._log.error("the ledger's writer broke", exc_info=error)
        self._close(Closed.CRASHED, [*self._at_work[1], *self._claims])
        for record in [*self._at_work[0], *self._records]:
            if not record.done.done():
                record.done.set_exception(Crashed)

    async def _record_singly(self, entries: list[Entry]) -> None:
        """Facts are written even when the turn is lost, and however long PostgreSQL is away.

        A write that broke may have been done: `record_late` names the state that it moves from,
        so that what is recorded stays as it is. What would have been sent again cannot be any
        more: it becomes failed or, when it never left, goes back to the queue.
        """
        for entry in entries:
            await self._record_late(entry)

    async def _record_late(self, entry: Entry) -> None:
        tries = 0
        while True:
            self.pulse.beat()
            try:
                written = await self._store.record_late(self._holding, self._work.job_id, entry)
            except BROKEN as error:
                if isinstance(error, ValueError):  # asyncpg's, for a value that fits no column
                    raise
                wait = BACKOFF_SECONDS[min(tries, len(BACKOFF_SECONDS) - 1)]
                tries += 1
                self._log.warning(
                    "an outcome waits for PostgreSQL",
                    job_id=str(self._work.job_id), seq=entry.seq, state=entry.state,
                    message_id=entry.message_id, error=repr(error),
                )  # fmt: skip
                await asyncio.sleep(wait)
            else:
                if written:
                    self._tell([_as_recorded(entry, written)], written)
                return


def _claims(messages: Sequence[Message], written: Written) -> Claims:
    return Claims(
        [_claimed(m) for m in messages if m.seq in written.claimed],
        [(m, written.waiting[m.seq]) for m in messages if m.seq in written.waiting],
        written.room_seconds,
    )


def _skipped(message: Message, written: Written) -> Entry:
    """What the write itself has decided: its recipient wants no messages."""
    return Entry(
        message.seq, message.recipient, message.attempt, "skipped", message.retries,
        reason=written.skipped[message.seq],
    )  # fmt: skip


def _as_recorded(entry: Entry, written: Written) -> Entry:
    """Of a finished job nothing is sent again: what would have been has failed, as `record_late`
    has it.
    """
    if entry.state != "queued" or not written.newly_failed:
        return entry
    return msgspec.structs.replace(
        entry, state="failed", code=-1 if entry.code is None else entry.code,
        title=entry.title or "Not sent: its turn was lost",
    )  # fmt: skip


def _claimed(message: Message) -> Message:
    return msgspec.structs.replace(message, attempt=message.attempt + 1)


def _never_sent(claims: list[_Claim]) -> list[Entry]:
    """Claims of a write that broke: they may be in PostgreSQL, but no request was made for them."""
    return [unsent(_claimed(message)) for claim in claims for message in claim.messages]
