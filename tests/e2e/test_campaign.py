"""A campaign goes in over HTTP and every message of it goes out, whatever dies on the way."""

import asyncio
import signal
import subprocess
import time
from typing import Any

import aiohttp
import pytest

from tests.e2e.watcher import Watcher
from tests.fleet import Fleet, Restartable

pytestmark = pytest.mark.timeout(90)


async def reaches(fleet: Fleet, job_id: str, key: str, least: int, *, seconds: float = 20) -> None:
    """Return when the job's count has come that far."""
    deadline = time.monotonic() + seconds
    while (await fleet.job(job_id))[key] < least:
        assert time.monotonic() < deadline, await fleet.job(job_id)
        await asyncio.sleep(0.02)


async def finished(fleet: Fleet, job_id: str, *, seconds: float = 40) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while (job := await fleet.job(job_id))["state"] not in ("completed", "failed"):
        assert time.monotonic() < deadline, job
        await asyncio.sleep(0.05)
    return job


async def assert_all_accounted_for(fleet: Fleet, job_id: str, most_unknown: int) -> None:
    """PostgreSQL and the peer's ledger agree, message by message; nobody got two."""
    states, accepted = await fleet.messages(job_id), await fleet.accepted()
    summary = await fleet.summary()
    assert summary["repeated"] == []
    assert {to for to, state in states.items() if state == "sent"} <= set(accepted)
    in_doubt = {to for to, state in states.items() if state != "sent"}
    assert {states[to] for to in in_doubt} <= {"unknown"}
    assert len(in_doubt) <= most_unknown
    assert set(accepted) <= set(states)


async def test_a_campaign_over_http_reaches_every_recipient_with_their_own_words(
    fleet: Fleet,
) -> None:
    with fleet.sandbox(), fleet.gateway(), fleet.daemon():
        made = await fleet.submit(100)
        assert (made["totalLoops"], made["loopSize"], made["bulk"]) == (3, 40, True)
        watcher = Watcher(fleet.http, f"{fleet.api}/bulk/realtime/{made['jobId']}")
        await asyncio.wait_for(watcher.read_to_the_end(), 30)
        job = await fleet.job(made["jobId"])
        await assert_all_accounted_for(fleet, made["jobId"], most_unknown=0)
        seventh = (await fleet.accepted())["4915110000007"]
        summary = await fleet.summary()
    assert job["state"] == "completed"
    assert (job["sent"], job["failed"], job["progress"]["percentage"]) == (100, 0, 100)
    assert [loop["sent"] for loop in job["loops"]] == [40, 40, 20]
    assert "Name 7" in str(seventh)
    assert "A-7" in str(seventh)
    assert watcher.types[0] == "connection"
    assert watcher.types[-1] == "job_completed"
    assert watcher.types.count("message_sent") + watcher.seen[0][1]["job"]["sent"] == 100
    assert summary["recipients"] == 100


async def test_after_a_kill_9_in_mid_loop_the_next_daemon_goes_on_and_nobody_gets_two(
    fleet: Fleet,
) -> None:
    with fleet.sandbox(SANDBOX_LATENCY_MS="80"), fleet.gateway():
        made = await fleet.submit(120)
        with fleet.daemon() as first:
            await reaches(fleet, made["jobId"], "sent", 25)
            first.kill()
            first.wait()
        before = (await fleet.job(made["jobId"]))["sent"]
        with fleet.daemon():
            await reaches(fleet, made["jobId"], "sent", before + 1, seconds=5)
            job = await finished(fleet, made["jobId"])
            await assert_all_accounted_for(fleet, made["jobId"], most_unknown=12)
    assert job["sent"] + job["unknown"] == 120
    assert 0 < job["unknown"] <= 12


async def test_when_one_of_two_daemons_is_killed_the_other_goes_on_within_5_seconds(
    fleet: Fleet,
) -> None:
    with fleet.sandbox(), fleet.gateway(), fleet.daemon() as first, fleet.daemon() as second:
        made = await fleet.submit(160)
        await reaches(fleet, made["jobId"], "sent", 20)
        holder = await holder_of(fleet, first, second)
        holder.kill()
        before = (await fleet.job(made["jobId"]))["sent"]
        await reaches(fleet, made["jobId"], "sent", before + 15, seconds=5)
        job = await finished(fleet, made["jobId"])
        await assert_all_accounted_for(fleet, made["jobId"], most_unknown=5)
    assert job["sent"] + job["unknown"] == 160


async def holder_of(fleet: Fleet, *daemons: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    """The daemon that holds the lane just now."""
    while True:
        name = await fleet.pool.fetchval(
            "SELECT application_name FROM lanes JOIN pg_locks ON objid = holder::bigint::oid"
            " JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory'"
        )
        for daemon in daemons:
            if name == f"loopcast-daemon-{daemon.pid}":
                return daemon
        await asyncio.sleep(0.01)


async def test_a_terminated_daemon_leaves_nothing_in_doubt(fleet: Fleet) -> None:
    with fleet.sandbox(SANDBOX_LATENCY_MS="150"), fleet.gateway():
        made = await fleet.submit(80)
        with fleet.daemon() as first:
            await reaches(fleet, made["jobId"], "sent", 10)
            first.terminate()
            assert await asyncio.to_thread(first.wait, 10) == 0
        assert (await fleet.job(made["jobId"]))["sending"] == 0
        with fleet.daemon():
            job = await finished(fleet, made["jobId"])
            await assert_all_accounted_for(fleet, made["jobId"], most_unknown=0)
    assert job["sent"] == 80


async def test_a_reader_that_comes_back_gets_what_it_missed_and_nothing_twice(
    fleet: Fleet,
) -> None:
    with fleet.sandbox(), fleet.daemon_after_gateway() as gateway:
        made = await fleet.submit(100)
        watcher = Watcher(fleet.http, f"{fleet.api}/bulk/realtime/{made['jobId']}")
        async for _ in watcher.read():
            if watcher.types.count("message_sent") >= 10:
                break
        gateway.kill()
        gateway.wait()
        await asyncio.sleep(0.5)
        with fleet.gateway():
            await asyncio.wait_for(watcher.read_to_the_end(), 30)
    frames = [frame for _, frame in watcher.seen if frame["type"] == "message_sent"]
    already = watcher.seen[0][1]["job"]["sent"]
    assert [frame["sent"] for frame in frames] == list(range(already + 1, 101))


async def test_a_broker_that_dies_and_comes_back_costs_nobody_a_message(
    fleet: Fleet, nats_server: Restartable
) -> None:
    with fleet.sandbox(), fleet.gateway(), fleet.daemon():
        made = await fleet.submit(120)
        await reaches(fleet, made["jobId"], "sent", 15)
        nats_server.kill()
        await asyncio.sleep(1)
        nats_server.start()
        job = await finished(fleet, made["jobId"])
        await assert_all_accounted_for(fleet, made["jobId"], most_unknown=0)
    assert job["sent"] == 120


async def test_a_database_that_restarts_costs_nobody_a_message(
    fleet: Fleet, own_postgres: Restartable
) -> None:
    with fleet.sandbox(), fleet.gateway(), fleet.daemon():
        made = await fleet.submit(120)
        await reaches(fleet, made["jobId"], "sent", 15)
        own_postgres.stop()
        own_postgres.start()
        job = await finished(fleet, made["jobId"])
    assert job["sent"] == 120


async def test_a_campaign_is_taken_while_the_broker_is_down_and_goes_out_when_it_is_back(
    fleet: Fleet, nats_server: Restartable
) -> None:
    with fleet.sandbox(), fleet.gateway(), fleet.daemon():
        nats_server.kill()
        made = await fleet.submit(10)
        nats_server.start()
        job = await finished(fleet, made["jobId"])
    assert job["sent"] == 10


async def test_the_gateway_is_not_needed_for_sending(fleet: Fleet) -> None:
    with fleet.sandbox(), fleet.daemon_after_gateway() as gateway:
        made = await fleet.submit(60)
        gateway.kill()
        gateway.wait()
        with pytest.raises(aiohttp.ClientError):
            await fleet.job(made["jobId"])
        await asyncio.sleep(0.5)
        with fleet.gateway():
            assert (await finished(fleet, made["jobId"]))["sent"] == 60


async def test_a_daemon_that_wakes_up_after_its_turn_is_over_sends_nothing_twice(
    fleet: Fleet,
) -> None:
    short = {"BULK_ACK_WAIT_S": "3", "BULK_REQUEST_TIMEOUT_MS": "2000"}
    with (
        fleet.sandbox(SANDBOX_LATENCY_MS="150"),
        fleet.gateway(),
        fleet.daemon(**short) as first,
        fleet.daemon(**short) as second,
    ):
        made = await fleet.submit(240)
        await reaches(fleet, made["jobId"], "sent", 20)
        sleeper = await holder_of(fleet, first, second)
        sleeper.send_signal(signal.SIGSTOP)
        before = (await fleet.job(made["jobId"]))["sent"]
        await reaches(fleet, made["jobId"], "sent", before + 30, seconds=15)
        sleeper.send_signal(signal.SIGCONT)
        job = await finished(fleet, made["jobId"])
        await assert_all_accounted_for(fleet, made["jobId"], most_unknown=20)
    assert job["sent"] + job["unknown"] == 240
