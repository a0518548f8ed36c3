"""Faults 4 and 8: nats-server is away, is killed, and has no room."""

import asyncio
import time
from typing import Any

import pytest
import structlog
from nats.js import api

from plumbing.broker import Broker
from schemas.subjects import EVENTS_STREAM, JOBS_STREAM
from tests.chaos.campaigns import finished, reaches
from tests.chaos.conftest import Chaos, whole_only
from tests.fleet import Restartable

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("how", ["stopped", "killed"])
async def test_a_broker_that_goes_in_mid_loop_costs_nobody_a_message(
    chaos: Chaos, nats_server: Restartable, full: bool, how: str
) -> None:
    away = _away_seconds(how, full=full)
    chaos.about(f"4.0{how}", f"nats-server {_told(how, away)} in mid-loop")
    fleet = chaos.fleet
    fleet.env |= {"BULK_LOOP_SIZE": "200", "BULK_MESSAGES_PER_SECOND": "20"}
    with fleet.sandbox(), fleet.gateway(), fleet.daemon(), fleet.daemon():
        job_id = (await fleet.submit(500 if full else 120))["jobId"]
        await reaches(fleet, job_id, 20)
        back_ns = await _goes_away(nats_server, how, away)
        await finished(fleet, job_id, seconds=120)
        recovery = await chaos.recovered(back_ns)
        account = await chaos.account()
    assert account.unknown == 0
    assert recovery is not None


@pytest.mark.parametrize("how", ["stopped", "killed"])
async def test_a_broker_that_goes_while_jobs_come_in_costs_nobody_a_job(
    chaos: Chaos, nats_server: Restartable, full: bool, how: str
) -> None:
    away = _away_seconds(how, full=full)
    chaos.about(f"4.1{how}", f"nats-server {_told(how, away)} during submission")
    fleet = chaos.fleet
    with fleet.sandbox(), fleet.gateway(), fleet.daemon():
        submitting = asyncio.create_task(_submissions(chaos, 20))
        await asyncio.sleep(0.1)
        back_ns = await _goes_away(nats_server, how, away)
        made = await submitting
        await finished(fleet, *(job["jobId"] for job in made), seconds=120)
        await chaos.recovered(back_ns)
        account = await chaos.account()
    assert (account.recipients, account.sent) == (60, 60)


async def _submissions(chaos: Chaos, count: int) -> list[dict[str, Any]]:
    made = []
    for number in range(count):
        recipients = [f"+49151100{number:03}{seq:02}" for seq in range(3)]
        made.append(await chaos.fleet.submit_text(recipients))
        await asyncio.sleep(0.05)
    return made


def _away_seconds(how: str, *, full: bool) -> float:
    if how == "killed":
        return 0.0
    return 20.0 if full else 2.0


def _told(how: str, away_seconds: float) -> str:
    if how == "killed":
        return "killed with -9 and started again"
    return f"stopped for {away_seconds:.0f} s"


async def _goes_away(server: Restartable, how: str, seconds: float) -> int:
    """Returns when it is back, in nanoseconds."""
    await asyncio.to_thread(server.kill if how == "killed" else server.stop)
    await asyncio.sleep(seconds)
    await asyncio.to_thread(server.start)
    return time.monotonic_ns()


async def test_a_stream_of_turns_that_is_full_lets_jobs_wait_and_says_so(chaos: Chaos) -> None:
    chaos.about("8.0", "the stream of turns is full, then has room again")
    fleet = chaos.fleet
    broker = await _broker(chaos)
    with fleet.sandbox(), fleet.gateway(), fleet.daemon():
        await _limit(broker, JOBS_STREAM, max_bytes=64)
        job_id = (await fleet.submit(20))["jobId"]
        await asyncio.sleep(2.5)
        assert (await fleet.job(job_id))["state"] == "queued"
        await _limit(broker, JOBS_STREAM, max_bytes=64 * 2**20)
        room_ns = time.monotonic_ns()
        await finished(fleet, job_id)
        recovery = await chaos.recovered(room_ns)
        await chaos.account()
    await broker.close()
    said = "\n".join(path.read_text() for path in fleet.folder.glob("*-*.log"))
    assert "maximum bytes exceeded" in said
    assert recovery is not None
    assert recovery < 5


@whole_only
async def test_a_stream_of_events_that_is_full_holds_no_message_up(chaos: Chaos) -> None:
    chaos.about("8.1", "the stream of events is full in mid-loop, then has room again")
    fleet = chaos.fleet
    broker = await _broker(chaos)
    with fleet.sandbox(), fleet.gateway(), fleet.daemon():
        job_id = (await fleet.submit(100))["jobId"]
        await reaches(fleet, job_id, 10)
        await _limit(broker, EVENTS_STREAM, max_bytes=1, discard=api.DiscardPolicy.NEW)
        full_ns = time.monotonic_ns()
        await reaches(fleet, job_id, 100, seconds=20)
        await chaos.recovered(full_ns)
        await _limit(broker, EVENTS_STREAM, max_bytes=2**26, discard=api.DiscardPolicy.OLD)
        (job,) = await finished(fleet, job_id)
        await _is_told(chaos, job_id)
        await chaos.account()
    await broker.close()
    assert job["sent"] == 100


async def _broker(chaos: Chaos) -> Broker:
    broker = Broker(chaos.fleet.nats_url, "tests", structlog.get_logger())
    broker.start()
    await asyncio.wait_for(broker.ready(), 10)
    return broker


async def _limit(broker: Broker, stream: str, **changes: Any) -> None:
    info = await broker.js.stream_info(stream)
    await broker.js.update_stream(info.config, **changes)


async def _is_told(chaos: Chaos, job_id: str) -> None:
    """The end of the job gets out once there is room, by itself."""
    deadline = time.monotonic() + 30
    query = "SELECT completion_told FROM jobs WHERE id = $1::text::uuid"
    while not await chaos.fleet.pool.fetchval(query, job_id):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
