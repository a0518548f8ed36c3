"""News goes out in order, survives whoever stops waiting for it, and never twice."""

import asyncio
from uuid import UUID, uuid4

import msgspec
import pytest

from daemon.observe import Observer
from daemon.progress import Progress, is_told
from plumbing.broker import Broker, Unavailable
from plumbing.logs import Log
from plumbing.meters import Meters
from plumbing.tasks import end
from schemas import metrics
from schemas.events import Envelope, LoopStarted
from schemas.subjects import EVENTS_STREAM

JOB = uuid4()


def observer(log: Log) -> Observer:
    return Observer(Meters(metrics.DAEMON), log)


def frame(number: int, job_id: UUID = JOB) -> LoopStarted:
    return LoopStarted(
        job_id=job_id, loop_index=number, batch_index=number - 1, total_loops=9, loop_size=1
    )


async def on_the_stream(broker: Broker) -> list[tuple[int, list[int]]]:
    """Every envelope: its first number, and the loops of its frames."""
    info = await broker.js.stream_info(EVENTS_STREAM)
    envelopes = []
    for seq in range(info.state.first_seq, info.state.last_seq + 1):
        stored = await broker.js.get_msg(EVENTS_STREAM, seq)
        envelope = Envelope.DECODER.decode(stored.data or b"")
        loops = [msgspec.json.decode(raw)["loopIndex"] for raw in envelope.frames]
        envelopes.append((envelope.first_no, loops))
    return envelopes


async def test_what_gathers_travels_in_one_envelope_in_order(broker: Broker, log: Log) -> None:
    progress = Progress(broker, observer(log))
    told = [progress.tell(JOB, number, [frame(number)]) for number in (1, 2, 3)]
    publisher = asyncio.create_task(progress.run())
    assert await is_told(told[-1], 5)
    await end(publisher)
    assert await on_the_stream(broker) == [(1, [1, 2, 3])]


async def test_a_gap_in_the_numbers_and_another_job_begin_a_new_envelope(
    broker: Broker, log: Log
) -> None:
    progress, other = Progress(broker, observer(log)), uuid4()
    progress.tell(JOB, 1, [frame(1)])
    progress.tell(JOB, 3, [frame(3)])
    last = progress.tell(other, 4, [frame(4, other)])
    publisher = asyncio.create_task(progress.run())
    assert await is_told(last, 5)
    await end(publisher)
    assert await on_the_stream(broker) == [(1, [1]), (3, [3]), (4, [4])]


class AwayBroker(Broker):
    """Does not answer until it is told to."""

    is_away = True

    async def publish(
        self, subject: str, payload: bytes, message_id: str = "", *, version: int | None = None
    ) -> int:
        if self.is_away:
            raise Unavailable
        return await super().publish(subject, payload, message_id, version=version)


@pytest.fixture
async def away(nats_url: str, broker: Broker, log: Log) -> AwayBroker:
    made = AwayBroker(nats_url, "tests", log)
    made.client, made.js = broker.client, broker.js
    return made


async def test_news_whose_teller_stopped_waiting_still_goes_out(
    broker: Broker, away: AwayBroker, log: Log
) -> None:
    progress = Progress(away, observer(log))
    publisher = asyncio.create_task(progress.run())
    assert not await is_told(progress.tell(JOB, 1, [frame(1)]), 0.1)
    away.is_away = False
    assert await is_told(progress.tell(JOB, 2, [frame(2)]), 5)
    await end(publisher)
    assert [loop for _, loops in await on_the_stream(broker) for loop in loops] == [1, 2]
