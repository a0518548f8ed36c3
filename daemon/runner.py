"""One loop of a lane that is held: from the choice of the job to the news of how it went."""

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

import msgspec

from daemon.cloud_api import CloudApi
from daemon.entries import Entry
from daemon.lane import End, Lane, LoopRun
from daemon.lease import Lease
from daemon.ledger import BROKEN, Ledger, Tell
from daemon.loops import MOST_IDLE_TURNS, idle_wait_seconds, why_stopped
from daemon.observe import Observer
from daemon.pace import Pace, cold
from daemon.progress import (
    Progress,
    is_told,
    job_completed,
    job_state,
    loop_completed,
    loop_started,
    message_frames,
)
from daemon.rows import Begun, Holding, JobEnd, JobMoved, LoopEnd, Work, Written
from daemon.store import Store
from daemon.verdicts import RetryPolicy
from plumbing.failpoints import reach
from schemas.failpoints import FailPoint
from schemas.lease import CLAIM_SECONDS
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
Give = Callable[[], Awaitable[None]]


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

    async def run(self, holding: Holding, lease: Lease, give: Give) -> Handover:
        """The next loop of the lane's next job; `give` gives its turn back before the loop's end.

        Raises LaneLost, and what `ledger.BROKEN` names.
        """
        begun = await self._store.begin_loop(holding)
        if begun is None:
            await self._store.release_unused(holding)
            return Idle()
        if begun.loop is None or begun.idle_turns > MOST_IDLE_TURNS:
            return await self._stop_job(holding, begun)
        work = await self._store.work(begun)
        pace = self._pace(holding)
        lane = Lane(
            cloud=self._cloud, pace=pace, lease=lease, policy=self._policy, slots=self._slots,
            observer=self._observer, stop=self._stop,
            hand_over=partial(self._hand_over, holding, pace, give),
        )  # fmt: skip
        handover = await self._run_loop(holding, work, lane)
        if not isinstance(handover, Lost):
            await self._store.release(holding, pace.ages(time.monotonic()))
        return handover

    async def _hand_over(self, holding: Holding, pace: Pace, give: Give) -> None:
        """The answers that are still awaited are recorded late, as those of a lost turn are."""
        try:
            await self._store.release(holding, pace.ages(time.monotonic()))
        except BROKEN as error:
            self._observer.log.warning("a turn waits for PostgreSQL", error=repr(error))
        else:
            await give()

    async def _stop_job(self, holding: Holding, begun: Begun) -> Handover:
        """The job keeps getting nowhere: a person has to look. Other jobs of the lane go on."""
        reason = why_stopped(begun.loop and begun.loop["loop"], MOST_IDLE_TURNS)
        if moved := await self._store.stop_job(holding, begun, reason):
            self._observer.job_moved(moved)
            told = self._progress.tell(begun.job_id, moved.event_no, [job_state(moved)])
            await is_told(told, TELL_SECONDS)
        await self._store.release_unused(holding)
        return Later(0.0)

    async def _run_loop(self, holding: Holding, work: Work, lane: Lane) -> Handover:
        log = self._observer.log.bind(job_id=str(work.job_id), loop=work.loop)
        log.info("loop started", loops=work.total_loops, size=work.size, left=len(work.waiting))
        if work.started_no is not None:
            self._progress.tell(work.job_id, work.started_no, [loop_started(work)])
        ledger = Ledger(self._store, holding, work, tell=self._teller(work), log=log)
        async with ledger:
            end = await LoopRun(lane, holding, work, ledger).run()
        if end is End.COMPLETED and (finished := await self._store.complete_loop(holding, work)):
            return await self._after_loop(holding, work, finished)
        self._observer.loop_ended(End.GIVEN_BACK if end is End.COMPLETED else end)
        if end is End.LEASE_LOST:
            log.warning("the turn is lost", why=ledger.closed or "its lease is over")
        if end in (End.LEASE_LOST, End.HANDED_OVER):
            return Lost()
        if ledger.got_on or ledger.wanted != "run":
            return Later(0.0)
        if self._stop.is_set():
            await self._store.forgive_turn(work)
            return Later(0.0)
        return Later(idle_wait_seconds(work.idle_turns))

    def _teller(self, work: Work) -> Tell:
        def tell(entries: Sequence[Entry], written: Written) -> None:
            first_no, frames = message_frames(work, entries, written)
            if frames:
                self._progress.tell(work.job_id, first_no, frames)

        return tell

    async def _after_loop(self, holding: Holding, work: Work, end: LoopEnd) -> Handover:
        reach(FailPoint.LOOP_COMPLETED)
        await self._tell_end(work, end)
        if await self._store.next_order(holding.phone_number_id) is None:
            return Idle()
        return Later(self._pause_ms / 1000)

    async def _tell_end(self, work: Work, end: LoopEnd) -> None:
        """News of the loop, and with the last one of the job; waits until it is out."""
        frame = loop_completed(work, end, self._pause_ms)
        self._observer.loop_completed(work, end, frame.rate_per_second)
        told = self._progress.tell(work.job_id, end.event_no, [frame])
        match end.job:
            case JobEnd() as finished:
                self._observer.job_finished(finished)
                told = self._progress.tell(
                    work.job_id, finished.event_no, [job_completed(finished)]
                )
            case JobMoved() as moved:
                self._observer.job_moved(moved)
                told = self._progress.tell(work.job_id, moved.event_no, [job_state(moved)])
            case None:
                pass
        if await is_told(told, TELL_SECONDS) and isinstance(end.job, JobEnd):
            await self._store.completion_told(work.job_id)

    def _pace(self, holding: Holding) -> Pace:
        """The lane's pace, from what its last holder knew, or else from its last claim."""
        now = time.monotonic()
        if holding.leave_ages is not None:
            return Pace(self._rate, [now - age for age in holding.leave_ages])
        if holding.claimed_seconds_ago is not None:  # what was claimed then may have left later
            ago = max(0.0, holding.claimed_seconds_ago - CLAIM_SECONDS)
            return Pace(self._rate, cold(self._rate, now - ago))
        return Pace(self._rate)


def slots(settings: Daemon) -> int:
    """Requests that may await an answer at once: as set, or as many as the rate can need."""
    if settings.concurrency is not None:
        return settings.concurrency
    if settings.messages_per_second == 0:
        return UNLIMITED_SLOTS
    needed = settings.messages_per_second * settings.request_timeout_ms / 1000
    return max(1, min(MOST_SLOTS, math.ceil(needed)))
