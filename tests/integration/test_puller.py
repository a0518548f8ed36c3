"""The puller delivers in order, within its credit, and heals when servers and consumers vanish."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from nats.aio.msg import Msg
from nats.js import api

from daemon.supervisor import ensure_consumer
from deploy import servers
from deploy.programs import running
from plumbing.broker import Broker, Unavailable
from plumbing.logs import Log
from plumbing.puller import Puller
from schemas.subjects import SENDERS
from tests.support import until

STREAM = "BULK_EVENTS"
CONSUMER = "reader"


async def make_consumer(broker: Broker) -> None:
    config = api.ConsumerConfig(
        durable_name=CONSUMER, ack_policy=api.AckPolicy.EXPLICIT, ack_wait=5
    )
    await broker.js.add_consumer(STREAM, config)


@asynccontextmanager
async def pulling(
    broker: Broker, handler: Callable[[Msg], Awaitable[None] | None], log: Log, credit: int = 8
) -> AsyncIterator[Puller]:
    await make_consumer(broker)
    puller = Puller(broker.client, STREAM, CONSUMER, handler, credit=credit, log=log)
    await puller.start()
    yield puller
    await puller.stop()


async def publish(broker: Broker, *numbers: int) -> None:
    """Store the numbers; right after a reconnect a publish may get no answer (nats.py 354)."""
    for number in numbers:
        for attempt in range(5):
            try:
                await broker.publish("bulk.events.x", b"%d" % number, f"number {number}")
            except Unavailable:
                assert attempt < 4
            else:
                break


async def test_messages_come_in_order_and_each_once(broker: Broker, log: Log) -> None:
    seen: list[int] = []

    async def handle(message: Msg) -> None:
        seen.append(int(message.data))
        await message.ack()

    async with pulling(broker, handle, log):
        await publish(broker, *range(100))
        await until(lambda: len(seen) == 100, "all messages")
    assert seen == list(range(100))


async def test_no_more_are_handled_at_once_than_the_credit_allows(broker: Broker, log: Log) -> None:
    now, most, done = 0, 0, 0

    async def handle(message: Msg) -> None:
        nonlocal now, most, done
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        now -= 1
        done += 1
        await message.ack()

    async with pulling(broker, handle, log, credit=3):
        await publish(broker, *range(30))
        await until(lambda: done == 30, "all messages")
    assert most == 3


async def test_a_handler_that_fails_costs_no_credit(broker: Broker, log: Log) -> None:
    handled = 0

    async def handle(message: Msg) -> None:
        nonlocal handled
        handled += 1
        await message.ack()
        raise ValueError

    async with pulling(broker, handle, log, credit=2):
        await publish(broker, *range(10))
        await until(lambda: handled == 10, "all messages")


async def test_it_goes_on_after_the_server_was_killed_and_started_again(
    tmp_path: Path, log: Log
) -> None:
    server = servers.nats(tmp_path)
    seen: list[int] = []

    async def handle(message: Msg) -> None:
        seen.append(int(message.data))
        await message.ack()

    with running(server.program) as child:
        broker = Broker(server.url, "tests", log)
        broker.start()
        await broker.ready()
        async with pulling(broker, handle, log):
            await publish(broker, 1)
            await until(lambda: seen == [1], "the first message")
            child.kill()
            child.wait()
            with running(server.program):
                await until(lambda: broker.is_connected, "the connection")
                await publish(broker, 2)
                # The first may come again: a server that dies forgets acks of the last moments.
                await until(lambda: 2 in seen, "the second message")
        await broker.close()


async def test_a_deleted_consumer_is_noticed_and_one_made_anew_is_pulled_from(
    broker: Broker, log: Log
) -> None:
    seen: list[int] = []

    async def handle(message: Msg) -> None:
        seen.append(int(message.data))
        await message.ack()

    async with pulling(broker, handle, log) as puller:
        await publish(broker, 1)
        await until(lambda: seen == [1], "the first message")
        await broker.js.delete_consumer(STREAM, CONSUMER)
        await asyncio.wait_for(puller.gone.wait(), 10)
        await make_consumer(broker)
        await publish(broker, 2)
        await until(lambda: 2 in seen, "the second message")


async def test_what_arrives_while_it_stops_goes_to_another(broker: Broker, log: Log) -> None:
    seen: list[int] = []

    async def handle(message: Msg) -> None:
        seen.append(int(message.data))
        await message.ack()

    async with pulling(broker, handle, log) as first:
        await first.stop()
        await publish(broker, 1)
        async with pulling(broker, handle, log):
            await until(lambda: seen == [1], "the message")


async def test_what_is_on_its_way_when_it_stops_goes_to_somebody_else_at_once(
    broker: Broker, log: Log
) -> None:
    """A turn that were thrown away unseen would rest for the ack wait."""
    await ensure_consumer(broker, SENDERS, 60)
    lanes = {f"bulk.jobs.{number}" for number in range(20)}
    for lane in lanes:
        await broker.publish(lane, b"{}")

    async def bounce(message: Msg) -> None:
        await broker.client.request(message.reply, b"-NAK", timeout=2)

    for _ in range(3):
        stopping = Puller(broker.client, SENDERS.stream, SENDERS.name, bounce, credit=256, log=log)
        await stopping.start()
        await asyncio.sleep(0.2)
        await stopping.stop()
        await everybody_comes(broker, lanes, log)


async def everybody_comes(broker: Broker, lanes: set[str], log: Log) -> None:
    """Another puller sees the turn of each lane, and gives it back."""
    seen: set[str] = set()

    async def see(message: Msg) -> None:
        seen.add(message.subject)
        await message.nak(delay=0.3)

    other = Puller(broker.client, SENDERS.stream, SENDERS.name, see, credit=256, log=log)
    await other.start()
    await until(lambda: seen == lanes, "all have come")
    await other.stop()
