"""A lease lasts as long as its heartbeats are answered and its loop moves, and no longer."""

import asyncio
import time

from nats.aio.msg import Msg

from daemon.lease import Lease
from daemon.supervisor import ensure_consumer
from plumbing.broker import Broker
from plumbing.logs import Log
from plumbing.puller import Puller
from schemas.lease import LEASE_SHARE
from schemas.subjects import SENDERS, turn_subject

ACK_WAIT_SECONDS = 2


async def deliveries(broker: Broker, log: Log) -> tuple[Puller, "asyncio.Queue[Msg]"]:
    """A turn on the stream, and every delivery of it."""
    await ensure_consumer(broker, SENDERS, ACK_WAIT_SECONDS)
    queue: asyncio.Queue[Msg] = asyncio.Queue(10)
    puller = Puller(
        broker.client, SENDERS.stream, SENDERS.name, queue.put_nowait, credit=4, log=log
    )
    await puller.start()
    await broker.publish(turn_subject("111"), b"{}")
    return puller, queue


def lease_of(broker: Broker, turn: Msg, stall_seconds: float = 60) -> Lease:
    return Lease(
        broker.client, turn.reply, ack_wait_seconds=ACK_WAIT_SECONDS, stall_seconds=stall_seconds
    )


async def test_answered_heartbeats_keep_the_turn_and_extend_the_lease(
    broker: Broker, log: Log
) -> None:
    puller, queue = await deliveries(broker, log)
    async with lease_of(broker, await queue.get()) as lease:
        first = lease.deadline
        await asyncio.sleep(1.5 * ACK_WAIT_SECONDS)
        assert lease.deadline > first + ACK_WAIT_SECONDS / 2
        assert not lease.is_over
        assert queue.empty()
    await puller.stop()


async def test_a_loop_that_is_stuck_loses_its_turn_to_another_after_its_lease_is_over(
    broker: Broker, log: Log
) -> None:
    puller, queue = await deliveries(broker, log)
    turn = await queue.get()
    async with lease_of(broker, turn, stall_seconds=0) as lease:
        again = await asyncio.wait_for(queue.get(), 2 * ACK_WAIT_SECONDS)
        assert again.subject == turn.subject
        assert lease.is_over
    await puller.stop()


async def test_a_lease_without_answers_ends_before_another_may_hold_the_turn(
    broker: Broker, log: Log
) -> None:
    puller, queue = await deliveries(broker, log)
    turn = await queue.get()
    await puller.stop()
    began = time.monotonic()
    async with lease_of(broker, turn) as lease:
        await broker.close()
        await asyncio.sleep(LEASE_SHARE * ACK_WAIT_SECONDS)
        assert lease.is_over
        assert lease.deadline < began + ACK_WAIT_SECONDS


async def test_a_lease_that_was_ended_stays_ended(broker: Broker, log: Log) -> None:
    puller, queue = await deliveries(broker, log)
    async with lease_of(broker, await queue.get()) as lease:
        lease.end()
        await asyncio.sleep(ACK_WAIT_SECONDS / 2)  # two heartbeats
        assert lease.is_over
    await puller.stop()
