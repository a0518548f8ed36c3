"""The fleet: hundreds of numbers are served side by side and fairly, whoever comes and goes."""

import asyncio
import contextlib
import time

import pytest

from tests.chaos.campaigns import finished, reaches
from tests.chaos.conftest import Chaos, whole_only
from tests.fleet import PHONE, Fleet
from tests.support import free_port

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("daemons", [2, pytest.param(1, marks=whole_only)])
async def test_hundreds_of_numbers_are_served_fairly(
    chaos: Chaos, full: bool, daemons: int
) -> None:
    """One daemon has fewer places than there are numbers, and no pause to let others in."""
    numbers, each = (400 if daemons == 2 else 300, 12) if full else (40, 6)
    chaos.about(f"9.{2 - daemons}", f"{numbers} numbers with work queued, {_daemons(daemons)}")
    fleet = chaos.fleet
    fleet.env |= {"BULK_MESSAGES_PER_SECOND": "1", "BULK_LOOP_SIZE": "2",
                  "BULK_LOOP_PAUSE_MS": "200" if daemons == 2 else "0"}  # fmt: skip
    phones = [f"2{number:014}" for number in range(numbers)]
    ports = [free_port() for _ in range(daemons)]
    with fleet.sandbox(), fleet.gateway(), contextlib.ExitStack() as stack:
        for port in ports:
            stack.enter_context(fleet.daemon(port))
        await _submit_to_all(fleet, phones, each)
        behind, ahead = await _at_half_time(fleet)
        await _all_finished(fleet)
        loops = [await _loops_completed(fleet, port) for port in ports]
        await chaos.account()
    assert min(loops) > 0.25 * sum(loops), loops
    assert ahead - behind <= each / 3 + 2, (behind, ahead)


def _daemons(count: int) -> str:
    return "two daemons" if count == 2 else "one daemon, fewer places, no pause"


async def _at_half_time(fleet: Fleet) -> tuple[int, int]:
    """How far the number is that is behind all others, and the one ahead of all, at half time."""
    query = "SELECT sum(sent) >= sum(total) / 2 AS is_half, min(sent), max(sent) FROM jobs"
    deadline = time.monotonic() + 60
    while True:
        row = await fleet.pool.fetchrow(query)
        assert row is not None
        if row["is_half"]:
            return row["min"], row["max"]
        assert time.monotonic() < deadline, dict(row)
        await asyncio.sleep(0.05)


async def _submit_to_all(fleet: Fleet, phones: list[str], each: int) -> None:
    for index, phone in enumerate(phones):
        recipients = [f"+49151{index:04}{seq:03}" for seq in range(each)]
        await fleet.submit_text(recipients, phone)


async def _all_finished(fleet: Fleet) -> None:
    deadline = time.monotonic() + 120
    while left := await fleet.pool.fetchval("SELECT count(*) FROM jobs WHERE finished_at IS NULL"):
        assert time.monotonic() < deadline, left
        await asyncio.sleep(0.1)


async def _loops_completed(fleet: Fleet, port: int) -> float:
    async with fleet.http.get(f"http://127.0.0.1:{port}/metrics") as answer:
        text = await answer.text()
    (line,) = [
        x for x in text.splitlines() if x.startswith('loopcast_loops_total{end="completed"}')
    ]
    return float(line.split()[1])


async def test_daemons_that_come_and_go_change_nothing_but_the_speed(chaos: Chaos) -> None:
    chaos.about("9.2", "a daemon added, another one removed, in mid-run")
    fleet = chaos.fleet
    fleet.env |= {"BULK_MESSAGES_PER_SECOND": "20", "BULK_LOOP_SIZE": "10"}
    phones = [PHONE, "100000000000002", "100000000000003"]
    with fleet.sandbox(), fleet.gateway():
        jobs = [
            (await fleet.submit(80, first=1 + 80 * n, phoneNumberId=phone))["jobId"]
            for n, phone in enumerate(phones)
        ]
        with fleet.daemon() as first:
            await reaches(fleet, jobs[0], 10)
            with fleet.daemon():
                await reaches(fleet, jobs[0], 30)
                first.terminate()
                assert await asyncio.to_thread(first.wait, 30) == 0
                await finished(fleet, *jobs)
        account = await chaos.account()
    assert (account.sent, account.unknown) == (240, 0)


async def test_jobs_of_one_number_take_turns_and_its_rate_is_kept_by_all_daemons_together(
    chaos: Chaos,
) -> None:
    chaos.about("9.3", "four jobs of one number, three daemons")
    fleet = chaos.fleet
    fleet.env |= {"BULK_MESSAGES_PER_SECOND": "30", "BULK_LOOP_SIZE": "10"}
    with fleet.sandbox(), fleet.gateway():
        jobs = [
            (await fleet.submit_text([f"+49151{job:04}{seq:03}" for seq in range(40)]))["jobId"]
            for job in range(4)
        ]
        with fleet.daemon(), fleet.daemon(), fleet.daemon():
            await finished(fleet, *jobs)
        order = await _loops_in_order(fleet)
        overlaps = await fleet.pool.fetchval(
            "SELECT count(*) FROM loops a JOIN loops b ON (a.job_id, a.loop) <> (b.job_id, b.loop)"
            " AND a.started_at < b.started_at AND b.started_at < a.finished_at"
        )
        account = await chaos.account()
    assert overlaps == 0
    assert [len(set(order[turn : turn + 4])) for turn in range(0, 16, 4)] == [4, 4, 4, 4]
    assert account.sent == 160


async def _loops_in_order(fleet: Fleet) -> list[str]:
    """Whose loops began, in the order in which they did."""
    rows = await fleet.pool.fetch("SELECT job_id FROM loops ORDER BY started_at")
    return [str(row["job_id"]) for row in rows]
