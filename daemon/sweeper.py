"""The sweeper: wakes lanes that nobody woke, frees those of the dead, tells what was not told.

Every daemon has one; one of the fleet works at a time. It is what makes everything else safe to
lose: a wake that failed, a turn that vanished, a daemon that was killed.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import nats.errors

from daemon.ledger import BROKEN
from daemon.observe import Observer
from daemon.progress import Progress, is_told, job_completed
from daemon.store import QUERIES, JobEnd, Store, order_of
from plumbing.broker import Broker, Unavailable
from plumbing.postgres import Pool

EVERY_SECONDS: Final = 1.0
SWEEP_LOCK: Final = 0x73776570  # "swep"
WAKE_GRACE_SECONDS: Final = 1.0  # beyond a pause, a lane with work that nobody holds needs waking
TELL_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Found:
    """Rows of one round."""

    dead: Sequence[Any] = ()
    to_wake: Sequence[Any] = ()
    untold: Sequence[Any] = ()


class Sweeper:
    """Runs until it is canceled."""

    def __init__(
        self, pool: Pool, broker: Broker, *, store: Store, progress: Progress, observer: Observer,
        pause_seconds: float, ack_wait_seconds: float,
    ) -> None:  # fmt: skip
        self._pool, self._broker, self._store = pool, broker, store
        self._progress, self._observer = progress, observer
        self._grace_seconds = pause_seconds + WAKE_GRACE_SECONDS
        self._lease_seconds = 2.0 * ack_wait_seconds

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
        found = await self._find()
        for lane in found.dead:
            await self._hand_on(lane)
        for row in found.to_wake:
            await self._broker.wake(order_of(row), retry=False)
        for row in found.untold:
            await self._tell(row)

    async def _find(self) -> Found:
        """What there is to do; frees the lanes of the dead."""
        async with self._pool.acquire() as connection, connection.transaction():
            if not await QUERIES.try_sweep(connection, lock=SWEEP_LOCK):
                return Found()
            wake = QUERIES.lanes_to_wake(
                connection, grace_seconds=self._grace_seconds, lease_seconds=self._lease_seconds
            )
            return Found(
                dead=[row async for row in QUERIES.free_dead_lanes(connection)],
                to_wake=[row async for row in wake],
                untold=[row async for row in QUERIES.untold_jobs(connection)],
            )

    async def _hand_on(self, lane: Any) -> None:
        """Nak the turn that a dead daemon held: the next one goes on at once."""
        self._observer.log.warning(
            "a turn lost its holder; it is handed on", phone_number_id=lane["phone_number_id"]
        )
        await self._broker.client.publish(lane["reply_subject"], b"-NAK")

    async def _tell(self, row: Any) -> None:
        """A job_completed frame that died with the process that should have told it."""
        end = JobEnd(**dict(row))
        told = self._progress.tell(end.job_id, end.event_no, [job_completed(end)])
        if await is_told(told, TELL_SECONDS):
            await self._store.completion_told(end.job_id)
