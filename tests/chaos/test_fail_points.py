"""Fault 1: kill -9 at every step of a message's and a turn's way; one at a time is in flight."""

import asyncio
import time

import pytest

from schemas.failpoints import FailPoint
from tests.chaos.campaigns import TAKEOVER_SECONDS, died, finished
from tests.chaos.conftest import Chaos

pytestmark = pytest.mark.timeout(90)

ONE_BY_ONE = {
    "BULK_CONCURRENCY": "1", "BULK_LOOP_SIZE": "10",
    "BULK_UNKNOWN_AFTER_S": "2", "BULK_REQUEST_TIMEOUT_MS": "500",
}  # fmt: skip

# With one request at a time. In doubt: what the crash leaves unknown; never: what a receipt cannot
# settle either, because its request had not been written.
STEPS = [
    (FailPoint.TURN_DELIVERED, 2, 0, 0),
    (FailPoint.LANE_TAKEN, 2, 0, 0),
    (FailPoint.LANE_SETTLED, 2, 0, 0),
    (FailPoint.BEFORE_CLAIM, 7, 0, 0),
    (FailPoint.CLAIMED, 7, 1, 1),
    (FailPoint.REQUEST_WRITTEN, 7, 1, 0),
    (FailPoint.ANSWER_READ, 7, 1, 0),
    (FailPoint.RECORDED, 7, 0, 0),
    (FailPoint.LOOP_COMPLETED, 1, 0, 0),
    (FailPoint.LANE_RELEASED, 1, 0, 0),
    (FailPoint.TURN_GIVEN_BACK, 1, 0, 0),
]


@pytest.mark.parametrize(("point", "passage", "in_doubt", "never"), STEPS)
async def test_a_daemon_killed_at_any_step_leaves_in_doubt_what_was_in_flight_and_no_more(
    chaos: Chaos, point: FailPoint, passage: int, in_doubt: int, never: int
) -> None:
    fleet = chaos.fleet
    chaos.about(f"1.{STEPS.index((point, passage, in_doubt, never)):02}", f"kill -9 at `{point}`")
    fleet.env.update(ONE_BY_ONE)
    with fleet.sandbox(), fleet.gateway():
        job_id = (await fleet.submit(24))["jobId"]
        with fleet.daemon(FAILPOINTS=f"{point}:{passage}") as victim:
            died_ns = await died(victim)
            assert victim.returncode == -9
        with fleet.daemon():
            settling = await _settles(chaos, job_id, in_doubt)
            await fleet.deliver_receipts()
            (job,) = await finished(fleet, job_id)
            recovery = await chaos.recovered(died_ns)
            account = await chaos.account()
    assert recovery is not None
    assert recovery < TAKEOVER_SECONDS
    assert (settling, account.unknown, account.sent) == (in_doubt, never, 24 - never)
    assert job["state"] == "completed"


async def _settles(chaos: Chaos, job_id: str, in_doubt: int) -> int:
    """How many were in doubt when all else was sent."""
    wanted = {"settling"} if in_doubt else {"completed"}
    deadline = time.monotonic() + 20
    while (job := await chaos.fleet.job(job_id))["state"] not in wanted:
        assert time.monotonic() < deadline, job
        await asyncio.sleep(0.02)
    unknown: int = job["unknown"]
    return unknown


async def test_a_daemon_killed_as_its_news_is_out_leaves_at_most_the_next_message_in_doubt(
    chaos: Chaos,
) -> None:
    fleet = chaos.fleet
    chaos.about("1.11", f"kill -9 at `{FailPoint.EVENT_PUBLISHED}`")
    fleet.env.update(ONE_BY_ONE)
    with fleet.sandbox(), fleet.gateway():
        job_id = (await fleet.submit(24))["jobId"]
        with fleet.daemon(FAILPOINTS=f"{FailPoint.EVENT_PUBLISHED}:7") as victim:
            died_ns = await died(victim)
        with fleet.daemon():
            await finished(fleet, job_id)
            await chaos.recovered(died_ns)
            account = await chaos.account()
    assert account.unknown <= 1


@pytest.mark.parametrize("point", [FailPoint.LANE_RELEASED, FailPoint.TURN_ACKED])
async def test_a_job_that_comes_in_as_a_daemon_dies_with_an_idle_turn_is_sent_at_once(
    chaos: Chaos, point: FailPoint
) -> None:
    fleet = chaos.fleet
    chaos.about(f"1.2{point}", f"kill -9 at `{point}` of an idle lane, a job comes in")
    with fleet.sandbox(), fleet.gateway():
        first = (await fleet.submit_text(["+4915110000001"]))["jobId"]
        with fleet.daemon(FAILPOINTS=f"{point}:1") as victim:
            await died(victim)
        second = (await fleet.submit_text(["+4915110000002"]))["jobId"]
        with fleet.daemon():
            started_ns = time.monotonic_ns()
            await finished(fleet, first, second)
            recovery = await chaos.recovered(started_ns)
            await chaos.account()
    assert recovery is not None
    assert recovery < TAKEOVER_SECONDS


async def test_receipts_that_were_merged_as_the_daemon_died_are_merged_once(chaos: Chaos) -> None:
    fleet = chaos.fleet
    chaos.about("1.30", "kill -9 at `receipts_merged`")
    with fleet.sandbox(), fleet.gateway():
        job_id = (await fleet.submit(20))["jobId"]
        with fleet.daemon(FAILPOINTS=f"{FailPoint.RECEIPTS_MERGED}:1") as victim:
            await finished(fleet, job_id)
            await fleet.deliver_receipts()
            await died(victim)
        with fleet.daemon():
            await fleet.deliver_receipts("read")
            while (job := await fleet.job(job_id))["read"] < 20:
                await asyncio.sleep(0.02)
            account = await chaos.account()
    assert (job["read"], job["delivered"], account.sent) == (20, 20, 20)
