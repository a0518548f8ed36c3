"""What Meta posts over HTTP reaches the ledger, the job and its readers."""

import asyncio
import json

import pytest

from gateway.signatures import signature
from tests.e2e.test_campaign import finished
from tests.e2e.watcher import Watcher
from tests.fleet import Fleet

pytestmark = pytest.mark.timeout(90)


async def post(fleet: Fleet, body: bytes, secret: str) -> int:
    url = f"http://127.0.0.1:{fleet.gateway_port}/webhooks/whatsapp"
    headers = {"X-Hub-Signature-256": signature(secret, body)}
    async with fleet.http.post(url, data=body, headers=headers) as answer:
        return answer.status


async def receipts(fleet: Fleet, status: str) -> list[bytes]:
    """What Meta would post of all that it accepted."""
    url = f"{fleet.sandbox_url}/sandbox/receipts?status={status}"
    async with fleet.http.get(url) as answer:
        return [json.dumps(entry["body"]).encode() for entry in (await answer.json())["entries"]]


async def test_signed_receipts_are_counted_and_told_and_others_are_not(fleet: Fleet) -> None:
    fleet.env["META_APP_SECRET"] = "app-secret"
    with fleet.sandbox(), fleet.gateway(), fleet.daemon():
        made = await fleet.submit(20)
        await finished(fleet, made["jobId"])
        url = f"{fleet.api}/bulk/realtime/{made['jobId']}?follow=receipts"
        watcher = Watcher(fleet.http, url)
        watching = asyncio.create_task(watcher.read_to_the_end())
        delivered, read = await receipts(fleet, "delivered"), await receipts(fleet, "read")
        assert {await post(fleet, body, "another") for body in read} == {401}
        answers = await asyncio.gather(*(post(fleet, body, "app-secret") for body in delivered * 2))
        assert set(answers) == {200}
        async with asyncio.timeout(20):
            while watcher.types.count("message_status") < 20:
                await asyncio.sleep(0.02)
        job = await fleet.job(made["jobId"])
        watching.cancel()
    assert (job["delivered"], job["read"], job["sent"]) == (20, 0, 20)
    assert watcher.types.count("message_status") == 20
