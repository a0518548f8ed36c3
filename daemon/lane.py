"""The story of a loop: wait for the pace, claim, send, record, tell. Start reading here.

A message is written down as claimed before its request is written, and its outcome before anyone
is told. Messages leave in order: the next one does not leave before this one's first byte did.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Final

import msgspec

from daemon.cloud_api import CloudApi, Departure
from daemon.entries import entry_of, unsent
from daemon.hold import HABIT, Hold, Limit
from daemon.lease import Lease
from daemon.ledger import ClaimRefused, Closed, Crashed, Ledger
from daemon.loops import LoopPlan
from daemon.observe import Observer
from daemon.pace import Pace
from daemon.rows import Holding, Work
from daemon.verdicts import Again, InDoubt, RetryPolicy, Verdict, judge
from plumbing.failpoints import reach
from plumbing.tasks import end as end_task
from schemas.failpoints import FailPoint
from schemas.lease import CLAIM_SECONDS
from schemas.messages import Message, MessageTag
from schemas.meta import request_body
from schemas.outcomes import Outcome

DRAIN_SECONDS: Final = 25.0  # the longest wait for what is in flight
PATIENCE_SECONDS: Final = 0.5  # of a daemon that stops: then its turn goes on without its answers
LONGEST_NAP_SECONDS: Final = 1.0
MOST_CLAIMS: Final = 64  # in one go
# A message is claimed as long before it may leave as claims take: a crash leaves it in doubt.
FIRST_LEAD_SECONDS: Final = 0.003
LONGEST_LEAD_SECONDS: Final = 0.01
LOST: Final = frozenset({Closed.FENCED, Closed.CRASHED})


class End(StrEnum):
    """How a loop ended, and so what becomes of its turn."""

    COMPLETED = "completed"  # nothing of it is left to send
    GIVEN_BACK = "given_back"  # asked to stop: another daemon goes on at once
    HANDED_OVER = "handed_over"  # so, and it went on while answers were still awaited here
    LEASE_LOST = "lease_lost"  # another daemon may hold the turn: touch it no more


class Lane(msgspec.Struct, frozen=True):
    """What a loop is run with: everything that acts, handed in."""

    cloud: CloudApi
    pace: Pace
    lease: Lease
    policy: RetryPolicy
    slots: int  # requests that may await Meta's answer at once
    observer: Observer
    stop: asyncio.Event
    hand_over: Callable[[], Awaitable[None]]  # gives the turn back before all answers are in
    clock: Callable[[], float] = time.monotonic


class Claimed(msgspec.Struct, frozen=True):
    """A message that is written down as being sent, and until when it may leave."""

    message: Message
    until: float


class LoopRun:
    """One loop of one job, from its first due message to its last outcome."""

    def __init__(self, lane: Lane, holding: Holding, work: Work, ledger: Ledger) -> None:
        self._lane, self._holding, self._work, self._ledger = lane, holding, work, ledger
        now = lane.clock()
        self._plan = LoopPlan(message for message, due_in in work.waiting if due_in <= 0)
        for message, due_in in work.waiting:
            if due_in > 0:
                self._plan.postpone(message, now + due_in)
        self._claiming: asyncio.Task[None] | None = None
        self._claimed: deque[Claimed] = deque()  # may leave as soon as a slot and the pace let it
        self._in_flight = 0  # requests that await their answer
        self._sends: set[asyncio.Task[None]] = set()  # those, and answers not yet recorded
        self._changed = asyncio.Event()  # a claim, an answer, an outcome written, or a stop
        self._is_handed_over = False
        self._hold = Hold()
        self._answer_seconds = 1.0  # how long Meta takes, as an average
        self._lead_seconds = FIRST_LEAD_SECONDS
        self._limit = Limit()

    async def run(self) -> End:
        """Send what is due until the loop is done or must end; then wait for the answers."""
        stop = asyncio.create_task(self._lane.stop.wait())
        stop.add_done_callback(lambda _: self._changed.set())
        try:
            end = await self._send_what_is_due()
        finally:
            with contextlib.suppress(Crashed):  # said already; what it leaves is settled later
                await self._put_back()
            await self._await_answers()
            stop.cancel()
        if self._is_handed_over:
            return End.HANDED_OVER
        if self._ledger.closed or not self._plan.is_done:
            return self._must_end() or End.GIVEN_BACK
        return end

    async def _send_what_is_due(self) -> End:
        while not self._plan.is_done:
            if end := self._must_end():
                return end
            self._lane.lease.step()
            now = self._lane.clock()
            if self._hold.until > now:
                await self._put_back()
            self._claim_ahead(now)
            if (wait_seconds := self._wait_seconds(now)) > 0:
                await self._nap(wait_seconds)
            else:
                await self._let_go(self._claimed.popleft())
        return End.COMPLETED

    def _must_end(self) -> End | None:
        if self._ledger.closed in LOST or self._lane.lease.is_over:
            return End.LEASE_LOST
        if self._lane.stop.is_set() or self._ledger.closed or self._ledger.wanted != "run":
            return End.GIVEN_BACK
        return None

    def _claim_ahead(self, now: float) -> None:
        """Begin to claim what is about to leave, so that the pace does not wait for a write."""
        most = self._claimable(now)
        enough = most >= 1 if self._lane.pace.step_seconds else most > len(self._claimed)
        if self._claiming is None and enough and (batch := self._plan.take(now, most)):
            self._claiming = asyncio.create_task(self._claim(batch, now + CLAIM_SECONDS))

    def _claimable(self, now: float) -> int:
        """How many more may be claimed: no earlier than the pace and the slots are about to need.

        A claimed message is in doubt if we die now, so with one slot none is claimed ahead.
        """
        if self._hold.until > now:
            return 0
        slots, step = self._lane.slots, self._lane.pace.step_seconds
        lead = self._lead_seconds
        soon_free = int(self._in_flight * lead / self._answer_seconds)
        room = slots - self._in_flight + min(soon_free, slots // 2)
        if step:
            ahead = now + lead - self._lane.pace.next_at()
            room = min(room, 1 + int(min(ahead, lead) / step) if ahead >= 0 else 0)
        return min(room - len(self._claimed), MOST_CLAIMS)

    async def _claim(self, batch: list[Message], until: float) -> None:
        began = self._lane.clock()
        try:
            claimed = await self._ledger.claim(batch)
        except ClaimRefused:
            claimed = []
        took = min(LONGEST_LEAD_SECONDS, self._lane.clock() - began)
        self._lead_seconds += HABIT * (took - self._lead_seconds)
        for _ in range(len(batch) - len(claimed)):
            self._plan.settle()  # not ours to send any more: canceled, skipped, or the lane is lost
        self._claimed.extend(Claimed(message, until) for message in claimed)
        self._claiming = None
        self._changed.set()

    def _wait_seconds(self, now: float) -> float:
        """Until the next message may leave; 0: the first claimed one may now."""
        if self._hold.until > now:
            self._ledger.limited_by = self._hold.by
            return self._hold.until - now
        if not self._claimed:
            return self._wait_for_a_claim(now)
        if self._in_flight >= self._lane.slots:
            return LONGEST_NAP_SECONDS
        wait = self._lane.pace.next_at() - now
        if wait > 0:
            self._lane.observer.waited_for_pace(min(wait, LONGEST_NAP_SECONDS))
        else:
            self._ledger.limited_by = self._limit.note(-wait, self._lane.pace.step_seconds)
        return wait

    def _wait_for_a_claim(self, now: float) -> float:
        due_at = self._plan.next_at(now)
        if self._claiming or due_at is None:
            return LONGEST_NAP_SECONDS
        if due_at > now:
            self._ledger.limited_by = "retry"
            return due_at - now
        until_pace = self._lane.pace.next_at() - self._lead_seconds - now
        return until_pace if until_pace > 0 else LONGEST_NAP_SECONDS

    async def _nap(self, seconds: float) -> None:
        """Until something changes, or a while at most."""
        self._changed.clear()
        if self._lane.stop.is_set():
            return
        try:
            async with asyncio.timeout(min(seconds, LONGEST_NAP_SECONDS)):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def _put_back(self) -> None:
        """Claimed, and not one byte of them has left: they wait in the queue again."""
        if self._claiming:
            await self._claiming
        messages = [claimed.message for claimed in self._claimed]
        self._claimed.clear()
        for message in messages:
            self._plan.again(message, self._hold.until)
        await asyncio.gather(*(self._ledger.record(unsent(message)) for message in messages))

    async def _let_go(self, claimed: Claimed) -> None:
        """Start the request; returns when its first byte has left, or cannot."""
        departure = Departure(
            may_leave=lambda: self._may_leave(claimed.until),
            on_leave=self._lane.pace.leave,
            clock=self._lane.clock,
        )
        self._in_flight += 1
        task = asyncio.create_task(self._send(claimed.message, departure))
        self._sends.add(task)
        task.add_done_callback(self._on_sent)
        await departure.settled.wait()

    def _may_leave(self, until: float) -> bool:
        in_time = self._lane.clock() < min(until, self._lane.lease.deadline)
        return in_time and self._ledger.closed not in LOST

    async def _send(self, message: Message, departure: Departure) -> None:
        try:
            outcome = await self._ask(message, departure)
        finally:
            departure.settled.set()
            self._in_flight -= 1
            self._changed.set()
        reach(FailPoint.ANSWER_READ)
        verdict = judge(outcome, message.retries, self._hold.in_a_row, self._lane.policy)
        self._note_hold(outcome, verdict)
        await self._ledger.record(entry_of(message, outcome, verdict))
        if isinstance(verdict, InDoubt):
            self._lane.observer.in_doubt(self._work, message, verdict)
        self._settle(message, verdict)

    async def _ask(self, message: Message, departure: Departure) -> Outcome:
        tag = MessageTag(self._work.job_id, message.seq, message.attempt).encode()
        body = request_body(self._work.content, message.recipient, message.variables, tag)
        with self._lane.observer.request() as count:
            outcome = await self._lane.cloud.send(self._holding.phone_number_id, body, departure)
            count(outcome)
        if departure.left_at is not None:
            took = max(0.001, self._lane.clock() - departure.left_at)
            self._answer_seconds += HABIT * (took - self._answer_seconds)
        return outcome

    def _note_hold(self, outcome: Outcome, verdict: Verdict) -> None:
        if self._hold.note(outcome, verdict, self._lane.clock()):
            assert isinstance(verdict, Again)
            self._lane.observer.lane_held(self._work, self._hold.by, verdict)
        if isinstance(verdict, Again) and verdict.holds_lane:
            self._ledger.limited_by = self._hold.by

    def _settle(self, message: Message, verdict: Verdict) -> None:
        if isinstance(verdict, Again):
            retries = message.retries + verdict.counts
            again = msgspec.structs.replace(message, retries=retries)
            due_at = self._lane.clock() + verdict.after_seconds
            # Held with its lane, it is the first to leave when the lane goes on.
            self._plan.again(again, self._hold.until if verdict.holds_lane else due_at)
        else:
            self._plan.settle()

    def _on_sent(self, task: asyncio.Task[None]) -> None:
        self._sends.discard(task)
        self._changed.set()
        if not task.cancelled() and (error := task.exception()):
            self._lane.observer.log.error("a send broke; its outcome is unknown", exc_info=error)
            self._lane.lease.end()

    async def _await_answers(self) -> None:
        began = self._lane.clock()
        while self._sends and (waited := self._lane.clock() - began) < DRAIN_SECONDS:
            self._lane.lease.step()
            if waited >= PATIENCE_SECONDS and self._may_hand_over:
                self._is_handed_over = True
                await self._lane.hand_over()
            await asyncio.wait(self._sends, timeout=PATIENCE_SECONDS / 2)
        await asyncio.gather(*(end_task(task) for task in self._sends))

    @property
    def _may_hand_over(self) -> bool:
        """Not with one slot: the next message waits for this one's answer, whoever sends it."""
        is_stopping = self._lane.stop.is_set() and self._must_end() is End.GIVEN_BACK
        return is_stopping and self._lane.slots > 1 and not self._is_handed_over
