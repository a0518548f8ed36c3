"""A campaign held in the hand: paused, resumed and canceled over HTTP, while processes die."""

import asyncio
import time
from typing import Any

import pytest

from tests.e2e.watcher import Watcher
from tests.fleet import Fleet

pytestmark = pytest.mark.timeout(120)


async def press(fleet: Fleet, job_id: str, what: str, **body: str) -> dict[str, Any]:
    async with fleet.http.post(f"{fleet.api}/bulk/job/{job_id}/{what}", json=body) as answer:
        job: dict[str, Any] = await answer.json()
        assert answer.status == 200, job
        return job


async def until_sent(fleet: Fleet, job_id: str, least: int) -> None:
    deadline = time.monotonic() + 30
    while (await fleet.job(job_id))["sent"] < least:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def until_over(fleet: Fleet, job_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while (job := await fleet.job(job_id))["finishedAt"] is None:
        assert time.monotonic() < deadline, job
        await asyncio.sleep(0.05)
    return job


async def test_a_paused_campaign_stays_so_over_a_killed_daemon_and_goes_on_once(
    fleet: Fleet,
) -> None:
    with fleet.sandbox(), fleet.gateway():
        with fleet.daemon() as daemon:
            made = await fleet.submit(120)
            await until_sent(fleet, made["jobId"], 20)
            paused = await press(fleet, made["jobId"], "pause", reason="a typo")
            assert (paused["state"], paused["reason"]) == ("paused", "Paused: a typo")
            daemon.kill()
        with fleet.daemon():
            await asyncio.sleep(2)
            held = (await fleet.summary())["accepted"]
            await asyncio.sleep(1)
            assert (await fleet.summary())["accepted"] == held < 120
            pressed = (press(fleet, made["jobId"], "resume") for _ in range(5))
            await asyncio.gather(*pressed)
            job = await until_over(fleet, made["jobId"])
        summary = await fleet.summary()
    assert summary["repeated"] == []
    assert job["sent"] + job["unknown"] == 120
    assert summary["recipients"] >= job["sent"]
    assert job["unknown"] <= 3  # what was in flight when the daemon was killed


async def test_a_canceled_campaign_ends_for_its_readers_and_says_who_did_not_get_it(
    fleet: Fleet,
) -> None:
    with fleet.sandbox(), fleet.gateway(), fleet.daemon():
        made = await fleet.submit(2000)
        watcher = Watcher(fleet.http, f"{fleet.api}/bulk/realtime/{made['jobId']}")
        reading = asyncio.create_task(watcher.read_to_the_end())
        await until_sent(fleet, made["jobId"], 20)
        canceled = await press(fleet, made["jobId"], "cancel", reason="wrong list")
        assert (canceled["state"], canceled["queued"], canceled["sending"]) == ("canceled", 0, 0)
        again = await press(fleet, made["jobId"], "cancel")
        assert again["sent"] + again["canceled"] == 2000
        await asyncio.wait_for(reading, 10)
        await asyncio.sleep(0.5)
        summary = await fleet.summary()
        states = list((await fleet.messages(made["jobId"])).values())
    assert [frame["type"] for _, frame in watcher.seen[-2:]] == ["job_state", "job_completed"]
    assert watcher.seen[-1][1]["state"] == "canceled"
    assert summary["recipients"] == again["sent"] == states.count("sent")
    assert states.count("canceled") == again["canceled"]
