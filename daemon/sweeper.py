"""The sweeper: wakes lanes that nobody woke, frees those of the dead, tells what was not told.

Every daemon has one; one of the fleet works at a time. It is what makes everything else safe to
lose: a wake that failed, a turn that vanished, a daemon that was killed.
"""

import asyncio
from typing import Any, Final

import nats.errors

from daemon.ledger import BROKEN
from daemon.observe import Observer
from daemon.progress import Progress, job_completed
from daemon.store import QUERIES, JobEnd, Store, order_of
from plumbing.broker import Broker, Unavailable
from plumbing.postgres import Pool

EVERY_SECONDS: Final = 1.0
SWEEP_LOCK: Final = 0x73776570  # "swep"
WAKE_GRACE_SECONDS: Final = 1.0  # beyond a pause, a lane with work that nobody holds needs waking
TELL_SECONDS: Final = 5.0


class Sweeper:
    """Runs until it is canceled."""

    def __init__(
        self, pool: Pool, broker: Broker, *, store: Store, progress: Progress, observer: Observer,
        pause_seconds: float,
    ) -> None:  # fmt: skip
        self._pool, self._broker, self._store = pool, broker, store
        self._progress, self._observer = progress, observer
        self._grace_seconds = pause_seconds + WAKE_GRACE_SECONDS

    async def run(self) -> None:
        while True:
            try:
                await self.sweep()
            except (*BROKEN, Unavailable, nats.errors.Error) as error:
                self._observer.log.warning("a sweep failed; the next one tries", error=repr(error))
            await asyncio.sleep(EVERY_SECONDS)

    async def sweep(self) -> None:
        """One round; does nothing when another daemon of the fleet is at it."""
        self._observer.jobs(await self._store.jobs_by_state())
        if not self._broker.is_connected:
            return
        async with self._pool.acquire() as connection, connection.transaction():
            if not await QUERIES.try_sweep(connection, lock=SWEEP_LOCK):
                return
            await self._tell_untold(connection)
            dead = [row async for row in QUERIES.free_dead_lanes(connection)]
            wake = [
                row
                async for row in QUERIES.lanes_to_wake(
                    connection, grace_seconds=self._grace_seconds
                )
            ]
        for lane in dead:
            await self._hand_on(lane)
        for row in wake:
            await self._broker.wake(order_of(row), retry=False)

    async def _hand_on(self, lane: Any) -> None:
        """Nak the turn that a dead daemon held: the next one goes on at once."""
        self._observer.log.warning(
            "a daemon died with a turn; it is handed on", phone_number_id=lane["phone_number_id"]
        )
        await self._broker.client.publish(lane["reply_subject"], b"-NAK")

    async def _tell_untold(self, connection: Any) -> None:
        """job_completed frames that died with the process that should have told them."""
        for row in [row async for row in QUERIES.untold_jobs(connection)]:
            end = JobEnd(job_id=row["id"], **{k: row[k] for k in row.keys() if k != "id"})  # noqa: SIM118
            told = self._progress.tell(end.job_id, end.event_no, [job_completed(end)])
            async with asyncio.timeout(TELL_SECONDS):
                if await told:
                    await QUERIES.completion_told(connection, job_id=end.job_id)
