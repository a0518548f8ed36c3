"""The closer: ends what only waits for time, and tells the ends that nobody told.

Every daemon has one, and they may work side by side: each end is one guarded move. It is apart
from the sweeper, whose rounds decide how soon a dead daemon's numbers go on.
"""

import asyncio
import time
from typing import Any, Final

import nats.errors

from daemon.doubts import Doubts
from daemon.ledger import BROKEN
from daemon.observe import Observer
from daemon.progress import Progress, is_told, job_completed, job_state
from daemon.rows import JobEnd, JobMoved
from daemon.store import QUERIES, Store
from plumbing.broker import Broker, Unavailable
from plumbing.postgres import Pool
from schemas.subjects import RECEIPTS_STREAM
from schemas.vitals import Part

EVERY_SECONDS: Final = 1.0
TELL_SECONDS: Final = 5.0


class Closer:
    """Runs until it is canceled."""

    def __init__(
        self, *, pool: Pool, broker: Broker, store: Store, doubts: Doubts, progress: Progress,
        observer: Observer,
    ) -> None:  # fmt: skip
        self._pool, self._broker, self._store, self._doubts = pool, broker, store, doubts
        self._progress, self._observer = progress, observer
        self._pulse = observer.vitals.part(Part.CLOSER)

    async def run(self) -> None:
        while True:
            self._pulse.beat()
            try:
                if self._broker.is_connected:
                    await self._end_doubts()
                    await self._tell([JobEnd(**dict(row)) for row in await self._untold()])
            except (*BROKEN, Unavailable, nats.errors.Error) as error:
                self._observer.log.warning("jobs wait for their end", error=repr(error))
            await asyncio.sleep(EVERY_SECONDS)

    async def _untold(self) -> list[Any]:
        """Finished jobs whose job_completed died with the process that should have told it."""
        return [row async for row in QUERIES.untold_jobs(self._pool)]

    async def _end_doubts(self) -> None:
        """Finish jobs that only waited for receipts; send again what stays in doubt, if wanted."""
        in_doubt = await self._doubts.in_doubt()
        if not in_doubt:
            return
        lag_seconds, seen_at = await self._broker.waiting_seconds(RECEIPTS_STREAM), time.monotonic()
        for job_id, phone_number_id in in_doubt:
            self._pulse.beat()
            lag = lag_seconds + time.monotonic() - seen_at
            match await self._doubts.end(job_id, phone_number_id, lag):
                case JobEnd() as end:
                    self._observer.job_finished(end)
                    await self._tell([end])
                case JobMoved() as moved:
                    self._observer.job_moved(moved)
                    self._progress.tell(job_id, moved.event_no, [job_state(moved)])
                case None:
                    pass

    async def _tell(self, ends: list[JobEnd]) -> None:
        """All at once: where the stream of events takes nothing, each would wait for its time."""
        told = [self._progress.tell(end.job_id, end.event_no, [job_completed(end)]) for end in ends]
        if told:
            await is_told(told[-1], TELL_SECONDS)
        for end, out in zip(ends, told, strict=True):
            self._pulse.beat()
            if out.done() and out.result():
                await self._store.completion_told(end.job_id)
