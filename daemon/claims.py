"""Claims made ahead: as short a time before a message leaves as it takes to write that down."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec

from daemon.entries import unsent
from daemon.hold import HABIT
from daemon.ledger import ClaimRefused, Claims, Ledger
from daemon.loops import LoopPlan
from daemon.openings import Openings
from daemon.pace import Pace
from schemas.lease import CLAIM_SECONDS
from schemas.messages import Message

MOST_CLAIMS: Final = 64  # in one go
# A message is claimed as long before it may leave as claims take: a crash leaves it in doubt.
FIRST_LEAD_SECONDS: Final = 0.003
LONGEST_LEAD_SECONDS: Final = 0.01


class Claimed(msgspec.Struct, frozen=True):
    """A message that is written down as being sent, and until when it may leave.

    That is as long as its claim holds and its recipient's window is open: it is asked again right
    before the first byte.
    """

    message: Message
    until: float


class Demand(msgspec.Struct, frozen=True):
    """What the requests on their way leave room for."""

    in_flight: int
    slots: int
    answer_seconds: float  # how long Meta takes, as an average
    is_probing: bool  # one message alone finds out whether Meta takes the template


class ClaimsAhead:
    """The claims of one loop. One write asks for several at once, one such write at a time."""

    def __init__(
        self, ledger: Ledger, plan: LoopPlan, pace: Pace, openings: Openings,
        *, clock: Callable[[], float], changed: asyncio.Event,
    ) -> None:  # fmt: skip
        self._ledger, self._plan, self._pace = ledger, plan, pace
        self._openings = openings
        self._clock, self._changed = clock, changed
        self._asking: asyncio.Task[None] | None = None
        self.ready: deque[Claimed] = deque()  # may leave as soon as a slot and the pace let them
        self.lead_seconds = FIRST_LEAD_SECONDS
        self.room_seconds: float | None = None  # the messaging limit is reached, for so long

    @property
    def is_asking(self) -> bool:
        return self._asking is not None

    def begin(self, now: float, demand: Demand) -> None:
        """Ask for what is about to leave, so that the pace does not wait for a write."""
        most = self._claimable(now, demand)
        enough = most >= 1 if self._pace.step_seconds else most > len(self.ready)
        if self._asking is None and enough and (batch := self._take(now, most)):
            self._asking = asyncio.create_task(self._ask(batch, now + CLAIM_SECONDS))

    def _take(self, now: float, most: int) -> list[Message]:
        """Those that are due; whose window has closed meanwhile wait until it opens."""
        batch: list[Message] = []
        while taken := self._plan.take(now, most - len(batch)):
            for message in taken:
                if (seconds := self._openings.wait_seconds(message, now)) > 0:
                    self._plan.again(message, now + seconds)
                else:
                    batch.append(message)
        return batch

    async def put_back(self, due_at: float) -> None:
        """Claimed, and not one byte of them has left: they wait in the queue again."""
        if self._asking:
            await self._asking
        messages = [claimed.message for claimed in self.ready]
        self.ready.clear()
        for message in messages:
            self._plan.again(message, due_at)
        await asyncio.gather(*(self._ledger.record(unsent(message)) for message in messages))

    def _claimable(self, now: float, demand: Demand) -> int:
        """How many more may be claimed: no earlier than the pace and the slots are about to need.

        A claimed message is in doubt if we die now, so with one slot none is claimed ahead.
        """
        if demand.is_probing:
            return 1 - demand.in_flight - len(self.ready)
        slots, step, lead = demand.slots, self._pace.step_seconds, self.lead_seconds
        soon_free = int(demand.in_flight * lead / demand.answer_seconds)
        room = slots - demand.in_flight + min(soon_free, slots // 2)
        if step:
            ahead = now + lead - self._pace.next_at()
            room = min(room, 1 + int(min(ahead, lead) / step) if ahead >= 0 else 0)
        return min(room - len(self.ready), MOST_CLAIMS)

    async def _ask(self, batch: list[Message], until: float) -> None:
        began = self._clock()
        try:
            claims = await self._ledger.claim(batch)
        except ClaimRefused:
            claims = Claims()
        now = self._clock()
        took = min(LONGEST_LEAD_SECONDS, now - began)
        self.lead_seconds += HABIT * (took - self.lead_seconds)
        for message, seconds in claims.waiting:
            self._plan.again(message, now + seconds)
        for _ in range(len(batch) - len(claims.claimed) - len(claims.waiting)):
            self._plan.settle()  # not ours to send any more: skipped, canceled, or the lane is lost
        self.ready.extend(
            Claimed(message, min(until, self._openings.closes_at(message, now)))
            for message in claims.claimed
        )
        self.room_seconds = claims.room_seconds
        self._asking = None
        self._changed.set()
