"""Starts: jobs go on when their time comes, and are held when it came while nothing ran.

Every daemon has one, and they may work side by side. The sweeper would wake their lanes, too, only
later; here the next moment is waited for.
"""

import asyncio
from pathlib import Path
from typing import Final

import msgspec
import nats.errors

from daemon.ledger import BROKEN
from daemon.observe import Observer
from daemon.progress import Progress, job_state
from daemon.rows import JobMoved, order_of
from plumbing.broker import Broker, Unavailable
from plumbing.postgres import Pool, load_queries
from schemas.vitals import Part

QUERIES: Final = load_queries(Path(__file__).with_name("starts.sql"))
EVERY_SECONDS: Final = 1.0  # a plan that was changed meanwhile is seen within it
LEAST_SECONDS: Final = 0.01


class Starts:
    """Runs until it is canceled. `grace_seconds`: how late a start may be after nothing ran."""

    def __init__(
        self, *, pool: Pool, broker: Broker, progress: Progress, observer: Observer,
        grace_seconds: float,
    ) -> None:  # fmt: skip
        self._pool, self._broker = pool, broker
        self._progress, self._observer = progress, observer
        self._grace_seconds = grace_seconds
        self._pulse = observer.vitals.part(Part.STARTER)

    async def run(self) -> None:
        while True:
            self._pulse.beat()
            wait_seconds = EVERY_SECONDS
            try:
                if self._broker.is_connected:  # else nothing can start, and it is no sign of life
                    await self.look()
                    wait_seconds = await self._until_next()
            except (*BROKEN, Unavailable, nats.errors.Error) as error:
                self._observer.log.warning("starts wait", error=repr(error))
            await asyncio.sleep(wait_seconds)

    async def look(self) -> None:
        """Hold what is late, then wake the lanes of what has come due."""
        for moved in await self._hold_late():
            self._observer.job_moved(moved)
            self._progress.tell(moved.job_id, moved.event_no, [job_state(moved)])
        for row in [row async for row in QUERIES.jobs_come_due(self._pool)]:
            try:
                order = order_of(row)
            except msgspec.DecodeError:  # the sweeper says which one is damaged
                continue
            self._pulse.beat()
            await self._broker.wake(order, retry=False)

    async def _hold_late(self) -> list[JobMoved]:
        async with self._pool.acquire() as connection, connection.transaction():
            await QUERIES.lock_pulse(connection)
            late = QUERIES.hold_late(connection, schedule_grace_seconds=self._grace_seconds)
            held = [JobMoved(**row) async for row in late]
            await QUERIES.beat(connection)
            return held

    async def _until_next(self) -> float:
        seconds: float | None = await QUERIES.next_due_seconds(self._pool)
        if seconds is None:
            return EVERY_SECONDS
        return max(LEAST_SECONDS, min(EVERY_SECONDS, seconds))
