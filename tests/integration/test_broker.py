"""The connection to NATS: starts without a server, heals by itself, and keeps one turn a lane."""

import asyncio
import dataclasses
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import pytest

from deploy import servers
from deploy.ports import is_taken
from deploy.programs import Program, running
from plumbing.broker import Broker, Unavailable
from plumbing.logs import Log
from schemas import subjects
from schemas.jobs import JobOrder
from tests.support import free_port, until

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


async def test_a_turn_that_is_made_anew_is_another_one(broker: Broker) -> None:
    assert await broker.wake(ORDER)
    assert not await broker.wake(ORDER)
    before = await broker.js.get_last_msg(subjects.JOBS_STREAM, subjects.turn_subject("4711"))
    await broker.renew(ORDER)
    after = await broker.js.get_last_msg(subjects.JOBS_STREAM, subjects.turn_subject("4711"))
    assert (before.seq, after.seq) == (1, 2)
    assert await turns(broker) == 1


async def test_a_turn_that_has_gone_meanwhile_is_made_anew_all_the_same(broker: Broker) -> None:
    await broker.renew(ORDER)
    assert await turns(broker) == 1


async def test_a_stream_that_is_full_is_not_taken_for_a_lane_that_has_its_turn(
    broker: Broker,
) -> None:
    info = await broker.js.stream_info(subjects.JOBS_STREAM)
    await broker.js.update_stream(info.config, max_bytes=64)
    with pytest.raises(Unavailable, match="maximum bytes exceeded"):
        await broker.wake(ORDER)


async def test_the_age_of_the_oldest_message_says_how_far_a_work_queue_is_behind(
    broker: Broker,
) -> None:
    assert await broker.waiting_seconds(subjects.RECEIPTS_STREAM) == 0
    for body in (b"1", b"2"):
        await broker.publish(subjects.RECEIPTS_SUBJECT, body)
    await asyncio.sleep(0.3)
    assert 0.2 < await broker.waiting_seconds(subjects.RECEIPTS_STREAM) < 5


def nats_with(folder: Path, lines: str) -> Program:
    """A nats-server with settings of its own, on a port of ours."""
    port = free_port()
    (folder / "own.conf").write_text(lines)
    program = servers.nats(folder).program
    argv = (program.argv[0], "-c", str(folder / "own.conf"), "-a", "127.0.0.1", "-p", str(port))
    address = f"127.0.0.1:{port}"
    return dataclasses.replace(
        program, argv=argv, address=address, is_ready=lambda: is_taken("127.0.0.1", port)
    )


async def test_where_the_disk_has_little_room_streams_get_less_and_turns_keep_theirs(
    tmp_path: Path, log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    small = f'jetstream {{ store_dir: "{tmp_path}/js", max_file: 300MB }}'
    program = nats_with(tmp_path, small)
    with running(program):
        broker = Broker(f"nats://{program.address}", "tests", log)
        broker.start()
        await asyncio.wait_for(broker.ready(), 20)
        sizes = [
            (await broker.js.stream_info(definition.name)).config.max_bytes
            for definition in subjects.STREAMS
        ]
        await broker.close()
    assert sizes == [64 * 2**20, 128 * 2**20, 64 * 2**20]
    assert "the disk has little room for JetStream" in capsys.readouterr().out


async def test_replicas_that_a_single_server_cannot_have_are_refused_with_what_to_do(
    nats_url: str, log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    broker = Broker(nats_url, "tests", log, replicas=3)
    broker.start()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(broker.ready()), 1.5)
    with pytest.raises(Unavailable, match="replicas > 1 not supported"):
        await broker.check()
    await broker.close()
    assert "NATS_REPLICAS above 1 needs a cluster" in capsys.readouterr().out


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """Three nats-servers that know each other; yields the address of one."""
    ports = [free_port() for _ in range(3)]
    routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in ports)
    with ExitStack() as servers_of_it:
        addresses = []
        for number, port in enumerate(ports):
            folder = tmp_path / f"n{number}"
            folder.mkdir()
            lines = (
                f'server_name: n{number}\njetstream {{ store_dir: "{folder}/js" }}\n'
                f'cluster {{ name: c, listen: "127.0.0.1:{port}", routes: [{routes}] }}'
            )
            program = nats_with(folder, lines)
            servers_of_it.enter_context(running(program))
            addresses.append(program.address)
        yield f"nats://{addresses[0]}"


async def test_on_a_cluster_streams_get_more_replicas_and_never_fewer(
    cluster: str, log: Log
) -> None:
    for replicas, has in ((1, 1), (3, 3), (1, 3)):
        broker = Broker(cluster, "tests", log, replicas=replicas)
        broker.start()
        try:
            await asyncio.wait_for(broker.ready(), 30)
            found = [
                (await broker.js.stream_info(definition.name)).config.num_replicas
                for definition in subjects.STREAMS
            ]
            await woken(broker)
        finally:
            await broker.close()
        assert found == [has] * 3


async def test_credentials_hold_for_servers_that_only_the_cluster_names(
    tmp_path: Path, log: Log
) -> None:
    ports, url = [free_port() for _ in range(2)], ""
    routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in ports)
    with ExitStack() as stack:
        children = []
        for number, port in enumerate(ports):
            folder = tmp_path / f"n{number}"
            folder.mkdir()
            program = nats_with(
                folder,
                f"server_name: n{number}\nauthorization {{ user: me, password: secret }}\n"
                f'cluster {{ name: c, listen: "127.0.0.1:{port}", routes: [{routes}] }}',
            )
            children.append(stack.enter_context(running(program)))
            url = url or f"nats://me:secret@{program.address}"
        broker = Broker(url, "tests", log)
        broker.start()
        await until(lambda: broker.is_connected, "it is connected")
        await until(
            lambda: len({server.port for server in broker.client.servers}) == 2,
            "the cluster names the other",
        )
        children[0].kill()
        await until(lambda: broker.client.stats["reconnects"] > 0, "it is at the other")
        assert broker.is_connected
        assert not broker.closed.is_set()
        await broker.close()


async def woken(broker: Broker, *, seconds: float = 30) -> None:
    """A lane has its turn; a stream whose leader is being elected takes none for a while."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            await broker.wake(ORDER)
        except Unavailable:
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.2)
        else:
            return
