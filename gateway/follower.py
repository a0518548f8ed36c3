"""Follows BULK_EVENTS for the hub: one consumer for the whole gateway, without gaps.

The consumer acks nothing and lives in the server's memory; when it is gone, or a message was lost
on the way, another starts right after the last message that was seen.
"""

import asyncio
from typing import Final
from uuid import UUID

import nats.errors
import nats.js.errors
from nats.aio.msg import Msg
from nats.js import api

from gateway.hub import Hub
from gateway.positions import epoch_of
from plumbing.broker import Broker, Unavailable
from plumbing.logs import Log
from plumbing.puller import Puller
from plumbing.vitals import Vitals
from schemas.subjects import EVENTS_STREAM, job_of
from schemas.vitals import Part

CREDIT: Final = 1000
INACTIVE_SECONDS: Final = 60.0  # the server forgets the consumer of a gateway that died
LOOK_SECONDS: Final = 0.25
RETRY_SECONDS: Final = 0.5
LOOKS_BEHIND: Final = 10  # RETRY_SECONDS apart


class Follower:
    """Runs until it is cancelled; NATS may be down at any time."""

    def __init__(self, broker: Broker, hub: Hub, log: Log, vitals: Vitals) -> None:
        self._broker, self._hub, self._log = broker, hub, log
        self._looks_behind = 0  # in a row
        self._pulse, self._pulling = vitals.part(Part.FOLLOWER), vitals.part(Part.PULLER, "events")
        self._delivered = 0  # of this consumer, by its own count: a jump is a loss
        self._lost = asyncio.Event()

    async def run(self) -> None:
        await self._broker.ready()
        while True:
            self._pulse.beat()
            try:
                if self._broker.is_connected:
                    await self._follow()
            except (nats.errors.Error, TimeoutError, OSError, Unavailable) as error:
                self._log.warning("events cannot be followed just now", error=repr(error))
            await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self) -> None:
        """Follow with one consumer, for as long as it is whole."""
        await self._find_start()
        name = await self._make_consumer()
        self._delivered = 0
        self._lost.clear()
        client = self._broker.client
        puller = Puller(
            client, EVENTS_STREAM, name, self._on_message, credit=CREDIT, log=self._log,
            pulse=self._pulling,
        )  # fmt: skip
        connection = client.stats["reconnects"]
        await puller.start()
        try:
            while not (puller.gone.is_set() or self._lost.is_set()):
                if client.stats["reconnects"] != connection:  # what was on its way is lost
                    return
                self._pulse.beat()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await puller.stop(deadline_seconds=0)

    async def _find_start(self) -> None:
        """At the first start, and when the stream was made anew, begin at its end.

        A server that lost its data has no streams until somebody makes them. A leader that was
        just elected may not have come to its own end yet: only one that stays behind what was
        read here has lost it.
        """
        await self._broker.ensure_streams()
        info = await self._broker.js.stream_info(EVENTS_STREAM)
        epoch, last_seq = epoch_of(info.created), info.state.last_seq
        is_behind = epoch == self._hub.epoch and last_seq < self._hub.last_seq
        self._looks_behind = self._looks_behind + 1 if is_behind else 0
        if 0 < self._looks_behind < LOOKS_BEHIND:
            raise Unavailable("the stream's leader is behind what was read of it")
        if epoch != self._hub.epoch or is_behind:
            self._hub.jump(last_seq, epoch)

    async def _make_consumer(self) -> str:
        config = api.ConsumerConfig(
            ack_policy=api.AckPolicy.NONE,
            deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=self._hub.last_seq + 1,
            inactive_threshold=INACTIVE_SECONDS,
            mem_storage=True,
        )
        return (await self._broker.js.add_consumer(EVENTS_STREAM, config)).name

    def _on_message(self, message: Msg) -> None:
        sequence = message.metadata.sequence
        if self._lost.is_set() or sequence.consumer != self._delivered + 1:
            self._lost.set()
            return
        self._delivered += 1
        try:
            self._hub.dispatch(sequence.stream, UUID(job_of(message.subject)), message.data)
        except ValueError:  # a subject that names no job
            self._log.warning("an event is of no job", subject=message.subject)
