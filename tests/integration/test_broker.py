"""The connection to NATS: starts without a server, heals by itself, and keeps one turn a lane."""

import asyncio
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import pytest

from deploy import servers
from deploy.programs import running
from plumbing.broker import Broker, Unavailable
from plumbing.logs import Log
from schemas import subjects
from schemas.jobs import JobOrder
from tests.support import until

ORDER = JobOrder(job_id=UUID(int=1), phone_number_id="4711", template="hello", total=3)


async def turns(broker: Broker) -> int:
    return int((await broker.js.stream_info(subjects.JOBS_STREAM)).state.messages)


async def test_it_starts_without_a_server_and_is_ready_when_one_comes(
    tmp_path: Path, log: Log
) -> None:
    server = servers.nats(tmp_path)
    broker = Broker(server.url, "tests", log)
    broker.start()
    with pytest.raises(Unavailable):
        await broker.check()
    with pytest.raises(Unavailable):
        await broker.wake(ORDER)
    with running(server.program):
        await asyncio.wait_for(broker.ready(), 20)
        await broker.check()
        assert await turns(broker) == 0  # what failed was not sent later
        await broker.close()


async def test_it_heals_when_the_server_comes_back_and_loses_no_turn(
    tmp_path: Path, log: Log
) -> None:
    server = servers.nats(tmp_path)
    broker = Broker(server.url, "tests", log)
    with ExitStack() as first_life:
        first_life.enter_context(running(server.program))
        broker.start()
        await asyncio.wait_for(broker.ready(), 20)
        await broker.wake(ORDER)
    await until(lambda: not broker.is_connected, "it notices")
    with pytest.raises(Unavailable):
        await broker.publish("bulk.events.x", b"lost")
    with running(server.program):
        await until(lambda: broker.is_connected, "it is back", seconds=20)
        assert await turns(broker) == 1
        await broker.close()


async def test_it_closes_while_it_still_connects(tmp_path: Path, log: Log) -> None:
    broker = Broker(servers.nats(tmp_path).url, "tests", log)
    broker.start()
    await asyncio.wait_for(broker.close(), 5)
    assert not broker.is_connected


async def test_a_second_turn_of_a_lane_is_refused_quietly(broker: Broker) -> None:
    await broker.wake(ORDER)
    await broker.wake(ORDER)
    assert await turns(broker) == 1


async def test_lanes_have_turns_of_their_own_which_carry_the_order(broker: Broker) -> None:
    await broker.wake(ORDER)
    await broker.wake(JobOrder(job_id=UUID(int=2), phone_number_id="4712", template="x", total=1))
    assert await turns(broker) == 2
    turn = await broker.js.get_msg(subjects.JOBS_STREAM, seq=1)
    assert turn.subject == "bulk.jobs.4711"
    assert turn.data
    assert b'"jobId":"00000000-0000-0000-0000-000000000001"' in turn.data


async def test_events_get_growing_sequences(broker: Broker) -> None:
    subject = subjects.events_subject(ORDER.job_id)
    assert [await broker.publish(subject, b"{}") for _ in range(3)] == [1, 2, 3]


async def test_the_streams_are_as_asked_for(broker: Broker) -> None:
    for definition in subjects.STREAMS:
        config = (await broker.js.stream_info(definition.name)).config
        assert config.subjects == definition.subjects
        assert config.retention == definition.retention
        assert config.max_msgs_per_subject == definition.max_msgs_per_subject
        assert config.max_consumers == definition.max_consumers
        assert config.max_age == definition.max_age_seconds


async def test_a_missing_stream_is_no_working_jetstream_and_is_made_again(broker: Broker) -> None:
    for definition in subjects.STREAMS:
        await broker.js.delete_stream(definition.name)
        with pytest.raises(Unavailable):
            await broker.check()
        await broker.check()


async def test_making_the_streams_again_keeps_what_is_in_them(broker: Broker) -> None:
    await broker.wake(ORDER)
    await broker.ensure_streams()
    assert await turns(broker) == 1
