"""The sweeper: wakes lanes that nobody woke, frees those of the dead, tells what was not told.

Every daemon has one; one of the fleet works at a time. It is what makes everything else safe to
lose: a wake that failed, a turn that vanished, a daemon that was killed. It ends doubts, too.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import nats.errors

from daemon.doubts import Doubts
from daemon.ledger import BROKEN
from daemon.observe import Observer
from daemon.progress import Progress, is_told, job_completed, job_state
from daemon.rows import JobEnd, JobMoved, order_of
from daemon.store import QUERIES, Store
from plumbing.broker import Broker, Unavailable
from plumbing.postgres import Pool
from schemas.settings import Daemon
from schemas.subjects import RECEIPTS_STREAM

EVERY_SECONDS: Final = 1.0
SWEEP_LOCK: Final = 0x73776570  # "swep"
WAKE_GRACE_SECONDS: Final = 1.0  # beyond a pause, a lane with work that nobody holds needs waking
OVERDUE_SECONDS: Final = 1.5  # a turn that is due is delivered and taken within milliseconds
LONGEST_GRACE_SECONDS: Final = 3.0  # a lane in a longer pause is woken in vain, which is harmless
TELL_SECONDS: Final = 5.0
FLUSH_SECONDS: Final = 2


@dataclass(frozen=True)
class Found:
    """Rows of one round."""

    to_wake: Sequence[Any] = ()
    untold: Sequence[Any] = ()


class Sweeper:
    """Runs until it is canceled."""

    def __init__(
        self, settings: Daemon, *, pool: Pool, broker: Broker, store: Store, doubts: Doubts,
        progress: Progress, observer: Observer, has_room: Callable[[], bool],
    ) -> None:  # fmt: skip
        self._pool, self._broker, self._store, self._doubts = pool, broker, store, doubts
        self._progress, self._observer, self._resends = progress, observer, settings.resends
        self._has_room = has_room
        pause = settings.pause_ms / 1000
        self._grace_seconds = min(LONGEST_GRACE_SECONDS, pause + WAKE_GRACE_SECONDS)
        self._lease_seconds = 2.0 * settings.ack_wait_seconds

    async def run(self) -> None:
        while True:
            try:
                await self.sweep()
            except (*BROKEN, Unavailable, nats.errors.Error) as error:
                self._observer.log.warning("a sweep failed; the next one tries", error=repr(error))
            await asyncio.sleep(EVERY_SECONDS)

    async def sweep(self) -> None:
        """One round; does nothing when another daemon of the fleet is at it."""
        self._observer.jobs(await self._jobs_by_state())
        if not self._broker.is_connected:
            return
        found = await self._find()
        for row in found.to_wake:
            await self._wake(row)
        for row in found.untold:
            await self._tell(row)
        await self._end_doubts()

    async def _wake(self, row: Any) -> None:
        """A lane that has its turn, and is overdue while we have room: nobody got that turn."""
        had_it = not await self._broker.wake(order_of(row), retry=False)
        if had_it and row["is_overdue"] and self._has_room():
            self._observer.turn_renewed(row["phone_number_id"])
            await self._broker.renew(order_of(row))

    async def _jobs_by_state(self) -> dict[str, dict[str, int]]:
        rows = QUERIES.jobs_by_state(self._pool)
        return {row["state"]: {k: int(row[k]) for k in _FIGURES} async for row in rows}

    async def _find(self) -> Found:
        """What there is to do; hands on the turns of the dead."""
        async with self._pool.acquire() as connection, connection.transaction():
            if not await QUERIES.try_sweep(connection, lock=SWEEP_LOCK):
                return Found()
            dead = [row async for row in QUERIES.lock_dead_lanes(connection)]
            await self._hand_on(dead)
            numbers = [lane["phone_number_id"] for lane in dead]
            await QUERIES.free_dead_lanes(connection, phone_number_ids=numbers)
            wake = QUERIES.lanes_to_wake(
                connection, grace_seconds=self._grace_seconds, lease_seconds=self._lease_seconds,
                overdue_seconds=OVERDUE_SECONDS,
            )  # fmt: skip
            return Found(
                to_wake=[row async for row in wake],
                untold=[row async for row in QUERIES.untold_jobs(connection)],
            )

    async def _hand_on(self, dead: Sequence[Any]) -> None:
        """Nak the turns that dead daemons held: the next one goes on at once.

        Known to have arrived before the lanes are free: if we die meanwhile, the next sweeper
        finds them as they were.
        """
        for lane in dead:
            self._observer.log.warning(
                "a turn lost its holder; it is handed on", phone_number_id=lane["phone_number_id"]
            )
            await self._broker.client.publish(lane["reply_subject"], b"-NAK")
        if dead:
            await self._broker.client.flush(FLUSH_SECONDS)

    async def _end_doubts(self) -> None:
        """Finish jobs that only waited for receipts; send again what stays in doubt, if wanted."""
        in_doubt = await self._doubts.in_doubt(resends=self._resends)
        if not in_doubt:
            return
        lag_seconds = await self._broker.waiting_seconds(RECEIPTS_STREAM)
        for job_id, phone_number_id in in_doubt:
            ended = await self._doubts.end(
                job_id, phone_number_id, lag_seconds, resends=self._resends
            )
            await self._say(ended)

    async def _say(self, ended: JobEnd | JobMoved | None) -> None:
        match ended:
            case JobEnd():
                self._observer.job_finished(ended)
                await self._tell_end(ended)
            case JobMoved():
                self._observer.job_moved(ended)
                self._progress.tell(ended.job_id, ended.event_no, [job_state(ended)])
            case None:
                pass

    async def _tell(self, row: Any) -> None:
        """A job_completed frame that died with the process that should have told it."""
        await self._tell_end(JobEnd(**dict(row)))

    async def _tell_end(self, end: JobEnd) -> None:
        told = self._progress.tell(end.job_id, end.event_no, [job_completed(end)])
        if await is_told(told, TELL_SECONDS):
            await self._store.completion_told(end.job_id)


_FIGURES: Final = (
    "jobs", "recipients", "queued", "sending", "sent", "failed", "unknown", "skipped", "canceled",
)  # fmt: skip
