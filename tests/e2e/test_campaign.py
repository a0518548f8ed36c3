"""A campaign goes in over HTTP and every message of it goes out; with faults: tests/chaos."""

import asyncio
import contextlib
import time
from typing import Any

import aiohttp
import pytest

from tests.e2e.watcher import Watcher
from tests.fleet import Fleet, Restartable

pytestmark = pytest.mark.timeout(90)


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


async def test_a_daemon_that_starts_before_its_database_waits_for_it(
    fleet: Fleet, own_postgres: Restartable
) -> None:
    with contextlib.ExitStack() as stack:
        own_postgres.stop()
        starting = asyncio.create_task(asyncio.to_thread(stack.enter_context, fleet.daemon()))
        await asyncio.sleep(2)
        assert not starting.done()
        await asyncio.to_thread(own_postgres.start)
        daemon = await starting
        assert daemon.poll() is None
    (log,) = fleet.folder.glob("daemon-*.log")
    assert "waiting for PostgreSQL" in log.read_text()
