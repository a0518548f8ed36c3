"""The daemon's side of PostgreSQL: one method a move, each fenced by the lane's epoch."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec

from daemon.entries import Entry, columns
from daemon.openings import closed_until
from daemon.rows import (
    Begun,
    Holding,
    JobEnd,
    JobMoved,
    LoopEnd,
    Slowed,
    Work,
    Written,
    holding_of,
    order_of,
    work_of,
    written_of,
)
from plumbing.postgres import Pool, load_queries
from schemas.events import ErrorCount
from schemas.jobs import JobOrder
from schemas.lease import CLAIM_SECONDS
from schemas.meta_errors import STOPPED_MARKETING
from schemas.settings import SCHEDULE_GRACE_SECONDS

QUERIES: Final = load_queries(Path(__file__).parent / "queries.sql")


REACH_LOCK: Final = 0x7265616368  # "reach"
# Meta: one message to one person every 6 seconds; what is claimed may leave a moment later.
PAIR_SECONDS: Final = 6.0 + CLAIM_SECONDS
WORTH_SECONDS: Final = 5.0  # a job of which nothing is due for longer rests


class LaneLost(Exception):
    """Another daemon has raised the lane's epoch: nothing of it is ours to touch."""


class Store:
    """Every statement of a turn goes through here.

    `doubt_seconds`: how long a message in doubt waits for its receipt; `answer_seconds`: how long
    after its claim an answer may still come; `resends`: whether what stays in doubt is sent again;
    `timed`: around each write of claims and outcomes.
    `schedule_grace_seconds`: how late a job may start after nothing ran.
    Raises asyncpg.PostgresError and OSError as they come.
    """

    def __init__(
        self, pool: Pool, *, doubt_seconds: float = 0.0, answer_seconds: float = 0.0,
        resends: bool = False, schedule_grace_seconds: float = SCHEDULE_GRACE_SECONDS,
        timed: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> None:  # fmt: skip
        self._pool, self._resends, self._timed = pool, resends, timed
        self._schedule_grace_seconds = schedule_grace_seconds
        self._doubt_seconds, self._answer_seconds = doubt_seconds, answer_seconds
        self._is_reach_counted = False  # people are added up only where there is a limit

    async def acquire(self, phone_number_id: str, holder: int, reply_subject: str) -> Holding:
        """Take the lane; older epochs can write nothing from here on."""
        async with self._pool.acquire() as connection, connection.transaction():
            before = await QUERIES.lane_before(
                connection, phone_number_id=phone_number_id, claim_seconds=CLAIM_SECONDS
            )
            epoch = await QUERIES.raise_epoch(
                connection,
                phone_number_id=phone_number_id,
                holder=holder,
                reply_subject=reply_subject,
            )
        return holding_of(phone_number_id, epoch, before)

    async def settle(self, holding: Holding) -> int:
        """What a dead holder left in sending becomes unknown; returns how many. Raises LaneLost."""
        async with self._held(holding) as connection:
            count: int = await QUERIES.settle(
                connection, **_fence(holding),
                doubt_seconds=self._doubt_seconds, answer_seconds=self._answer_seconds,
            )  # fmt: skip
            return count

    async def begin_loop(self, holding: Holding) -> Begun | None:
        """The next loop of the next job; None when the lane has nothing to run. Raises LaneLost.

        That it was begun is written down whatever comes of it: a loop that nobody can even read
        must not come first for ever.
        """
        async with self._held(holding) as connection:
            job = await QUERIES.start_job(
                connection, phone_number_id=holding.phone_number_id,
                schedule_grace_seconds=self._schedule_grace_seconds,
            )  # fmt: skip
            if job is None:
                return None
            begun = Begun(holding.phone_number_id, job, None, read_at=time.monotonic())
            if until := closed_until(begun.window, job["now_at"]):
                await QUERIES.rest_job(
                    connection, job_id=job["id"], until=until, limited_by="window"
                )
                return replace(begun, rests=True)
            loop = await QUERIES.start_loop(connection, job_id=job["id"])
            end = None
            if loop is None and not job["is_unfinished"]:  # it was stopped with its last message
                end = await self._end_job(connection, job["id"])
            return replace(begun, loop=loop, end=end)

    async def work(self, begun: Begun) -> Work:
        """What is left of the loop."""
        loop = begun.loop
        assert loop is not None
        messages = QUERIES.messages_to_send(
            self._pool,
            job_id=begun.job_id, first_seq=loop["first_seq"], last_seq=loop["last_seq"],
        )  # fmt: skip
        return await work_of(begun, messages)

    async def postpone_loop(
        self, holding: Holding, work: Work, seconds: float, limited_by: str
    ) -> None:
        """Nothing of the loop is due before: those behind it may go on. Raises LaneLost."""
        async with self._held(holding) as connection:
            await QUERIES.postpone_loop(
                connection, job_id=work.job_id, loop=work.loop, seconds=seconds,
                limited_by=limited_by, worth_seconds=WORTH_SECONDS,
            )  # fmt: skip

    async def rest_job(
        self, holding: Holding, job_id: UUID, until: datetime, limited_by: str
    ) -> None:
        """Nothing of the whole job is due before. Raises LaneLost."""
        async with self._held(holding) as connection:
            await QUERIES.rest_job(connection, job_id=job_id, until=until, limited_by=limited_by)

    async def note_people_limit(self, phone_number_id: str, people_limit: int | None) -> None:
        """What the gateway plans with."""
        await QUERIES.note_people_limit(
            self._pool, phone_number_id=phone_number_id, people_limit=people_limit
        )

    async def due_seconds(self, phone_number_id: str) -> float | None:
        """Until something of the lane is due, where all that it has to run waits; None: nothing."""
        seconds: float | None = await QUERIES.due_seconds(
            self._pool, phone_number_id=phone_number_id
        )
        return seconds

    async def forgive_turn(self, work: Work) -> None:
        """This turn does not count as one that got nowhere."""
        await QUERIES.forgive_turn(self._pool, job_id=work.job_id, loop=work.loop)

    async def stop_job(self, holding: Holding, begun: Begun, reason: str) -> JobMoved | None:
        """Pause a job whose loop keeps getting nowhere; None when it runs no more.

        Raises LaneLost.
        """
        loop = begun.loop["loop"] if begun.loop else 0
        async with self._held(holding) as connection:
            row = await QUERIES.stop_job(connection, job_id=begun.job_id, loop=loop, reason=reason)
            return JobMoved(**row) if row else None

    async def write(
        self, holding: Holding, work: Work, entries: Sequence[Entry],
        *, people_limit: int | None = None, limited_seconds: float | None = None, **claim: Any,
    ) -> Written | None:  # fmt: skip
        """Outcomes and claims in one statement; None when the lane has another holder.

        `claim`: claim_seqs, claim_seconds (how long they may be on their way), limited_by; that
        lasts for `limited_seconds`. `people_limit`: the messaging limit; None: there is none.
        """
        values = {
            **_fence(holding), "job_id": work.job_id, "loop": work.loop, **columns(entries),
            "doubt_seconds": self._doubt_seconds, "pair_seconds": PAIR_SECONDS,
            "people_limit": people_limit, "stopped_code": STOPPED_MARKETING,
            "limited_seconds": limited_seconds, **claim,
        }  # fmt: skip
        refused = [entry for entry in entries if entry.state in ("failed", "skipped")]
        if people_limit is None and claim["claim_seqs"]:
            self._is_reach_counted = False
        if people_limit is None or not (refused or claim["claim_seqs"]):
            with self._timed():
                return written_of(await QUERIES.write(self._pool, **values))
        with self._timed():
            return await self._write_limited(work, refused, values)

    async def _write_limited(
        self, work: Work, refused: Sequence[Entry], values: dict[str, Any]
    ) -> Written | None:
        """As `write`, where the places of a messaging limit are given out and given back."""
        async with self._pool.acquire() as connection, connection.transaction():
            await QUERIES.lock_reach(connection, lock=REACH_LOCK)
            if not self._is_reach_counted:
                await QUERIES.recount_reach(connection)
                self._is_reach_counted = True
            if refused:
                await QUERIES.give_places_back(
                    connection, job_id=work.job_id, seqs=[entry.seq for entry in refused],
                    recipients=[entry.to for entry in refused],
                )  # fmt: skip
            return written_of(await QUERIES.write(connection, **values))

    async def note_hold(
        self, holding: Holding, held_seconds: float, limited_seconds: float, held_by: str,
        slowed: Slowed | None,
    ) -> None:  # fmt: skip
        """Nothing of the number leaves for so long, whoever holds it; and then it goes slower.

        `limited_seconds`: how long it is expected to last, as its jobs tell it.
        """
        await QUERIES.note_hold(
            self._pool, **_fence(holding),
            held_seconds=held_seconds, limited_seconds=limited_seconds, held_by=held_by,
            slowed_to=slowed.to_per_second if slowed else None,
            slowed_from=slowed.from_per_second if slowed else None,
        )  # fmt: skip

    async def record_late(self, holding: Holding, job_id: UUID, entry: Entry) -> Written | None:
        """A fact whose turn is lost; None when it was recorded before.

        It queues up behind a write whose answer was lost and that may still be under way.
        """
        fields = msgspec.structs.asdict(entry)
        del fields["to"]
        async with self._pool.acquire() as connection, connection.transaction():
            await QUERIES.lock_lane(connection, phone_number_id=holding.phone_number_id)
            row = await QUERIES.record_late(
                connection, job_id=job_id, epoch=holding.epoch,
                doubt_seconds=self._doubt_seconds, stopped_code=STOPPED_MARKETING, **fields,
            )  # fmt: skip
        return written_of(row)

    async def complete_loop(self, holding: Holding, work: Work) -> LoopEnd | None:
        """The loop is done, and with the last one the job, but for its doubts.

        None while something of it is left.

        Raises LaneLost.
        """
        async with self._held(holding) as connection:
            loop = await QUERIES.complete_loop(connection, job_id=work.job_id, loop=work.loop)
            if loop is None:
                return None
            errors = [ErrorCount(**row) async for row in _loop_errors(connection, work)]
            event_no = await QUERIES.tell_loop_completed(connection, job_id=work.job_id)
            job = await self._end_job(connection, work.job_id)
            return LoopEnd(**loop, errors=errors, event_no=event_no, job=job)

    async def _end_job(self, connection: Any, job_id: UUID) -> JobEnd | JobMoved | None:
        settling = await QUERIES.begin_settling(
            connection, job_id=job_id, resends=self._resends, doubt_seconds=self._doubt_seconds
        )
        if settling:
            return JobMoved(**settling)
        row = await QUERIES.finish_job(connection, job_id=job_id, state="running", lag_seconds=0.0)
        return JobEnd(**row) if row else None

    async def next_order(self, phone_number_id: str) -> JobOrder | None:
        """The job that the lane would run next; None when it has nothing to run."""
        row = await QUERIES.next_order(self._pool, phone_number_id=phone_number_id)
        return order_of(row) if row else None

    async def release(self, holding: Holding, leave_ages: list[float]) -> None:
        """Be through with the lane; ages: how many seconds ago the last messages left."""
        await QUERIES.release(self._pool, **_fence(holding), leave_ages=leave_ages)

    async def release_unused(self, holding: Holding) -> None:
        """Be through with the lane; nothing was sent."""
        await QUERIES.release_unused(self._pool, **_fence(holding))

    async def let_go(self, holding: Holding, due_in_seconds: float) -> None:
        """The turn is given back, and due again then: nobody holds the lane."""
        await QUERIES.let_go(self._pool, **_fence(holding), due_in_seconds=due_in_seconds)

    async def completion_told(self, job_id: UUID) -> None:
        """job_completed is on the event stream."""
        await QUERIES.completion_told(self._pool, job_id=job_id)

    @asynccontextmanager
    async def _held(self, holding: Holding) -> AsyncIterator[Any]:
        """A transaction in which the lane is surely ours. Raises LaneLost."""
        async with self._pool.acquire() as connection, connection.transaction():
            phone_number_id = holding.phone_number_id
            epoch = await QUERIES.lock_lane(connection, phone_number_id=phone_number_id)
            if epoch != holding.epoch:
                raise LaneLost
            yield connection


def _loop_errors(connection: Any, work: Work) -> AsyncIterator[Any]:
    rows: AsyncIterator[Any] = QUERIES.loop_errors(
        connection, job_id=work.job_id, first_seq=work.first_seq, last_seq=work.last_seq
    )
    return rows


def _fence(holding: Holding) -> dict[str, Any]:
    return {"phone_number_id": holding.phone_number_id, "epoch": holding.epoch}
