"""Campaigns under Meta's rules: what the sandbox says became of everybody is what Loopcast says."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from deploy.reconcile import differences
from tests.e2e.test_campaign import finished
from tests.fleet import Fleet

pytestmark = pytest.mark.timeout(120)
SECRET = "app-secret"


@asynccontextmanager
async def posting(fleet: Fleet, **script: Any) -> AsyncIterator[None]:
    """A sandbox that posts signed webhooks to the gateway, and follows a script."""
    fleet.env["META_APP_SECRET"] = SECRET
    webhooks = {
        "SANDBOX_WEBHOOK_URL": f"http://127.0.0.1:{fleet.gateway_port}/webhooks/whatsapp",
        "SANDBOX_APP_SECRET": SECRET,
        "SANDBOX_SEED": "7",
    }
    with fleet.sandbox(**webhooks):
        await put(fleet, "script", script)
        yield


async def put(fleet: Fleet, what: str, body: Any, method: str = "PUT") -> None:
    url = f"{fleet.sandbox_url}/sandbox/{what}"
    async with fleet.http.request(method, url, json=body) as answer:
        assert answer.status in (200, 201, 202), await answer.text()


async def job_when(
    fleet: Fleet, job_id: str, is_so: Callable[[dict[str, Any]], bool], seconds: float = 20
) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while not is_so(job := await fleet.job(job_id)):
        assert time.monotonic() < deadline, job
        await asyncio.sleep(0.02)
    return job


async def said_by_the_sandbox(fleet: Fleet) -> dict[str, str]:
    """What the receipts that it posts come to, by recipient."""
    async with fleet.http.get(f"{fleet.sandbox_url}/sandbox/ledger?limit=10000") as answer:
        entries = (await answer.json())["entries"]
    return {
        entry["to"]: "skipped" if entry.get("failedWith") == 131049 else entry["becomes"]
        for entry in entries
    }


async def agrees(fleet: Fleet, job_id: str, seconds: float = 30) -> dict[str, str]:
    """Wait until every message is where the sandbox's receipts say; returns where that is."""
    deadline = time.monotonic() + seconds
    while True:
        ours, theirs = await fleet.messages(job_id), await said_by_the_sandbox(fleet)
        wrong = {to: (ours[to], theirs[to]) for to in theirs if ours[to] != theirs[to]}
        if not wrong:
            return ours
        assert time.monotonic() < deadline, wrong
        await asyncio.sleep(0.1)


async def test_receipts_of_every_kind_come_to_what_the_sandbox_says_through_kills_and_outages(
    fleet: Fleet,
) -> None:
    rough = {
        "sentMs": 50, "deliveredMs": 100, "readMs": 200, "read": 0.5, "readAlone": 0.3,
        "failed": {"131026": 0.1, "131049": 0.1, "131050": 0.05},
        "duplicated": 0.3, "reordered": 0.3, "milliseconds": 0.3,
    }  # fmt: skip
    # One that is claimed and killed before its request leaves has no receipt to wait for.
    fleet.env["BULK_UNKNOWN_AFTER_S"] = "5"
    async with posting(
        fleet, receipts=rough, faults={"errors": {"131000": 0.05}},
        webhooks={"retryMs": 200, "statusesPerBody": 20},
    ):  # fmt: skip
        with fleet.gateway():
            with fleet.daemon() as daemon:
                job_id = (await fleet.submit(200))["jobId"]
                await job_when(fleet, job_id, lambda job: job["sent"] > 60)
                daemon.kill()
                daemon.wait()
            with fleet.daemon():
                await job_when(fleet, job_id, lambda job: job["sent"] > 120)
        # The gateway is away: the daemon goes on, the sandbox's posts come again.
        with fleet.daemon():
            await asyncio.sleep(2)
            with fleet.gateway():
                await finished(fleet, job_id)
                ours = await agrees(fleet, job_id)
                job = await fleet.job(job_id)
                summary = await fleet.summary()
    counted = Counter(ours.values())
    assert summary["repeated"] == []
    assert set(counted) >= {"delivered", "read", "failed", "skipped"}
    assert job["failed"] == counted["failed"]
    assert job["skipped"] == job["deferred"] == counted["skipped"]
    assert job["read"] == counted["read"]
    assert job["delivered"] == counted["delivered"] + counted["read"]
    assert await differences(fleet.pool) == []
    stopped = await fleet.pool.fetchval(
        "SELECT count(*) FROM suppressions WHERE source = 'meta' AND reason LIKE '%131050'"
    )
    assert stopped == sum(error["count"] for error in job["errors"] if error["code"] == 131050)


async def test_a_template_that_is_paused_in_mid_campaign_stops_it_within_a_second(
    fleet: Fleet,
) -> None:
    timeline = [
        {"afterSends": 30, "do": {"template": {"name": "order_update", "status": "PAUSED"}}}
    ]
    async with posting(fleet, timeline=timeline):
        with fleet.gateway(), fleet.daemon(), fleet.daemon():
            job_id = (await fleet.submit(120))["jobId"]
            job = await job_when(fleet, job_id, lambda job: job["state"] == "paused")
            assert job["stoppedBy"] == "template"
            assert "paused" in job["reason"]
            assert job["failed"] == 0
            sent = job["sent"]
            back = {"name": "order_update", "status": "APPROVED"}
            await put(fleet, "templates", back, "POST")
            await job_when(fleet, job_id, lambda job: "can be sent again" in (job["reason"] or ""))
            async with fleet.http.post(f"{fleet.api}/bulk/job/{job_id}/resume") as answer:
                assert (await answer.json())["resuming"] in (True, False)
            job = await finished(fleet, job_id)
            summary = await fleet.summary()
    assert sent < 45
    assert (job["state"], job["sent"], job["failed"]) == ("completed", 120, 0)
    assert summary["repeated"] == []


async def test_who_writes_stop_gets_nothing_of_the_next_loops_and_campaigns(fleet: Fleet) -> None:
    people = [f"+49 1511 {n:07d}" for n in range(1, 31)]
    people[3] = "+49 1511 8000021"  # receipts; then the person writes STOP
    people[4] = "+49 1511 8000024"  # … stops marketing messages in WhatsApp
    async with posting(fleet, inbound={"afterMs": 50}):
        with fleet.gateway(), fleet.daemon():
            first = (await fleet.submit_text(people))["jobId"]
            await finished(fleet, first)
            async with asyncio.timeout(20):
                while await fleet.pool.fetchval("SELECT count(*) FROM suppressions") < 2:
                    await asyncio.sleep(0.05)
            made = await fleet.submit_text(people, "100000000000002")
            job = await finished(fleet, made["jobId"])
            accepted = (await fleet.summary())["accepted"]
    assert made["suppressed"] == 2
    assert (job["sent"], job["skipped"], job["deferred"]) == (28, 2, 0)
    assert accepted == 30 + 28
    named = await fleet.pool.fetch(
        "SELECT s.source, m.recipient FROM suppressions s JOIN messages m USING (job_id, seq)"
    )
    assert [tuple(row) for row in named] == [("recipient", "4915118000021")]


async def test_the_messaging_limit_of_the_number_is_read_and_kept_and_nobody_fails(
    fleet: Fleet,
) -> None:
    async with posting(fleet, limits={"messaging": 250}):
        with fleet.gateway(), fleet.daemon(BULK_MESSAGES_PER_SECOND="0"):
            job_id = (await fleet.submit(260))["jobId"]
            job = await job_when(
                fleet, job_id, lambda job: job["limitedBy"] == "messaging limit", 40
            )
            await asyncio.sleep(1)
            job = await fleet.job(job_id)
            summary = await fleet.summary()
    assert (job["sent"], job["failed"], job["queued"]) == (250, 0, 10)
    assert job["limitedUntil"] is not None
    assert (summary["accepted"], summary["requests"]) == (250, 250)
