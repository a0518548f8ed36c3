"""Wishes: what people want of jobs, followed as soon as it is said.

The gateway writes a wish down and says on `bulk.control.*` that there is one; nobody need hear it,
because each daemon looks for itself every second. That a wish stands stops the sending at once: the
claim asks for it. Here the job moves to where it is wanted, and its readers are told.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
import nats.errors
from nats.aio.msg import Msg

from daemon.ledger import BROKEN
from daemon.observe import Observer
from daemon.progress import Progress, is_told, job_completed, job_state
from daemon.rows import JobEnd, JobMoved
from daemon.store import QUERIES as LANES
from daemon.store import Store
from plumbing.broker import Broker
from plumbing.postgres import Pool, load_queries
from schemas.events import Frame
from schemas.subjects import CONTROL_SUBJECTS
from schemas.vitals import Part

QUERIES: Final = load_queries(Path(__file__).with_name("wishes.sql"))
EVERY_SECONDS: Final = 1.0
TELL_SECONDS: Final = 5.0


class Wish(msgspec.Struct, frozen=True):
    """What is to become of a job: `pause`, `cancel`, or `brake` (its number or all is stopped)."""

    job_id: UUID
    phone_number_id: str
    wanted: str


class Wishes:
    """Follows wishes until it is canceled. Daemons may do so side by side: each move is guarded."""

    def __init__(
        self, *, pool: Pool, broker: Broker, store: Store, progress: Progress, observer: Observer
    ) -> None:
        self._pool, self._broker, self._store = pool, broker, store
        self._progress, self._observer = progress, observer
        self._said = asyncio.Event()
        self._pulse = observer.vitals.part(Part.WISHES)

    async def run(self) -> None:
        subscription = await self._broker.client.subscribe(CONTROL_SUBJECTS, cb=self._on_said)
        try:
            while True:
                self._pulse.beat()
                try:
                    await self.follow()
                except (*BROKEN, nats.errors.Error) as error:
                    self._observer.log.warning("wishes wait", error=repr(error))
                await self._until_said()
        finally:
            await subscription.unsubscribe()

    async def follow(self) -> None:
        """Every wish that stands now."""
        for wish in await self._standing():
            self._pulse.beat()
            match await self._follow(wish):
                case JobMoved() as moved:
                    self._observer.job_moved(moved)
                    self._progress.tell(moved.job_id, moved.event_no, [job_state(moved)])
                case JobEnd() as end:
                    await self._tell_canceled(end)
                case None:
                    pass

    async def _standing(self) -> Sequence[Wish]:
        return [Wish(**row) async for row in QUERIES.wishes(self._pool)]

    async def _follow(self, wish: Wish) -> JobMoved | JobEnd | None:
        """In one transaction with the lane locked, as every writer of a job does."""
        number = {"phone_number_id": wish.phone_number_id}
        async with self._pool.acquire() as connection, connection.transaction():
            await QUERIES.make_lane(connection, **number)
            await LANES.lock_lane(connection, **number)
            if wish.wanted == "cancel":
                return await self._cancel(connection, wish.job_id)
            if wish.wanted == "pause":
                row = await QUERIES.pause_job(connection, job_id=wish.job_id)
            else:
                row = await QUERIES.brake_job(connection, job_id=wish.job_id, **number)
            return JobMoved(**row) if row else None

    async def _cancel(self, connection: Any, job_id: UUID) -> JobEnd | None:
        """What is queued at once; the job is over when nothing of it is on its way any more."""
        await QUERIES.cancel_queued(connection, job_id=job_id)
        row = await QUERIES.finish_canceled(connection, job_id=job_id)
        return JobEnd(**row) if row else None

    async def _tell_canceled(self, end: JobEnd) -> None:
        self._observer.job_finished(end)
        moved = JobMoved(
            end.job_id, end.state, end.reason or "", end.event_no - 1,
            phone_number_id=end.phone_number_id, trace=end.trace,
        )  # fmt: skip
        frames: list[Frame] = [job_state(moved), job_completed(end)]
        told = self._progress.tell(end.job_id, moved.event_no, frames)
        if await is_told(told, TELL_SECONDS):
            await self._store.completion_told(end.job_id)

    async def _on_said(self, _: Msg) -> None:
        self._said.set()

    async def _until_said(self) -> None:
        try:
            async with asyncio.timeout(EVERY_SECONDS):
                await self._said.wait()
        except TimeoutError:
            pass
        self._said.clear()
