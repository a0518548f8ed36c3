"""Faults 2 and 3: daemons killed at random times, again and again, and one that is put to sleep."""

import asyncio
import random
import signal
import time

import pytest

from tests.chaos.campaigns import TAKEOVER_SECONDS, Slot, finished, reaches, restarting
from tests.chaos.conftest import Chaos
from tests.fleet import PHONE, Fleet

pytestmark = pytest.mark.timeout(900)
OTHER_PHONE = "100000000000002"


async def test_a_daemon_killed_again_and_again_sends_everybody_one(
    chaos: Chaos, full: bool, dice: random.Random
) -> None:
    kills, total = (100, 2000) if full else (4, 120)
    chaos.about("2.0", f"kill -9 at random, {kills} times, restarted each time")
    fleet = chaos.fleet
    fleet.env |= {"BULK_MESSAGES_PER_SECOND": "25", "BULK_LOOP_SIZE": "50",
                  "BULK_UNKNOWN_AFTER_S": "5"}  # fmt: skip
    killed_ns = []
    with fleet.sandbox(), fleet.gateway():
        job_id = (await fleet.submit(total))["jobId"]
        with restarting(fleet, 1) as (slot,):
            for _ in range(kills):
                await asyncio.sleep(dice.uniform(0.1, 2.0))
                killed_ns.append(slot.kill())
                await asyncio.to_thread(slot.start)
            await fleet.deliver_receipts()
            await reaches(fleet, job_id, total - kills * 2, seconds=120)
            await fleet.deliver_receipts()
            await finished(fleet, job_id)
        await chaos.recoveries(killed_ns)
        account = await chaos.account()
    assert account.unknown <= kills  # claimed and not written: all others have their receipt


async def test_daemons_killed_at_random_share_two_numbers_and_send_everybody_one(
    chaos: Chaos, full: bool, dice: random.Random
) -> None:
    kills, total = (100, 1500) if full else (4, 60)
    chaos.about("2.1", f"three daemons, two numbers, one killed at random, {kills} times")
    fleet = chaos.fleet
    fleet.env |= {"BULK_MESSAGES_PER_SECOND": "20", "BULK_LOOP_SIZE": "20",
                  "BULK_UNKNOWN_AFTER_S": "5"}  # fmt: skip
    killed_ns = []
    with fleet.sandbox(), fleet.gateway():
        jobs = [
            await fleet.submit(total, first=first, phoneNumberId=phone)
            for phone, first in ((PHONE, 1), (OTHER_PHONE, total + 1))
        ]
        job_ids = [job["jobId"] for job in jobs]
        with restarting(fleet, 3) as slots:
            for _ in range(kills):
                await asyncio.sleep(dice.uniform(0.0, 1.0))
                slot = dice.choice(slots)
                killed_ns.append(slot.kill())
                await asyncio.to_thread(slot.start)
            for job_id in job_ids:
                await reaches(fleet, job_id, total - kills * 3, seconds=120)
            await fleet.deliver_receipts()
            await finished(fleet, *job_ids)
        for phone in (PHONE, OTHER_PHONE):
            await chaos.recoveries(killed_ns, phone)
        account = await chaos.account()
    assert account.unknown <= 2 * kills
    assert max(chaos.recovery_seconds) < TAKEOVER_SECONDS


@pytest.mark.parametrize("how", ["kill", "term"])
async def test_another_daemon_takes_over_in_time(chaos: Chaos, full: bool, how: str) -> None:
    times = 20 if full else 2
    chaos.about(
        f"2.2{how}", f"SIG{how.upper()} of the holder, another daemon stands by, {times} times"
    )
    fleet = chaos.fleet
    fleet.env |= {"BULK_LOOP_SIZE": "500", "BULK_MESSAGES_PER_SECOND": "10"}
    ended_ns = []
    with fleet.sandbox(SANDBOX_LATENCY_MS="120"), fleet.gateway():
        job_id = (await fleet.submit(times * 25))["jobId"]
        with restarting(fleet, 2) as slots:
            for turn in range(times):
                await reaches(fleet, job_id, (turn + 1) * 12)
                slot = await holder(fleet, slots)
                ended_ns.append(await _end(slot, how))
                await asyncio.to_thread(slot.start)
            await finished(fleet, job_id, seconds=120)
        await chaos.recoveries(ended_ns)
        account = await chaos.account()
    assert max(chaos.recovery_seconds) < (TAKEOVER_SECONDS if how == "kill" else 1.0)
    assert account.unknown <= (3 * times if how == "kill" else 0)


async def holder(fleet: Fleet, slots: list[Slot]) -> Slot:
    """The place of the daemon that holds the lane just now."""
    while True:
        name = await fleet.pool.fetchval(
            "SELECT application_name FROM lanes JOIN pg_locks ON objid = holder::bigint::oid"
            " JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND NOT is_released"
        )
        for slot in slots:
            if slot.child and name == f"loopcast-daemon-{slot.child.pid}":
                return slot
        await asyncio.sleep(0.01)


async def _end(slot: Slot, how: str) -> int:
    if how == "kill":
        return slot.kill()
    assert slot.child is not None
    asked_ns = time.monotonic_ns()
    slot.child.terminate()
    assert await asyncio.to_thread(slot.child.wait, 30) == 0
    return asked_ns


async def test_a_daemon_that_sleeps_past_its_turn_wakes_up_to_a_successor(
    chaos: Chaos, full: bool
) -> None:
    ack_wait = 15 if full else 3
    asleep = ack_wait + 3
    chaos.about("3.0", f"SIGSTOP of the holder, SIGCONT after {asleep} s")
    fleet = chaos.fleet
    fleet.env |= {"BULK_ACK_WAIT_S": str(ack_wait), "BULK_MESSAGES_PER_SECOND": "20",
                  "BULK_REQUEST_TIMEOUT_MS": str(ack_wait * 600), "BULK_LOOP_SIZE": "200",
                  "BULK_UNKNOWN_AFTER_S": "5"}  # fmt: skip
    with fleet.sandbox(SANDBOX_LATENCY_MS="150"), fleet.gateway():
        total = 600 if full else 160
        job_id = (await fleet.submit(total))["jobId"]
        with restarting(fleet, 2) as slots:
            await reaches(fleet, job_id, 20)
            sleeper = (await holder(fleet, slots)).child
            assert sleeper is not None
            sleeper.send_signal(signal.SIGSTOP)
            stopped_ns = time.monotonic_ns()
            await asyncio.sleep(asleep)
            sleeper.send_signal(signal.SIGCONT)
            await reaches(fleet, job_id, total - 10)
            await fleet.deliver_receipts()
            await finished(fleet, job_id)
        await asyncio.sleep(0.2)
        recovery = await chaos.recovered(stopped_ns + 1_000_000_000)
        account = await chaos.account()
    assert account.unknown <= 5
    assert recovery is not None
