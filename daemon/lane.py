"""The story of a loop: wait for the pace, claim, send, record, tell. Start reading here.

A message is written down as claimed before its request is written, and its outcome before anyone
is told. Messages leave in order: the next one does not leave before this one's first byte did.
"""

import asyncio
import contextlib
from enum import StrEnum
from typing import Final

from daemon.attempts import LOST, Attempts
from daemon.claims import ClaimsAhead
from daemon.hold import MESSAGING_LIMIT, Limit
from daemon.ledger import Crashed, Ledger
from daemon.loops import LoopPlan
from daemon.outfit import Outfit
from daemon.rows import Holding, Work

LONGEST_NAP_SECONDS: Final = 1.0
LONGEST_WAIT_SECONDS: Final = 2.0  # a loop that waits for longer lets those behind it go on
LONGEST_REST_SECONDS: Final = 5.0  # a number that is held for longer gives its turn back


class End(StrEnum):
    """How a loop ended, and so what becomes of its turn."""

    COMPLETED = "completed"  # nothing of it is left to send
    GIVEN_BACK = "given_back"  # asked to stop: another daemon goes on at once
    HANDED_OVER = "handed_over"  # so, and it went on while answers were still awaited here
    HELD = "held"  # the number has to rest for a while
    WAITING = "waiting"  # what is left of it waits, each message for its recipient
    STOPPED = "stopped"  # Meta says no to more than one message: a person has to look
    LEASE_LOST = "lease_lost"  # another daemon may hold the turn: touch it no more


class LoopRun:
    """One loop of one job, from its first due message to its last outcome."""

    def __init__(self, outfit: Outfit, holding: Holding, work: Work, ledger: Ledger) -> None:
        self._outfit, self._hold, self._ledger = outfit, outfit.hold, ledger
        now = outfit.clock()
        waits = [
            (message, max(due_in, outfit.openings.wait_seconds(message, now)))
            for message, due_in in work.waiting
        ]
        self._plan = LoopPlan(message for message, seconds in waits if seconds <= 0)
        for message, seconds in waits:
            if seconds > 0:
                self._plan.postpone(message, now + seconds)
        self._changed = asyncio.Event()  # a claim, an answer, an outcome written, or a stop
        self._claims = ClaimsAhead(
            ledger, self._plan, outfit.pace, outfit.openings,
            clock=outfit.clock, changed=self._changed,
        )  # fmt: skip
        self._attempts = Attempts(
            outfit, holding, work, ledger=ledger, plan=self._plan, changed=self._changed
        )
        self._is_handed_over = False
        self._limit = Limit()

    async def run(self) -> End:
        """Send what is due until the loop is done or must end; then wait for the answers."""
        stop = asyncio.create_task(self._outfit.stop.wait())
        stop.add_done_callback(lambda _: self._changed.set())
        try:
            end = await self._send_what_is_due()
        finally:
            with contextlib.suppress(Crashed):  # said already; what it leaves is settled later
                await self._claims.put_back(self._hold.until)
            await self._attempts.answered(on_patience=self._hand_over)
            stop.cancel()
        if self._is_handed_over:
            return End.HANDED_OVER
        if self._ledger.closed or not self._plan.is_done:
            return self._must_end() or (End.GIVEN_BACK if end is End.COMPLETED else end)
        return end

    async def _send_what_is_due(self) -> End:
        while not self._plan.is_done:
            if end := self._must_end():
                return end
            self._outfit.lease.step()
            now = self._outfit.clock()
            self._keep_tempo(now)
            await self._claim(now)
            if (wait_seconds := self._wait_seconds(now)) > 0:
                await self._nap(wait_seconds)
            else:
                await self._attempts.let_go(self._claims.ready.popleft())
        return End.COMPLETED

    def _must_end(self) -> End | None:
        if self._ledger.closed in LOST or self._outfit.lease.is_over:
            return End.LEASE_LOST
        if self._attempts.stopped:
            return End.STOPPED
        if self._outfit.stop.is_set() or self._ledger.closed or self._ledger.wanted != "run":
            return End.GIVEN_BACK
        now = self._outfit.clock()
        if self._hold.seconds(now) > LONGEST_REST_SECONDS:
            return End.HELD
        is_held = self._hold.until > now or self._claims.room_seconds is not None
        if not is_held and self.rest_seconds > LONGEST_WAIT_SECONDS:
            return End.WAITING
        return None

    @property
    def rest_seconds(self) -> float:
        """How long all that is left of the loop waits."""
        return self._plan.rest_seconds(self._outfit.clock())

    def _keep_tempo(self, now: float) -> None:
        """A number that was slowed down gets back to its pace step by step, and a job whose rate
        is changed keeps to that from its next message on.
        """
        self._outfit.tempo.limit = self._ledger.per_second
        per_second = self._outfit.tempo.per_second(now)
        if per_second != self._outfit.pace.per_second:
            self._outfit.pace.retune(per_second)

    async def _claim(self, now: float) -> None:
        """Claim what is about to leave; while the number rests, nothing stays claimed.

        At the messaging limit those who have got a place still leave.
        """
        if (seconds := self._claims.room_seconds) is not None:
            if self._claims.ready:
                return
            self._claims.room_seconds = None
            if self._hold.rest(now + seconds, MESSAGING_LIMIT):
                await self._outfit.warden.note_hold(seconds, MESSAGING_LIMIT, None)
        if self._hold.until > now:
            await self._claims.put_back(self._hold.until)
        else:
            self._claims.begin(now, self._attempts.demand())

    def _wait_seconds(self, now: float) -> float:
        """Until the next message may leave; 0: the first claimed one may now."""
        self._ledger.limited_seconds = None
        if self._hold.until > now:
            self._ledger.limited_by = self._hold.by
            self._ledger.limited_seconds = self._hold.seconds(now)
            return self._hold.until - now
        if not self._claims.ready:
            return self._wait_for_a_claim(now)
        if self._attempts.are_full:
            return LONGEST_NAP_SECONDS
        pace, is_slowed = self._outfit.pace, self._outfit.tempo.is_slowed
        wait = pace.next_at() - now
        if wait > 0:
            self._outfit.observer.waited_for_pace(min(wait, LONGEST_NAP_SECONDS))
        else:
            limit = self._limit.note(-wait, pace.step_seconds, is_slowed=is_slowed)
            self._ledger.limited_by = limit
        return wait

    def _wait_for_a_claim(self, now: float) -> float:
        due_at = self._plan.next_at(now)
        if self._claims.is_asking or due_at is None:
            return LONGEST_NAP_SECONDS
        if due_at > now:
            self._ledger.limited_by = "retry"
            return due_at - now
        until_pace = self._outfit.pace.next_at() - self._claims.lead_seconds - now
        return until_pace if until_pace > 0 else LONGEST_NAP_SECONDS

    async def _nap(self, seconds: float) -> None:
        """Until something changes, or a while at most."""
        self._changed.clear()
        if self._outfit.stop.is_set():
            return
        try:
            async with asyncio.timeout(min(seconds, LONGEST_NAP_SECONDS)):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def _hand_over(self) -> None:
        """The turn goes on while answers are still awaited here.

        Not with one slot: the next message waits for this one's answer, whoever sends it.
        """
        is_stopping = self._outfit.stop.is_set() and self._must_end() is End.GIVEN_BACK
        if is_stopping and self._outfit.slots > 1 and not self._is_handed_over:
            self._is_handed_over = True
            await self._outfit.hand_over()
