"""A campaign planned over HTTP: started on time by a fleet, and held when none was there."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.test_campaign import assert_all_accounted_for, finished
from tests.fleet import Fleet

pytestmark = pytest.mark.timeout(90)


async def until(fleet: Fleet, job_id: str, state: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while (job := await fleet.job(job_id))["state"] != state:
            await asyncio.sleep(0.05)
    return job


async def test_a_campaign_starts_at_its_time_once_whichever_daemon_lives(fleet: Fleet) -> None:
    with fleet.sandbox(), fleet.gateway(), fleet.daemon():
        start = datetime.now(UTC) + timedelta(seconds=3)
        with fleet.daemon() as second:
            made = await fleet.submit(60, scheduledAt=start.isoformat(), loopSize=20)
            assert (await fleet.job(made["jobId"]))["limitedBy"] == "schedule"
            second.kill()
        job = await finished(fleet, made["jobId"])
        await assert_all_accounted_for(fleet, made["jobId"], most_unknown=0)
    assert (job["sent"], job["totalLoops"]) == (60, 3)
    assert datetime.fromisoformat(job["startedAt"]) >= start


async def test_a_start_that_nobody_was_there_for_waits_for_a_person(fleet: Fleet) -> None:
    with fleet.sandbox(), fleet.gateway():
        start = datetime.now(UTC) + timedelta(seconds=1)
        made = await fleet.submit(10, scheduledAt=start.isoformat())
        await asyncio.sleep(3.5)
        with fleet.daemon(SCHEDULE_GRACE_S="1"):
            held = await until(fleet, made["jobId"], "paused")
            assert (held["stoppedBy"], (await fleet.summary())["accepted"]) == ("late", 0)
            async with fleet.http.post(f"{fleet.api}/bulk/job/{made['jobId']}/resume") as answer:
                assert answer.status == 200
            assert (await finished(fleet, made["jobId"]))["sent"] == 10
