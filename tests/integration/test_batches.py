"""A batch is in the stream whole and in its order, or not at all."""

import asyncio

import pytest

from plumbing.batches import MOST_IN_A_BATCH, publish_all
from plumbing.broker import Broker, Unavailable
from plumbing.logs import Log
from schemas.subjects import EVENTS_STREAM, RECEIPTS_STREAM, RECEIPTS_SUBJECT, events_subject


async def stored(broker: Broker, stream: str = RECEIPTS_STREAM) -> list[bytes]:
    count = (await broker.js.stream_info(stream)).state.messages
    return [(await broker.js.get_msg(stream, seq)).data or b"" for seq in range(1, count + 1)]


@pytest.mark.parametrize("size", [1, 2, MOST_IN_A_BATCH])
async def test_a_batch_is_stored_in_its_order(broker: Broker, size: int) -> None:
    payloads = [b"%d" % number for number in range(size)]
    await publish_all(broker, RECEIPTS_SUBJECT, payloads, 1)
    assert await stored(broker) == payloads


async def test_batches_at_the_same_time_do_not_mix(broker: Broker) -> None:
    made = [[b"%d.%d" % (batch, number) for number in range(50)] for batch in range(4)]
    await asyncio.gather(*(publish_all(broker, RECEIPTS_SUBJECT, batch, 1) for batch in made))
    found = await stored(broker)
    assert sorted(found[first : first + 50] for first in range(0, 200, 50)) == sorted(made)


async def test_of_a_refused_batch_nothing_is_stored(broker: Broker) -> None:
    config = (await broker.js.stream_info(RECEIPTS_STREAM)).config
    await broker.js.update_stream(config, max_bytes=10_000)
    with pytest.raises(Unavailable, match="maximum bytes exceeded"):
        await publish_all(broker, RECEIPTS_SUBJECT, [b"-" * 4000] * 4, 1)
    assert await stored(broker) == []


async def test_a_stream_without_batches_says_so(broker: Broker) -> None:
    with pytest.raises(Unavailable, match="refused a batch"):
        await publish_all(broker, events_subject("1"), [b"1", b"2"], 1)
    assert await stored(broker, EVENTS_STREAM) == []


async def test_without_a_connection_a_batch_fails_at_once(log: Log) -> None:
    with pytest.raises(Unavailable, match="no connection"):
        await publish_all(Broker("nats://127.0.0.1:9", "tests", log), "x", [b"1", b"2"], 1)
