"""One loop of a lane that is held: from the choice of the job to the news of how it went."""

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final
from uuid import UUID

import msgspec

from daemon.cloud_api import CloudApi
from daemon.entries import Entry
from daemon.hold import Hold
from daemon.lane import LONGEST_REST_SECONDS, End, LoopRun
from daemon.lease import Lease
from daemon.ledger import BROKEN, Ledger, Tell
from daemon.limits import MessagingLimits
from daemon.loops import MOST_IDLE_TURNS, idle_wait_seconds, why_stopped
from daemon.observe import Observer
from daemon.openings import Openings
from daemon.outfit import Outfit
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
from daemon.rests import Rests
from daemon.rows import Begun, Holding, JobEnd, JobMoved, LoopEnd, Work, Written
from daemon.stops import Stops
from daemon.store import Store
from daemon.tempo import Tempo
from daemon.verdicts import RetryPolicy
from daemon.warden import ASK_AGAIN_SECONDS, Warden
from plumbing.failpoints import reach
from plumbing.logs import about
from schemas import metrics
from schemas.failpoints import FailPoint
from schemas.jobs import Template
from schemas.lease import CLAIM_SECONDS
from schemas.settings import Daemon
from schemas.vitals import Part

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
        self, settings: Daemon, *, store: Store, stops: Stops, limits: MessagingLimits,
        cloud: CloudApi, progress: Progress, observer: Observer, stop: asyncio.Event,
    ) -> None:  # fmt: skip
        self._store, self._stops, self._limits = store, stops, limits
        self._cloud, self._progress, self._keeper = cloud, progress, cloud.keeper
        self._observer, self._stop = observer, stop
        self._rate, self._pause_ms = settings.messages_per_second, settings.pause_ms
        self._slots = slots(settings)
        self._rests = Rests(store, self._pause_of)
        self._policy = RetryPolicy(
            settings.max_retries, settings.retry_base_ms / 1000, random.random
        )

    async def run(self, holding: Holding, lease: Lease, give: Give) -> Handover:
        """The next loop of the lane's next job; `give` gives its turn back before the loop's end.

        Raises LaneLost, and what `ledger.BROKEN` names.
        """
        if holding.held_seconds > LONGEST_REST_SECONDS:
            await self._store.release_unused(holding)
            return Later(min(holding.held_seconds, ASK_AGAIN_SECONDS))
        begun = await self._store.begin_loop(holding)
        lease.pulse.beat()
        if begun is None:
            await self._store.release_unused(holding)
            return await self._until_due(holding)
        loop = begun.loop and begun.loop["loop"]
        with about(job_id=str(begun.job_id), trace=begun.trace, loop=loop):
            return await self._go_on(holding, begun, lease, give)

    async def _go_on(self, holding: Holding, begun: Begun, lease: Lease, give: Give) -> Handover:
        self._tell_resumed(begun)
        if begun.end:
            return await self._after_the_end(holding, begun)
        if begun.rests:
            await self._store.release_unused(holding)
            return Later(0.0)
        if begun.loop is None or begun.idle_turns > MOST_IDLE_TURNS:
            return await self._stop_job(holding, begun)
        work = await self._store.work(begun)
        openings = Openings(work.window, work.now_at, work.read_at)
        await asyncio.to_thread(openings.look_up, [message for message, _ in work.waiting])
        outfit = self._outfit(holding, work, lease, give, openings)
        lease.pulse.beat()
        handover = await self._run_loop(holding, work, outfit)
        lease.pulse.beat()
        if not isinstance(handover, Lost):
            await self._store.release(holding, outfit.pace.ages(time.monotonic()))
        return handover

    def _outfit(
        self, holding: Holding, work: Work, lease: Lease, give: Give, openings: Openings
    ) -> Outfit:
        """What the loop is run with; what the last holder learned of the number goes on."""
        now, hold = time.monotonic(), Hold()
        if holding.held_seconds:
            hold.rest(now + holding.held_seconds, holding.held_by or "throttled")
        rate = self._keeper.book.per_second(holding.phone_number_id, self._rate)
        tempo = Tempo(rate, holding.slowed, now, work.per_second)
        pace = self._pace(holding, rate)
        pace.retune(tempo.per_second(now))
        warden = Warden(
            holding, work, store=self._store, stops=self._stops, progress=self._progress,
            observer=self._observer, keeper=self._keeper,
        )  # fmt: skip
        return Outfit(
            cloud=self._cloud, pace=pace, tempo=tempo, hold=hold, openings=openings, lease=lease,
            policy=self._policy, slots=self._slots, warden=warden, observer=self._observer,
            stop=self._stop, hand_over=partial(self._hand_over, holding, pace, give),
        )  # fmt: skip

    def _pause_of(self, phone_number_id: str) -> int:
        """Milliseconds between two loops of a number."""
        return self._keeper.book.pause_ms(phone_number_id, self._pause_ms)

    def _tell_resumed(self, begun: Begun) -> None:
        if resumed := begun.resumed:
            self._observer.job_moved(resumed)
            self._progress.tell(begun.job_id, resumed.event_no, [job_state(resumed)])

    async def _after_the_end(self, holding: Holding, begun: Begun) -> Handover:
        """A resumed job that had nothing left to send."""
        assert begun.end is not None
        await self._tell_job(begun.job_id, begun.end)
        await self._store.release_unused(holding)
        return Later(0.0)

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
            self._observer.stalled(moved)
            told = self._progress.tell(begun.job_id, moved.event_no, [job_state(moved)])
            await is_told(told, TELL_SECONDS)
        await self._store.release_unused(holding)
        return Later(0.0)

    async def _run_loop(self, holding: Holding, work: Work, outfit: Outfit) -> Handover:
        log = self._observer.log
        log.info("loop started", loops=work.total_loops, size=work.size, left=len(work.waiting))
        if work.started_no is not None:
            self._progress.tell(work.job_id, work.started_no, [loop_started(work)])
        ledger = Ledger(
            self._store, holding, work, tell=self._teller(work), log=log,
            people_limit=await self._people_limit(holding, work),
        )  # fmt: skip
        with (
            self._observer.vitals.watching(Part.LEDGER, holding.phone_number_id) as ledger.pulse,
            self._observer.meters[metrics.LOOPS_RUNNING].track_inprogress(),
        ):
            async with ledger:
                run = LoopRun(outfit, holding, work, ledger)
                end = await run.run()
        outfit.lease.pulse.beat()
        if end is End.COMPLETED and (finished := await self._store.complete_loop(holding, work)):
            return await self._after_loop(holding, work, finished)
        self._observer.loop_ended(End.GIVEN_BACK if end is End.COMPLETED else end)
        if end is End.LEASE_LOST:
            log.warning("the turn is lost", why=ledger.closed or "its lease is over")
        if end in (End.LEASE_LOST, End.HANDED_OVER):
            return Lost()
        if end is End.WAITING:
            await self._rests.postpone(holding, work, run.rest_seconds, outfit.openings)
            return await self._next(holding, pauses=ledger.got_on)
        return await self._soon(work, end, ledger, outfit)

    async def _people_limit(self, holding: Holding, work: Work) -> int | None:
        """Free text goes to people who wrote first: Meta does not count them."""
        if not isinstance(work.content, Template):
            return None
        people = await self._limits.people(holding.phone_number_id)
        self._observer.meters[metrics.MESSAGING_LIMIT].set(people or 0)
        await self._rests.note_people_limit(holding.phone_number_id, people)
        return people

    async def _soon(self, work: Work, end: End, ledger: Ledger, outfit: Outfit) -> Handover:
        """When a loop that is not through goes on; a turn that got nowhere counts against it."""
        rest_seconds = outfit.hold.seconds(time.monotonic()) if end is End.HELD else 0.0
        is_excused = end in (End.HELD, End.STOPPED) or self._stop.is_set()
        is_excused = is_excused or ledger.wanted != "run"
        if ledger.got_on:
            return Later(min(rest_seconds, ASK_AGAIN_SECONDS))
        if is_excused:
            await self._store.forgive_turn(work)
            return Later(min(rest_seconds, ASK_AGAIN_SECONDS))
        return Later(idle_wait_seconds(work.idle_turns))

    def _teller(self, work: Work) -> Tell:
        def tell(entries: Sequence[Entry], written: Written) -> None:
            self._observer.recorded(entries)
            first_no, frames = message_frames(work, entries, written)
            if frames:
                self._progress.tell(work.job_id, first_no, frames)

        return tell

    async def _after_loop(self, holding: Holding, work: Work, end: LoopEnd) -> Handover:
        reach(FailPoint.LOOP_COMPLETED)
        await self._tell_end(work, end)
        if not end.job:
            await self._rests.pause(holding, work)
        return await self._next(holding)

    async def _next(self, holding: Holding, *, pauses: bool = True) -> Handover:
        """After a loop the number pauses, if it has anything left to send."""
        if await self._store.next_order(holding.phone_number_id) is None:
            return await self._until_due(holding)
        return Later(self._pause_of(holding.phone_number_id) / 1000 if pauses else 0.0)

    async def _until_due(self, holding: Holding) -> Handover:
        """A lane with nothing to run now may have something that waits."""
        seconds = await self._rests.due_seconds(holding.phone_number_id)
        return Idle() if seconds is None else Later(seconds)

    async def _tell_end(self, work: Work, end: LoopEnd) -> None:
        """News of the loop, and with the last one of the job; waits until it is out."""
        frame = loop_completed(work, end, self._rests.pause_ms(work))
        self._observer.loop_completed(work, end, frame.rate_per_second)
        told = self._progress.tell(work.job_id, end.event_no, [frame])
        if end.job:
            await self._tell_job(work.job_id, end.job)
        else:
            await is_told(told, TELL_SECONDS)

    async def _tell_job(self, job_id: UUID, end: JobEnd | JobMoved) -> None:
        if isinstance(end, JobMoved):
            self._observer.job_moved(end)
            told = self._progress.tell(job_id, end.event_no, [job_state(end)])
            await is_told(told, TELL_SECONDS)
            return
        self._observer.job_finished(end)
        told = self._progress.tell(job_id, end.event_no, [job_completed(end)])
        if await is_told(told, TELL_SECONDS):
            await self._store.completion_told(job_id)

    def _pace(self, holding: Holding, rate: float) -> Pace:
        """The lane's pace, from what its last holder knew, or else from its last claim."""
        now = time.monotonic()
        if holding.leave_ages is not None:
            return Pace(rate, [now - age for age in holding.leave_ages])
        if holding.claimed_seconds_ago is not None:  # what was claimed then may have left later
            ago = max(0.0, holding.claimed_seconds_ago - CLAIM_SECONDS)
            return Pace(rate, cold(rate, now - ago))
        return Pace(rate)


def slots(settings: Daemon) -> int:
    """Requests that may await an answer at once: as set, or as many as the rate can need."""
    if settings.concurrency is not None:
        return settings.concurrency
    if settings.messages_per_second == 0:
        return UNLIMITED_SLOTS
    needed = settings.messages_per_second * settings.request_timeout_ms / 1000
    return max(1, min(MOST_SLOTS, math.ceil(needed)))
