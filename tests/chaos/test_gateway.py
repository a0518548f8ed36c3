"""Fault 7: the gateway is killed between its two answers, and while people watch."""

import asyncio
import contextlib

import aiohttp
import pytest

from schemas.failpoints import FailPoint
from tests.chaos.campaigns import Slot, died, finished
from tests.chaos.conftest import Chaos
from tests.e2e.watcher import Watcher

pytestmark = pytest.mark.timeout(120)


async def test_a_job_that_is_committed_and_not_told_is_sent_all_the_same(chaos: Chaos) -> None:
    chaos.about("7.0", "kill -9 of the gateway between commit and publication")
    fleet = chaos.fleet
    recipients = [f"+4915110000{seq:03}" for seq in range(20)]
    key = {"Idempotency-Key": "monday"}
    dying = fleet.gateway(FAILPOINTS=f"{FailPoint.JOB_COMMITTED}:1")
    with fleet.sandbox(), dying as gateway, fleet.daemon():
        with pytest.raises(aiohttp.ClientError):
            await fleet.submit_text(recipients, **key)
        died_ns = await died(gateway)
        with fleet.gateway():
            again = await fleet.submit_text(recipients, **key)
            await finished(fleet, again["jobId"])
            recovery = await chaos.recovered(died_ns)
            account = await chaos.account()
    assert (account.recipients, account.sent) == (20, 20)
    assert recovery is not None
    assert recovery < 5


async def test_a_client_that_comes_back_after_the_gateway_died_misses_nothing(
    chaos: Chaos, full: bool
) -> None:
    kills = 10 if full else 2
    chaos.about("7.1", f"kill -9 of the gateway under an event stream, {kills} times")
    fleet = chaos.fleet
    fleet.env["BULK_MESSAGES_PER_SECOND"] = "20"
    total, killed_ns = kills * 25 + 20, []
    with fleet.sandbox(), contextlib.ExitStack() as stack:
        gateway = Slot(stack, fleet.gateway)
        gateway.start()
        stack.enter_context(fleet.daemon())
        made = await fleet.submit(total)
        watcher = Watcher(fleet.http, f"{fleet.api}/bulk/realtime/{made['jobId']}")
        for kill in range(kills):
            await _seen(watcher, 10 + kill * 20)
            killed_ns.append(gateway.kill())
            await asyncio.to_thread(gateway.start)
        await asyncio.wait_for(watcher.read_to_the_end(), 60)
        await chaos.recoveries(killed_ns)
        await chaos.account()
    already = watcher.seen[0][1]["job"]["sent"]
    frames = [frame for _, frame in watcher.seen if frame["type"] == "message_sent"]
    assert [frame["sent"] for frame in frames] == list(range(already + 1, total + 1))


async def _seen(watcher: Watcher, least: int) -> None:
    """Read until the watcher has seen so many messages sent."""
    async for _ in watcher.read():
        if watcher.types.count("message_sent") >= least:
            return
