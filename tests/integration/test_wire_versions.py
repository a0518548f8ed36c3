"""Daemons of two releases side by side: what one cannot read is put back, for the other."""

import asyncio
import dataclasses
import time

import aiohttp
import pytest

from plumbing.broker import Broker
from schemas.subjects import JOBS_STREAM, RECEIPTS_STREAM, RECEIPTS_SUBJECT, turn_subject
from schemas.wire import HEADER, Reads
from tests.campaigns import PHONE, finished, make_job, states
from tests.daemons import Stack
from tests.integration.test_receipts import all_dealt_with, comes_to, webhook
from tests.support import free_port

NEWER = Reads(turns=frozenset({1, 2}), receipts=frozenset({1, 2}))
A_WHILE_SECONDS = 4.5  # the sweeper has come by, and a turn would have been renewed


def newer(stack: Stack) -> Stack:
    return dataclasses.replace(stack, reads=NEWER)


async def count(port: int, metric: str) -> float:
    """The metric; 0 before the daemon is up."""
    try:
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"http://127.0.0.1:{port}/metrics") as answer,
        ):
            lines = (await answer.text()).splitlines()
    except aiohttp.ClientConnectionError:
        return 0.0
    (value,) = [line.split()[-1] for line in lines if line.startswith(metric + " ")]
    return float(value)


async def counts(port: int, metric: str) -> float:
    """The metric, once it is no longer zero."""
    deadline = time.monotonic() + 10
    while not (value := await count(port, metric)):
        assert time.monotonic() < deadline, metric
        await asyncio.sleep(0.02)
    return value


async def messages(broker: Broker, stream: str) -> int:
    return int((await broker.js.stream_info(stream)).state.messages)


async def deliveries(broker: Broker, stream: str, consumer: str) -> int:
    """How many times anything was delivered."""
    info = await broker.js.consumer_info(stream, consumer)
    return int(info.delivered.consumer_seq)


async def test_a_receipt_of_a_newer_release_waits_for_a_daemon_that_knows_it(
    stack: Stack, broker: Broker
) -> None:
    job, port = await make_job(stack.pool, 2), free_port()
    async with stack.daemon(daemon_port=port):
        await stack.wake(job)
        await finished(stack.pool, job)
        await broker.publish(RECEIPTS_SUBJECT, webhook(job, (1, "delivered")), version=2)
        await counts(port, 'loopcast_put_back_total{what="receipt"}')
        await broker.publish(RECEIPTS_SUBJECT, webhook(job, (2, "read")))  # goes on beside it
        await comes_to(stack.pool, job, {"sent": 1, "read": 1})
        await asyncio.sleep(A_WHILE_SECONDS)
        assert await messages(broker, RECEIPTS_STREAM) == 1
        assert await deliveries(broker, RECEIPTS_STREAM, "mergers") <= 6
        async with newer(stack).daemon():
            await comes_to(stack.pool, job, {"delivered": 1, "read": 1}, seconds=60)
            await all_dealt_with(broker)


@pytest.mark.parametrize(("payload", "headers"), [
    (b'{"v": 2}', None),
    (b"no JSON at all", {HEADER: "2"}),
])  # fmt: skip
async def test_a_turn_of_a_newer_release_waits_for_a_daemon_that_knows_it(
    stack: Stack, broker: Broker, payload: bytes, headers: dict[str, str] | None
) -> None:
    job, port = await make_job(stack.pool, 3), free_port()
    other = await make_job(stack.pool, 3, phone_number_id="200", first=4)
    await broker.js.publish(turn_subject(PHONE), payload, headers=headers)
    async with stack.daemon(daemon_port=port):
        await stack.wake(other)
        assert await finished(stack.pool, other) == "completed"
        await asyncio.sleep(A_WHILE_SECONDS)  # the sweeper finds a lane that is overdue
        assert await count(port, 'loopcast_put_back_total{what="turn"}') >= 2
        assert await count(port, "loopcast_turns_renewed_total") == 0
        turn = await broker.turn(PHONE)
        assert turn is not None
        assert (turn.seq, turn.data) == (1, payload)
        assert await deliveries(broker, JOBS_STREAM, "senders") <= 8
        assert await states(stack.pool, job) == {"queued": 3}
        async with newer(stack).daemon():
            assert await finished(stack.pool, job, seconds=60) == "completed"
    assert sorted(arrival.to for arrival in stack.peer.arrivals) == sorted(
        {arrival.to for arrival in stack.peer.arrivals}
    )


async def test_what_waits_for_another_release_is_not_said_at_every_delivery(
    stack: Stack, broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(20):
        await broker.js.publish(turn_subject(f"3{number}"), b"", headers={HEADER: "9"})
    port = free_port()
    async with stack.daemon(daemon_port=port):
        deadline = time.monotonic() + 10
        while await count(port, 'loopcast_put_back_total{what="turn"}') < 20:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
    assert capsys.readouterr().out.count("of a newer release") == 1
