"""Two accounts behind one Loopcast: each at its own pace, and a dead token stops its own alone."""

import asyncio
import time
from typing import Any

import pytest

from tests.e2e.test_control import press, until_over
from tests.fleet import PHONE, Fleet

pytestmark = pytest.mark.timeout(180)

SHOP = "200000000000002"
KEY = "s" * 32


async def keep(fleet: Fleet, path: str, **body: Any) -> dict[str, Any]:
    async with fleet.http.put(f"{fleet.api}/numbers/{path}", json=body) as answer:
        said: dict[str, Any] = await answer.json()
        assert answer.status == 200, said
        return said


async def until_paused(fleet: Fleet, job_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while (job := await fleet.job(job_id))["state"] != "paused":
        assert time.monotonic() < deadline, job
        await asyncio.sleep(0.05)
    return job


async def test_numbers_send_side_by_side_each_at_its_own_pace(fleet: Fleet) -> None:
    fleet.env["SECRET_KEY"] = KEY
    with fleet.sandbox(), fleet.daemon_after_gateway():
        said = await keep(fleet, SHOP, token="shop-token", messagesPerSecond=4)
        assert said["checked"] is True
        await asyncio.sleep(2.5)  # the daemon has read it
        jobs = [
            await fleet.submit(40),
            await fleet.submit(20, first=1000, phoneNumberId=SHOP),
        ]
        for job in jobs:
            await until_over(fleet, job["jobId"])
        own, shop = await fleet.arrivals(PHONE), await fleet.arrivals(SHOP)
        summary = await fleet.summary()
    assert (len(own), len(shop), summary["repeated"]) == (40, 20, [])
    assert busiest_second(shop) <= 5  # one may arrive late on a loaded machine
    assert busiest_second(own) > 5
    assert min(shop) < max(own)  # side by side, not one after the other


async def test_a_dead_token_stops_its_own_account_and_a_new_one_sends_the_rest_once(
    fleet: Fleet,
) -> None:
    fleet.env["SECRET_KEY"] = KEY
    with fleet.sandbox(), fleet.daemon_after_gateway():
        await keep(fleet, SHOP, token="good-token", wabaId="22", messagesPerSecond=10)
        await asyncio.sleep(2.5)
        shop = await fleet.submit(80, first=1000, phoneNumberId=SHOP)
        await asyncio.sleep(2)
        await keep(fleet, f"{SHOP}/token", token="expired", check=False)
        stopped = await until_paused(fleet, shop["jobId"])
        own = await fleet.submit(20)
        assert (await until_over(fleet, own["jobId"]))["sent"] == 20
        assert stopped["stoppedBy"] == "account"
        assert 0 < stopped["sent"] < 80
        await keep(fleet, f"{SHOP}/token", token="new-token")
        await asyncio.sleep(2.5)
        await press(fleet, shop["jobId"], "resume")
        done = await until_over(fleet, shop["jobId"])
        summary = await fleet.summary()
    assert (done["sent"], done["failed"], done["unknown"]) == (80, 0, 0)
    assert (summary["recipients"], summary["repeated"]) == (100, [])


def busiest_second(arrivals: list[int]) -> int:
    """The most that arrived within any second."""
    return max(sum(start <= at < start + 10**9 for at in arrivals) for start in arrivals)
