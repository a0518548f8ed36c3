"""Turns: what happens between the delivery of a lane's turn and its return."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, assert_never

import nats.errors
from nats.aio.msg import Msg

from daemon.lease import Lease
from daemon.ledger import BROKEN
from daemon.observe import Observer
from daemon.presence import Presence
from daemon.rows import Holding
from daemon.runner import Handover, Idle, Later, Lost, Runner
from daemon.store import LaneLost, Store
from daemon.strangers import Strangers
from plumbing.broker import Broker, Unavailable
from plumbing.failpoints import hang, reach
from plumbing.logs import about
from schemas import metrics
from schemas.failpoints import FailPoint
from schemas.settings import Daemon
from schemas.subjects import lane_of
from schemas.vitals import Part

STALL_MARGIN_SECONDS: Final = 5.0  # beyond a request's timeout, a loop that has not moved is stuck
DATABASE_AWAY_SECONDS: Final = 1.0  # until a turn that could not be begun comes again
MOST_LANES: Final = 256  # turns that one daemon holds at once
COURTESY_SECONDS: Final = 0.5
ACK_SECONDS: Final = 2.0
RETRY_SECONDS: Final = 0.2
AGAIN_SECONDS: Final = 0.05  # about what letting go of a lane takes
ANOTHER_SECONDS: Final = 1.0


@dataclass
class Held:
    """A turn that this daemon holds."""

    message: Msg
    lease: Lease
    holding: Holding | None = None  # the lane, once it is taken in PostgreSQL
    is_leaving: bool = False  # the turn is being given back: what comes now is a turn of its own
    again: Msg | None = None  # the same turn, delivered to us once more meanwhile


class Turns:
    """Holds the turns that are delivered to this daemon, one loop each, many lanes at once."""

    def __init__(
        self, settings: Daemon, *, store: Store, broker: Broker, runner: Runner,
        presence: Presence, observer: Observer, strangers: Strangers, stop: asyncio.Event,
    ) -> None:  # fmt: skip
        self._strangers = strangers
        self._settings, self._store, self._broker = settings, store, broker
        self._runner, self._presence, self._observer = runner, presence, observer
        self._stop = stop
        self._held: dict[str, Held] = {}
        self._full_at = time.monotonic()  # when there was no room the last time, or no daemon

    def room_seconds(self) -> float:
        """For how long this daemon would have got any turn that waited for one."""
        can_take = self._presence.number is not None and not self._stop.is_set()
        return time.monotonic() - self._full_at if can_take else 0.0

    def holds(self, phone_number_id: str) -> bool:
        """Whether the lane's turn is here."""
        return phone_number_id in self._held

    def end_leases(self) -> None:
        """Others may take this daemon for dead: send no more under the turns it holds."""
        for held in self._held.values():
            held.lease.end()

    def on_turn(self, message: Msg) -> Awaitable[None] | None:
        """The puller's handler."""
        if self._strangers.is_turn(message.headers, message.data):
            return self._strangers.put_turn_back(message)
        phone_number_id = lane_of(message.subject)
        if (held := self._held.get(phone_number_id)) is not None:
            return self._on_another(held, message)
        lease = Lease(
            self._broker.client,
            message.reply,
            ack_wait_seconds=self._settings.ack_wait_seconds,
            stall_seconds=self._settings.request_timeout_ms / 1000 + STALL_MARGIN_SECONDS,
        )
        held = self._held[phone_number_id] = Held(message, lease)
        return self._hold(phone_number_id, held)

    def status(self) -> str:
        """How many numbers send now, in words for people."""
        return f"sending from {len(self._held)} number{'s' * (len(self._held) != 1)}"

    def _on_another(self, held: Held, message: Msg) -> Awaitable[None] | None:
        """A delivery of a lane that we hold.

        The same turn again: JetStream forgot that we hold it (a server crash). Whoever drives it
        goes on, and acks reach it, because they name the turn and not its delivery. The one that
        we are giving back comes again in a moment, another one (of a stream that was made anew,
        say) after a while.
        """
        if held.is_leaving:
            return self._nak_again(message, AGAIN_SECONDS)
        if _turn_of(message) != _turn_of(held.message):
            return self._nak_again(message, ANOTHER_SECONDS)
        self._observer.meters[metrics.REDELIVERIES].inc()
        held.again = message
        return None

    async def _nak_again(self, message: Msg, after_seconds: float) -> None:
        await self._nak(message, after_seconds)

    async def _hold(self, phone_number_id: str, held: Held) -> None:
        self._count_held()
        reach(FailPoint.TURN_DELIVERED)
        try:
            with (
                about(phone_number_id=phone_number_id),
                self._observer.vitals.watching(
                    Part.LANE, phone_number_id, answer_seconds=self._observer.answer_seconds
                ) as held.lease.pulse,
            ):
                due_in = await self._give_back(held, await self._handover(phone_number_id, held))
        finally:
            del self._held[phone_number_id]
            self._count_held()
        if due_in is not None and held.holding:
            await self._let_go(held.holding, due_in)

    async def _handover(self, phone_number_id: str, held: Held) -> Handover:
        """Run a loop of the lane, and say how its turn goes on."""
        try:
            async with held.lease:
                return await self._take(phone_number_id, held)
        except LaneLost:
            return Lost()
        except BROKEN as error:
            self._observer.log.warning("a turn waits for PostgreSQL", error=repr(error))
            return Later(DATABASE_AWAY_SECONDS)

    async def _take(self, phone_number_id: str, held: Held) -> Handover:
        number = self._presence.number
        if self._stop.is_set() or number is None:
            return Later(0.0 if self._stop.is_set() else DATABASE_AWAY_SECONDS)
        holding = await self._store.acquire(phone_number_id, number, held.message.reply)
        held.holding = holding
        held.lease.pulse.beat()
        reach(FailPoint.LANE_TAKEN)
        if holding.was_held:
            self._observer.meters[metrics.TAKEOVERS].inc()
        await asyncio.sleep(holding.wait_seconds)
        held.lease.pulse.beat()
        await self._settle(holding)
        held.lease.pulse.beat()
        reach(FailPoint.LANE_SETTLED)
        await hang(FailPoint.LANE_HANGS)
        return await self._runner.run(holding, held.lease, lambda: self._hand_over(held, holding))

    async def _hand_over(self, held: Held, holding: Holding) -> None:
        """The turn goes on before all our answers are in: from here on it is another's."""
        held.is_leaving = True
        held.lease.end()
        if await self._nak(held.message, 0.0):
            await self._let_go(holding, 0.0)

    async def _settle(self, holding: Holding) -> None:
        if settled := await self._store.settle(holding):
            self._observer.meters[metrics.MESSAGES].labels("unknown", "crashed").inc(settled)
            self._observer.log.warning(
                "messages were in flight when their daemon died; they are unknown",
                phone_number_id=holding.phone_number_id,
                messages=settled,
            )

    async def _give_back(self, held: Held, handover: Handover) -> float | None:
        """What becomes of the turn; one that may be another's by now is left alone.

        When it is back: in how many seconds it is due again. The lane names its holder until then:
        one that dies before is found dead.
        """
        reach(FailPoint.LANE_RELEASED)
        held.is_leaving = True
        match Lost() if held.lease.is_over else handover:
            case Later(after_seconds=seconds):
                wait = max(seconds, self._courtesy_seconds())
                is_back = await self._until_taken(held, lambda: self._nak(held.message, wait))
                return wait if is_back else None
            case Idle():
                return 0.0 if await self._put_away(held) else None
            case Lost():
                if held.again is not None:  # it was delivered to us, and nobody drives it
                    await self._nak(held.again, AGAIN_SECONDS)
                return None
            case _ as never:
                assert_never(never)

    def _courtesy_seconds(self) -> float:
        """A daemon that is nearly full lets turns that wait go first: what is given back without a
        pause is handed out again before any other.
        """
        is_full = len(self._held) >= MOST_LANES / 2 and not self._stop.is_set()
        return COURTESY_SECONDS if is_full else 0.0

    async def _let_go(self, holding: Holding, due_in_seconds: float) -> None:
        reach(FailPoint.TURN_GIVEN_BACK)
        try:
            await self._store.let_go(holding, due_in_seconds)
        except BROKEN as error:  # the lane is known to be released, whoever it names
            self._observer.log.warning("a lane still names this daemon", error=repr(error))

    async def _until_taken(self, held: Held, give: Callable[[], Awaitable[bool]]) -> bool:
        """Give the turn back, again while the server is away: else it would come again only when
        the ack wait is over. Not when that may be so by now, nor when we have to go.
        """
        while not await give():
            held.lease.pulse.beat()
            if held.lease.is_over or self._stop.is_set():
                return False
            await asyncio.sleep(RETRY_SECONDS)
        return True

    async def _nak(self, message: Msg, delay_seconds: float) -> bool:
        """The pause is the delay, held by nobody and kept over any crash."""
        delay = b' {"delay": %d}' % int(delay_seconds * 1e9) if delay_seconds else b""
        return await self._said(message, b"-NAK" + delay)

    async def _ack(self, message: Msg) -> bool:
        return await self._said(message, b"+ACK")

    async def _said(self, message: Msg, word: bytes) -> bool:
        """As a request, so that it is known to have arrived."""
        try:
            await self._broker.client.request(message.reply, word, timeout=ACK_SECONDS)
        except (nats.errors.Error, TimeoutError):
            return False
        return True

    async def _put_away(self, held: Held) -> bool:
        """Ack the turn of a lane with nothing to run, then look once more.

        A job that came in just before the ack found the lane's turn taken, so nobody woke it.
        """
        if not await self._until_taken(held, lambda: self._ack(held.message)):
            return False
        reach(FailPoint.TURN_ACKED)
        try:
            if order := await self._store.next_order(lane_of(held.message.subject)):
                await self._broker.wake(order)
        except (Unavailable, *BROKEN) as error:
            self._observer.log.warning("a lane waits for the sweeper", error=repr(error))
        return True

    def _count_held(self) -> None:
        if len(self._held) >= MOST_LANES - 1:  # one more or less: it is, or has just been, full
            self._full_at = time.monotonic()
        self._observer.meters[metrics.LANES_HELD].set(len(self._held))


def _turn_of(message: Msg) -> int:
    """The stream sequence: the same for every delivery of a turn."""
    return int(message.metadata.sequence.stream)
