"""One loop of a lane that is held: from the choice of the job to the news of how it went."""

import asyncio
import math
import random
import time
from collections.abc import Sequence
from typing import Final

import msgspec

from daemon.cloud_api import CloudApi
from daemon.entries import Entry
from daemon.lane import End, Lane, LoopRun
from daemon.lease import Lease
from daemon.ledger import Ledger
from daemon.observe import Observer
from daemon.pace import Pace, cold
from daemon.progress import (
    Progress,
    is_told,
    job_completed,
    loop_completed,
    loop_started,
    message_frames,
)
from daemon.store import Holding, LoopEnd, Store, Work, Written
from daemon.verdicts import RetryPolicy
from schemas.settings import Daemon

TELL_SECONDS: Final = 5.0  # the longest that a turn waits for its news to get out
MOST_SLOTS: Final = 1000
UNLIMITED_SLOTS: Final = 64  # where nothing limits the rate: more gains nothing (make bench)


class Later(msgspec.Struct, frozen=True):
    """The turn goes back, and comes again after a while."""

    after_seconds: float


class Idle(msgspec.Struct, frozen=True):
    """The lane has nothing to run: its turn may go."""


class Lost(msgspec.Struct, frozen=True):
    """The turn may be another's: neither ack nor nak it."""


Handover = Later | Idle | Lost


class Runner:
    """Runs loops of lanes that the caller holds."""

    def __init__(
        self, settings: Daemon, *, store: Store, cloud: CloudApi, progress: Progress,
        observer: Observer, stop: asyncio.Event,
    ) -> None:  # fmt: skip
        self._store, self._cloud, self._progress = store, cloud, progress
        self._observer, self._stop = observer, stop
        self._rate, self._pause_ms = settings.messages_per_second, settings.pause_ms
        self._slots = slots(settings)
        self._policy = RetryPolicy(
            settings.max_retries, settings.retry_base_ms / 1000, random.random
        )

    async def run(self, holding: Holding, lease: Lease) -> Handover:
        """The next loop of the lane's next job. Raises LaneLost, and what `ledger.BROKEN` names."""
        work = await self._store.begin_loop(holding)
        if work is None:
            await self._store.release_unused(holding)
            return Idle()
        pace = self._pace(holding)
        end = await self._run_loop(holding, work, pace, lease)
        if end is End.LEASE_LOST:
            self._observer.loop_ended(end)
            self._observer.log.warning("the turn is lost", job_id=str(work.job_id), loop=work.loop)
            return Lost()
        handover = await self._close_loop(holding, work, end)
        await self._store.release(holding, pace.ages(time.monotonic()))
        return handover

    async def _run_loop(self, holding: Holding, work: Work, pace: Pace, lease: Lease) -> End:
        log = self._observer.log.bind(job_id=str(work.job_id), loop=work.loop)
        log.info("loop started", loops=work.total_loops, size=work.size, left=len(work.waiting))
        if work.started_no is not None:
            self._progress.tell(work.job_id, work.started_no, [loop_started(work)])

        def tell(entries: Sequence[Entry], written: Written) -> None:
            first_no, frames = message_frames(work, entries, written)
            if frames:
                self._progress.tell(work.job_id, first_no, frames)

        lane = Lane(
            cloud=self._cloud, pace=pace, lease=lease, policy=self._policy, slots=self._slots,
            observer=self._observer, stop=self._stop,
        )  # fmt: skip
        async with Ledger(self._store, holding, work, tell=tell, log=log) as ledger:
            return await LoopRun(lane, holding, work, ledger).run()

    async def _close_loop(self, holding: Holding, work: Work, end: End) -> Handover:
        finished = None
        if end is End.COMPLETED:
            finished = await self._store.complete_loop(holding, work)
        if finished is None:
            self._observer.loop_ended(End.GIVEN_BACK)
            return Later(0.0)
        await self._tell_end(work, finished)
        if await self._store.next_order(holding.phone_number_id) is None:
            return Idle()
        return Later(self._pause_ms / 1000)

    async def _tell_end(self, work: Work, end: LoopEnd) -> None:
        """News of the loop, and with the last one of the job; waits until it is out."""
        frame = loop_completed(work, end, self._pause_ms)
        self._observer.loop_completed(work, end, frame.rate_per_second)
        told = self._progress.tell(work.job_id, end.event_no, [frame])
        if end.job:
            self._observer.job_finished(end.job)
            told = self._progress.tell(work.job_id, end.job.event_no, [job_completed(end.job)])
        if await is_told(told, TELL_SECONDS) and end.job:
            await self._store.completion_told(work.job_id)

    def _pace(self, holding: Holding) -> Pace:
        """The lane's pace, from what its last holder knew, or else from its last claim."""
        now = time.monotonic()
        if holding.leave_ages is not None:
            return Pace(self._rate, [now - age for age in holding.leave_ages])
        if holding.claimed_seconds_ago is not None:
            return Pace(self._rate, cold(self._rate, now - holding.claimed_seconds_ago))
        return Pace(self._rate)


def slots(settings: Daemon) -> int:
    """Requests that may await an answer at once: as set, or as many as the rate can need."""
    if settings.concurrency is not None:
        return settings.concurrency
    if settings.messages_per_second == 0:
        return UNLIMITED_SLOTS
    needed = settings.messages_per_second * settings.request_timeout_ms / 1000
    return max(1, min(MOST_SLOTS, math.ceil(needed)))
