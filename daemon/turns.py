"""Turns: what happens between the delivery of a lane's turn and its return."""

import asyncio
from collections.abc import Awaitable
from typing import Final, assert_never

import nats.errors
from nats.aio.msg import Msg

from daemon.lease import Lease
from daemon.ledger import BROKEN
from daemon.observe import Observer
from daemon.presence import Presence
from daemon.runner import Handover, Idle, Later, Lost, Runner
from daemon.store import Holding, Store
from plumbing.broker import Broker, Unavailable
from schemas import metrics
from schemas.settings import Daemon
from schemas.subjects import lane_of

STALL_MARGIN_SECONDS: Final = 5.0  # beyond a request's timeout, a loop that has not moved is stuck
DATABASE_AWAY_SECONDS: Final = 1.0  # until a turn that could not be begun comes again
ACK_SECONDS: Final = 2.0


class Turns:
    """Holds the turns that are delivered to this daemon, one loop each, many lanes at once."""

    def __init__(
        self, settings: Daemon, *, store: Store, broker: Broker, runner: Runner,
        presence: Presence, observer: Observer, stop: asyncio.Event,
    ) -> None:  # fmt: skip
        self._settings, self._store, self._broker = settings, store, broker
        self._runner, self._presence, self._observer = runner, presence, observer
        self._stop = stop
        self._held: dict[str, Lease] = {}

    def end_leases(self) -> None:
        """Others may take this daemon for dead: send no more under the turns it holds."""
        for lease in self._held.values():
            lease.end()

    def on_turn(self, message: Msg) -> Awaitable[None] | None:
        """The puller's handler."""
        phone_number_id = lane_of(message.subject)
        if phone_number_id in self._held:
            # JetStream forgot that we hold it (a server crash): whoever drives it goes on.
            self._observer.meters[metrics.REDELIVERIES].inc()
            return None
        lease = Lease(
            self._broker.client,
            message.reply,
            ack_wait_seconds=self._settings.ack_wait_seconds,
            stall_seconds=self._settings.request_timeout_ms / 1000 + STALL_MARGIN_SECONDS,
        )
        self._held[phone_number_id] = lease
        return self._hold(phone_number_id, message, lease)

    async def _hold(self, phone_number_id: str, message: Msg, lease: Lease) -> None:
        self._count_held()
        try:
            async with lease:
                handover = await self._take(phone_number_id, message, lease)
            await self._give_back(phone_number_id, message, handover)
        except BROKEN as error:
            self._observer.log.warning("a turn waits for PostgreSQL", error=repr(error))
            await _nak(message, DATABASE_AWAY_SECONDS)
        finally:
            del self._held[phone_number_id]
            self._count_held()

    async def _take(self, phone_number_id: str, message: Msg, lease: Lease) -> Handover:
        number = self._presence.number
        if self._stop.is_set() or number is None:
            return Later(0.0 if self._stop.is_set() else DATABASE_AWAY_SECONDS)
        holding = await self._store.acquire(phone_number_id, number, message.reply)
        if holding.was_held:
            self._observer.meters[metrics.TAKEOVERS].inc()
        await asyncio.sleep(holding.wait_seconds)
        await self._settle(holding)
        return await self._runner.run(holding, lease)

    async def _settle(self, holding: Holding) -> None:
        if settled := await self._store.settle(holding):
            self._observer.log.warning(
                "messages were in flight when their daemon died; they are unknown",
                phone_number_id=holding.phone_number_id,
                messages=settled,
            )

    async def _give_back(self, phone_number_id: str, message: Msg, handover: Handover) -> None:
        match handover:
            case Later(after_seconds=seconds):
                await _nak(message, seconds)
            case Idle():
                await self._put_away(phone_number_id, message)
            case Lost():
                pass
            case _:
                assert_never(handover)

    async def _put_away(self, phone_number_id: str, message: Msg) -> None:
        """Ack the turn of a lane with nothing to run, then look once more.

        A job that came in just before the ack found the lane's turn taken, so nobody woke it.
        """
        try:
            await message.ack_sync(timeout=ACK_SECONDS)
            if order := await self._store.next_order(phone_number_id):
                await self._broker.wake(order)
        except (nats.errors.Error, TimeoutError, Unavailable) as error:
            self._observer.log.warning("a turn was not acked; it comes again", error=repr(error))

    def _count_held(self) -> None:
        self._observer.meters[metrics.LANES_HELD].set(len(self._held))


async def _nak(message: Msg, delay_seconds: float) -> None:
    """Give the turn back; the pause is the delay, held by nobody and kept over any crash."""
    try:
        await message.nak(delay=delay_seconds or None)
    except nats.errors.Error:
        return  # not connected: the turn comes again when the ack wait is over
