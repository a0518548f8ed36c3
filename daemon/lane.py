"""The story of a loop: wait for the pace, claim, send, record, tell. Start reading here.

A message is written down as claimed before its request is written, and its outcome before anyone
is told. Messages leave in order: the next one does not leave before this one's first byte did.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from daemon.cloud_api import CloudApi, Departure
from daemon.lease import Lease
from daemon.ledger import CLAIM_SECONDS, ClaimRefused, Closed, Ledger
from daemon.loops import LoopPlan
from daemon.observe import Observer
from daemon.pace import Pace
from daemon.store import Entry, Holding, Work
from daemon.verdicts import Again, Fail, InDoubt, RetryPolicy, Sent, Verdict, judge
from plumbing.tasks import end as end_task
from schemas.messages import Message, MessageTag
from schemas.meta import request_body
from schemas.outcomes import Outcome

DRAIN_SECONDS: Final = 25.0  # the longest wait for what is in flight
LONGEST_NAP_SECONDS: Final = 1.0
MOST_CLAIMS: Final = 64  # in one go, where nothing limits the rate
CLAIM_AHEAD_SECONDS: Final = 0.01  # of the pace, where a step is shorter than a write takes
HABIT: Final = 0.1  # weight of the newest message in the average of who waits for whom


class End(StrEnum):
    """How a loop ended, and so what becomes of its turn."""

    COMPLETED = "completed"  # nothing of it is left to send
    GIVEN_BACK = "given_back"  # asked to stop: another daemon goes on at once
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
    clock: Callable[[], float] = time.monotonic


class LoopRun:
    """One loop of one job, from its first due message to its last outcome."""

    def __init__(self, lane: Lane, holding: Holding, work: Work, ledger: Ledger) -> None:
        self._lane, self._holding, self._work, self._ledger = lane, holding, work, ledger
        now = lane.clock()
        self._plan = LoopPlan(message for message, due_in in work.waiting if due_in <= 0)
        for message, due_in in work.waiting:
            if due_in > 0:
                self._plan.postpone(message, now + due_in)
        self._requests: set[asyncio.Task[None]] = set()
        self._answered = asyncio.Event()
        self._held_until = float("-inf")
        self._holds = 0  # in a row: throttled, or not one byte could be written
        self._behind = 0.0  # share of the last messages that waited for a slot, not for the pace

    async def run(self) -> End:
        """Send what is due until the loop is done or must end; then wait for the answers."""
        stop = asyncio.create_task(self._lane.stop.wait())
        stop.add_done_callback(lambda _: self._answered.set())
        try:
            end = await self._send_what_is_due()
        finally:
            await self._await_answers()
            stop.cancel()
        if end is End.COMPLETED and not self._plan.is_done:
            end = self._must_end() or End.GIVEN_BACK
        return end

    async def _send_what_is_due(self) -> End:
        while not self._plan.is_done:
            if end := self._must_end():
                return end
            self._lane.lease.step()
            if await self._waited():
                continue
            if end := await self._send_batch():
                return end
        return End.COMPLETED

    def _must_end(self) -> End | None:
        if self._ledger.closed is Closed.FENCED or self._lane.lease.is_over:
            return End.LEASE_LOST
        if self._lane.stop.is_set() or self._ledger.closed or self._ledger.wanted != "run":
            return End.GIVEN_BACK
        return None

    async def _waited(self) -> bool:
        """Wait for whatever keeps the next message: its due time, a free slot, the pace."""
        now = self._lane.clock()
        due_at = self._plan.next_at(now)
        if due_at is None or len(self._requests) >= self._lane.slots:
            await self._nap(LONGEST_NAP_SECONDS)
            return True
        ready_at = max(due_at, self._held_until)
        pace_at = self._lane.pace.next_at()
        if ready_at > now:
            self._ledger.limited_by = "throttled" if self._held_until > now else "retry"
            await self._nap(ready_at - now)
            return True
        if pace_at > now:
            self._lane.observer.waited_for_pace(min(pace_at - now, LONGEST_NAP_SECONDS))
            await self._nap(pace_at - now)
            return True
        self._note_who_limits(now - pace_at)
        return False

    def _note_who_limits(self, late_seconds: float) -> None:
        """A message that the pace would have let go half a step ago waited for something else."""
        step = self._lane.pace.step_seconds
        late = 1.0 if step and late_seconds > step / 2 else 0.0
        if late_seconds != float("inf"):
            self._behind += HABIT * (late - self._behind)
        limit = "latency" if self._behind > 0.5 else "rate"
        self._ledger.limited_by = limit if step else None

    async def _nap(self, seconds: float) -> None:
        """Until an answer comes, or a while at most."""
        self._answered.clear()
        if self._lane.stop.is_set():
            return
        try:
            async with asyncio.timeout(min(seconds, LONGEST_NAP_SECONDS)):
                await self._answered.wait()
        except TimeoutError:
            pass

    async def _send_batch(self) -> End | None:
        """Claim what the pace is about to let go, and let each go at its time."""
        claimed_at = self._lane.clock()
        batch = self._plan.take(claimed_at, self._batch_size())
        try:
            claimed = await self._ledger.claim(batch)
        except ClaimRefused:
            return self._must_end() or End.GIVEN_BACK
        for _ in range(len(batch) - len(claimed)):
            self._plan.settle()  # somebody else moved it on: canceled, or skipped
        for number, message in enumerate(claimed):
            if self._held_until > self._lane.clock() or self._must_end():
                await self._put_back(claimed[number:])
                break
            await self._let_go(message, claimed_at + CLAIM_SECONDS)
        return None

    async def _put_back(self, messages: Sequence[Message]) -> None:
        """Claimed, and not one byte of them has left: they wait in the queue again."""
        now = self._lane.clock()
        for message in messages:
            self._plan.again(message, now)
        await asyncio.gather(*(self._ledger.record(_unsent(message)) for message in messages))

    def _batch_size(self) -> int:
        free = self._lane.slots - len(self._requests)
        step = self._lane.pace.step_seconds
        ahead = MOST_CLAIMS if step == 0 else max(1, int(CLAIM_AHEAD_SECONDS / step))
        return max(1, min(free, ahead))

    async def _let_go(self, message: Message, until: float) -> None:
        """Start the request at its time; returns when its first byte has left, or cannot."""
        await asyncio.sleep(self._lane.pace.next_at() - self._lane.clock())
        departure = Departure(
            may_leave=lambda: self._may_leave(until),
            on_leave=lambda: self._lane.pace.leave(self._lane.clock()),
        )
        task = asyncio.create_task(self._send(message, departure))
        self._requests.add(task)
        task.add_done_callback(self._on_answered)
        await departure.settled.wait()

    def _may_leave(self, until: float) -> bool:
        in_time = self._lane.clock() < min(until, self._lane.lease.deadline)
        return in_time and self._ledger.closed is not Closed.FENCED

    async def _send(self, message: Message, departure: Departure) -> None:
        tag = MessageTag(self._work.job_id, message.seq, message.attempt).encode()
        try:
            body = request_body(self._work.content, message.recipient, message.variables, tag)
            with self._lane.observer.request() as took:
                outcome = await self._lane.cloud.send(
                    self._holding.phone_number_id, body, departure
                )
                took(outcome)
        finally:
            departure.settled.set()
        verdict = judge(outcome, message.retries, self._holds, self._lane.policy)
        self._note_hold(verdict)
        await self._ledger.record(entry_of(message, outcome, verdict))
        self._settle(message, verdict)

    def _note_hold(self, verdict: Verdict) -> None:
        if isinstance(verdict, Again) and verdict.holds_lane:
            now = self._lane.clock()
            if now >= self._held_until:  # what was in flight together is one sign, not many
                self._holds += 1
            self._held_until = max(self._held_until, now + verdict.after_seconds)
        elif isinstance(verdict, Sent):
            self._holds = 0

    def _settle(self, message: Message, verdict: Verdict) -> None:
        if isinstance(verdict, Again):
            retries = message.retries + verdict.counts
            again = msgspec.structs.replace(message, retries=retries)
            due_at = self._lane.clock() + verdict.after_seconds
            # Held with its lane, it is the first to leave when the lane goes on.
            self._plan.again(again, self._held_until if verdict.holds_lane else due_at)
        else:
            self._plan.settle()

    def _on_answered(self, task: asyncio.Task[None]) -> None:
        self._requests.discard(task)
        self._answered.set()
        if not task.cancelled() and (error := task.exception()):
            self._lane.observer.log.error("a send broke; its outcome is unknown", exc_info=error)
            self._lane.lease.end()

    async def _await_answers(self) -> None:
        deadline = self._lane.clock() + DRAIN_SECONDS
        while self._requests and (left := deadline - self._lane.clock()) > 0:
            self._lane.lease.step()
            await asyncio.wait(self._requests, timeout=min(left, LONGEST_NAP_SECONDS))
        await asyncio.gather(*(end_task(task) for task in self._requests))


def entry_of(message: Message, outcome: Outcome, verdict: Verdict) -> Entry:
    """The row that the ledger writes for a verdict."""
    seq, to, attempt, retries = (
        message.seq, message.recipient, message.attempt, message.retries,
    )  # fmt: skip
    error = getattr(outcome, "error", None)
    refusal = {"code": error.code, "title": error.title, "details": error.details} if error else {}
    match verdict:
        case Sent(message_id=message_id, message_status=status):
            return Entry(
                seq, to, attempt, "sent", retries, message_id=message_id, message_status=status
            )
        case Fail():
            return Entry(seq, to, attempt, "failed", retries, **refusal)
        case InDoubt(reason=reason, details=details):
            return Entry(seq, to, attempt, "unknown", retries, reason=reason, details=details)
        case Again(after_seconds=wait, reason=why, counts=counts):
            return Entry(
                seq,
                to,
                attempt,
                "queued",
                retries + counts,
                **refusal,
                reason=why,
                wait_seconds=wait,
            )


def _unsent(message: Message) -> Entry:
    return Entry(message.seq, message.recipient, message.attempt, "queued", message.retries)
