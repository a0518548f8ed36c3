"""The attempts of one loop: each is let go, answered, judged, recorded, and seen to."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from daemon.claims import Claimed, Demand
from daemon.cloud_api import Departure
from daemon.entries import entry_of
from daemon.hold import HABIT, Sign
from daemon.ledger import Closed, Ledger
from daemon.loops import LoopPlan
from daemon.outfit import Outfit
from daemon.rows import Holding, Slowed, Work
from daemon.verdicts import Again, Case, InDoubt, Sent, Stop, Verdict, judge, keeps_probing
from plumbing.failpoints import hang, reach
from plumbing.tasks import end as end_task
from schemas.failpoints import FailPoint
from schemas.messages import Message, MessageTag
from schemas.meta import request_body
from schemas.outcomes import Outcome

DRAIN_SECONDS: Final = 25.0  # the longest wait for what is in flight
PATIENCE_SECONDS: Final = 0.5  # of a daemon that stops: then its turn goes on without its answers
MOST_IN_A_ROW: Final = 3  # holds, before another message is tried first
BEHIND_SECONDS: Final = 10.0
LOST: Final = frozenset({Closed.FENCED, Closed.CRASHED})


class Attempts:
    """Requests on their way, and what their answers tell of all that follow.

    `changed` is set when a place is free or an answer has been dealt with.
    """

    def __init__(
        self, outfit: Outfit, holding: Holding, work: Work, *,
        ledger: Ledger, plan: LoopPlan, changed: asyncio.Event,
    ) -> None:  # fmt: skip
        self._outfit, self._holding, self._work = outfit, holding, work
        self._ledger, self._plan, self._changed = ledger, plan, changed
        self._in_flight = 0  # requests that await their answer
        self._sends: set[asyncio.Task[None]] = set()  # those, and answers not yet recorded
        self._answer_seconds = 1.0  # how long Meta takes, as an average
        self._is_probing, self._is_proven = work.needs_probe, work.is_proven
        self.stopped: Stop | None = None  # Meta says no to more than one message

    @property
    def are_full(self) -> bool:
        return self._in_flight >= self._outfit.slots

    def demand(self) -> Demand:
        """What room there is for more."""
        return Demand(self._in_flight, self._outfit.slots, self._answer_seconds, self._is_probing)

    async def let_go(self, claimed: Claimed) -> None:
        """Start the request; returns when its first byte has left, or cannot."""
        departure = Departure(
            may_leave=lambda: self._may_leave(claimed.until),
            on_leave=self._outfit.pace.leave,
            clock=self._outfit.clock,
        )
        self._in_flight += 1
        task = asyncio.create_task(self._send(claimed.message, departure))
        self._sends.add(task)
        task.add_done_callback(self._on_sent)
        await departure.settled.wait()

    async def answered(self, on_patience: Callable[[], Awaitable[None]]) -> None:
        """Wait until all are, or for long enough; `on_patience` is called while it takes long."""
        began = self._outfit.clock()
        while self._sends and (waited := self._outfit.clock() - began) < DRAIN_SECONDS:
            self._outfit.lease.step()
            if waited >= PATIENCE_SECONDS:
                await on_patience()
            await asyncio.wait(self._sends, timeout=PATIENCE_SECONDS / 2)
        await asyncio.gather(*(end_task(task) for task in self._sends))

    def _may_leave(self, until: float) -> bool:
        in_time = self._outfit.clock() < min(until, self._outfit.lease.deadline)
        return in_time and not self.stopped and self._ledger.closed not in LOST

    async def _send(self, message: Message, departure: Departure) -> None:
        try:
            outcome = await self._ask(message, departure)
        finally:
            departure.settled.set()
            self._in_flight -= 1
            self._changed.set()
        reach(FailPoint.ANSWER_READ)
        in_a_row = self._outfit.hold.in_a_row
        case = Case(message.retries, in_a_row, self._is_proven, message.refused_with)
        verdict = judge(outcome, case, self._outfit.policy)
        if isinstance(verdict, Again):
            self._outfit.observer.again(outcome)
        is_first_stop = self._learn(verdict)
        sign, slowed = self._hold(outcome, verdict)
        await self._ledger.record(entry_of(message, outcome, verdict))
        if isinstance(verdict, InDoubt):
            self._outfit.observer.in_doubt(self._work, message, verdict)
        if is_first_stop and self.stopped:
            await self._outfit.warden.halt(self.stopped)
        if sign is not Sign.NOTHING:
            await self._tell_hold(sign, verdict, slowed)
        self._settle(message, verdict)

    async def _ask(self, message: Message, departure: Departure) -> Outcome:
        tag = MessageTag(self._work.job_id, message.seq, message.attempt).encode()
        body = request_body(self._work.content, message.recipient, message.variables, tag)
        with self._outfit.observer.request() as count:
            await hang(FailPoint.REQUEST_HANGS)
            outcome = await self._outfit.cloud.send(self._holding.phone_number_id, body, departure)
            count(outcome)
        if departure.left_at is not None:
            took = max(0.001, self._outfit.clock() - departure.left_at)
            self._answer_seconds += HABIT * (took - self._answer_seconds)
        return outcome

    def _learn(self, verdict: Verdict) -> bool:
        """At once, before anything else may leave: whether it is the first stop."""
        self._is_proven = self._is_proven or isinstance(verdict, Sent)
        self._is_probing = self._is_probing and keeps_probing(verdict)
        stop = verdict.stop if isinstance(verdict, Sent) else verdict
        if self.stopped or not isinstance(stop, Stop):
            return False
        self.stopped = stop
        return True

    def _hold(self, outcome: Outcome, verdict: Verdict) -> tuple[Sign, Slowed | None]:
        """At once, too: a number that was throttled goes at half its pace when it goes on."""
        outfit, now, slowed = self._outfit, self._outfit.clock(), None
        sign = outfit.hold.note(outcome, verdict, now)
        if isinstance(verdict, Again) and verdict.holds_lane:
            self._ledger.limited_by = outfit.hold.by
            self._ledger.limited_seconds = outfit.hold.seconds(now)
            if verdict.slows_lane and sign is Sign.HELD:
                slowed = outfit.tempo.slow_down(now, outfit.pace.going_per_second(now))
                outfit.pace.retune(outfit.tempo.per_second(now))
        return sign, slowed

    async def _tell_hold(self, sign: Sign, verdict: Verdict, slowed: Slowed | None) -> None:
        """Whoever gets the number's turn next keeps to what Meta asked for."""
        assert isinstance(verdict, Again)
        hold = self._outfit.hold
        if sign is Sign.HELD:
            self._outfit.observer.lane_held(self._work, hold.by, verdict)
        if verdict.slows_lane:
            seconds = hold.seconds(self._outfit.clock())
            await self._outfit.warden.note_hold(seconds, hold.by, slowed)

    def _settle(self, message: Message, verdict: Verdict) -> None:
        now, hold = self._outfit.clock(), self._outfit.hold
        match verdict:
            case Again(after_seconds=seconds, counts=counts, holds_lane=holds_lane):
                again = msgspec.structs.replace(message, retries=message.retries + counts)
                # Held with its lane, it is the first to leave when the lane goes on; but when that
                # comes to the same again and again, others go first.
                behind = BEHIND_SECONDS if hold.in_a_row > MOST_IN_A_ROW else 0.0
                self._plan.again(again, hold.until + behind if holds_lane else now + seconds)
            case Stop():
                self._plan.again(message, now)
            case _:
                self._plan.settle()

    def _on_sent(self, task: asyncio.Task[None]) -> None:
        self._sends.discard(task)
        self._changed.set()
        if not task.cancelled() and (error := task.exception()):
            self._outfit.observer.log.error("a send broke; its outcome is unknown", exc_info=error)
            self._outfit.lease.end()
