"""Fault 5: PostgreSQL is away, is killed, cuts its connections, and has none to give."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.chaos.campaigns import finished, reaches
from tests.chaos.conftest import Chaos, whole_only
from tests.chaos.judge import install_witness
from tests.fleet import Fleet, Restartable

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
async def watched(chaos: Chaos, own_postgres: Restartable) -> Restartable:
    """The PostgreSQL of this test alone, with the witness."""
    await install_witness(chaos.fleet.pool)
    return own_postgres


@pytest.mark.parametrize("how", ["stopped", "killed"])
async def test_a_database_that_goes_in_mid_loop_costs_nobody_a_message(
    chaos: Chaos, watched: Restartable, full: bool, how: str
) -> None:
    away = (20.0 if full else 2.0) if how == "stopped" else 0.0
    told = f"stopped for {away:.0f} s" if away else "killed with -9 and started again"
    chaos.about(f"5.0{how}", f"PostgreSQL {told} in mid-loop")
    fleet = chaos.fleet
    fleet.env |= {"BULK_LOOP_SIZE": "200", "BULK_MESSAGES_PER_SECOND": "20"}
    with fleet.sandbox(SANDBOX_LATENCY_MS="120"), fleet.gateway(), fleet.daemon():
        job_id = (await fleet.submit(200 if full else 120))["jobId"]
        await reaches(fleet, job_id, 20)
        await asyncio.to_thread(watched.kill if how == "killed" else watched.stop)
        await asyncio.sleep(away)
        await asyncio.to_thread(watched.start)
        back_ns = time.monotonic_ns()
        await fleet.pool.expire_connections()
        await over(fleet, job_id)
        recovery = await chaos.recovered(back_ns)
        account = await chaos.account()
    assert account.unknown == 0
    assert recovery is not None


async def over(fleet: Fleet, job_id: str) -> None:
    """The job is over; the gateway may need a moment to find its database again."""
    deadline = time.monotonic() + 60
    while "state" not in await fleet.job(job_id):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    await finished(fleet, job_id)


async def test_a_database_that_cuts_every_connection_costs_nobody_a_message(
    chaos: Chaos, full: bool
) -> None:
    times = 20 if full else 4
    chaos.about("5.1", f"every connection to PostgreSQL cut, {times} times")
    fleet = chaos.fleet
    fleet.env |= {"BULK_LOOP_SIZE": "200", "BULK_MESSAGES_PER_SECOND": "20"}
    cut_ns = []
    with fleet.sandbox(SANDBOX_LATENCY_MS="120"), fleet.gateway(), fleet.daemon(), fleet.daemon():
        job_id = (await fleet.submit(times * 25))["jobId"]
        for cut in range(times):
            await reaches(fleet, job_id, 10 + cut * 15)
            await _cut_every_connection(fleet)
            cut_ns.append(time.monotonic_ns())
        await over(fleet, job_id)
        await chaos.recoveries(cut_ns)
        account = await chaos.account()
    assert account.unknown == 0
    assert max(chaos.recovery_seconds) < 5


async def _cut_every_connection(fleet: Fleet) -> None:
    await fleet.pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name LIKE 'loopcast-%' AND pid <> pg_backend_pid()"
        " AND application_name <> 'loopcast-tests'"
    )


@whole_only
async def test_a_database_without_a_free_connection_holds_the_campaign_and_loses_nothing(
    chaos: Chaos, watched: Restartable, full: bool
) -> None:
    held = 20.0 if full else 3.0
    chaos.about("5.2", f"PostgreSQL without a free connection for {held:.0f} s")
    fleet = chaos.fleet
    fleet.env |= {"BULK_LOOP_SIZE": "200", "BULK_MESSAGES_PER_SECOND": "20"}
    with fleet.sandbox(SANDBOX_LATENCY_MS="120"), fleet.gateway(), fleet.daemon():
        job_id = (await fleet.submit(120))["jobId"]
        await reaches(fleet, job_id, 20)
        async with _no_connection_left(watched.url, fleet):
            sent_before = len(await fleet.arrivals())
            await asyncio.sleep(held)
            assert len(await fleet.arrivals()) <= sent_before + 1
        free_ns = time.monotonic_ns()
        await over(fleet, job_id)
        recovery = await chaos.recovered(free_ns)
        account = await chaos.account()
    assert account.unknown == 0
    assert recovery is not None


@contextlib.asynccontextmanager
async def _no_connection_left(url: str, fleet: Fleet) -> AsyncIterator[None]:
    """Every connection of the server is ours, and none a daemon's."""
    async with contextlib.AsyncExitStack() as stack:
        ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'loopcast-d%'"
        await fleet.pool.fetchval(ours)  # from here on the pool has a connection of its own
        deadline = time.monotonic() + 20
        while True:
            await _take_the_rest(url, stack)
            if not await fleet.pool.fetchval(ours):
                break
            assert time.monotonic() < deadline
            await _cut_every_connection(fleet)
        yield


async def _take_the_rest(url: str, stack: contextlib.AsyncExitStack) -> None:
    """Every connection that the server still has to give."""
    with contextlib.suppress(asyncpg.TooManyConnectionsError):
        while True:
            connection = await asyncpg.connect(url)
            stack.push_async_callback(connection.close)
