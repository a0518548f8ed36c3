"""Receipts, from Meta's post to the ledger and to the event stream, on a running stack."""

import asyncio
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from bench.bare import TEMPLATE, recipient
from bench.cpu import cpu_seconds
from bench.poster import Posted
from deploy import stack
from gateway.signatures import signature

SECRET = "bench-app-secret"
PATH = "/webhooks/whatsapp"
STATUSES = ("sent", "delivered", "read")
WAVE = 1000  # messages whose receipts of one kind come together
PROBES = 100
PROBE_EVERY_SECONDS = 0.08
_phones = count(300_000_000_000_001)


@dataclass(frozen=True)
class Taken:
    """One run: what was posted, when all of it was merged, and what it cost."""

    posted: Posted
    merged_seconds: float
    gateway_cpu: float  # seconds; 0 where there is no /proc
    daemon_cpu: float
    lags: list[float]  # from a post to its frame on the event stream, sorted

    def __str__(self) -> str:
        posted, receipts, lags = self.posted, self.posted.receipts, self.lags
        return (
            f"{posted.per_second:,.0f}/s durable, {receipts / self.merged_seconds:,.0f}/s merged;"
            f" answered in {posted.median * 1000:.0f} ms, p99 {posted.p99 * 1000:.0f} ms;"
            f" on the event stream after {lags[len(lags) // 2] * 1000:.0f} ms,"
            f" p99 {lags[int(len(lags) * 0.99)] * 1000:.0f} ms;"
            f" CPU: gateway {self.gateway_cpu / posted.posts * 1e6:,.0f} us a post,"
            f" daemon {self.daemon_cpu / receipts * 1e6:,.0f} us a receipt"
        )


async def taken(
    http: aiohttp.ClientSession,
    wanted: stack.Plan,
    folder: Path,
    *,
    messages: int,
    most_in_a_body: int,
    rate: float,
) -> Taken:
    """Three receipts for each message of a job that was just sent, `rate` a second; 0: flat out."""
    job_id, told = await _sent(http, wanted, messages)
    file = folder / "webhooks"
    file.write_bytes(b"\n".join(_bodies(told, most_in_a_body)))
    probe_id, probes = await _sent(http, wanted, PROBES)
    gateway, daemon, began = cpu_seconds("gateway"), cpu_seconds("daemon"), time.monotonic()
    posting = asyncio.create_task(_post(wanted.gateway_url, file, rate))
    probing = asyncio.create_task(_lags(http, wanted.gateway_url, probe_id, probes))
    await _until(http, wanted.gateway_url, job_id, lambda job: job["read"] == messages)
    merged = time.monotonic() - began
    posted, lags = await posting, await probing
    gateway, daemon = cpu_seconds("gateway") - gateway, cpu_seconds("daemon") - daemon
    return Taken(posted, merged, gateway, daemon, lags)


async def _sent(
    http: aiohttp.ClientSession, wanted: stack.Plan, messages: int
) -> tuple[str, list[dict[str, Any]]]:
    """A job, sent to its end, and the `sent` of each message as the sandbox would post it."""
    phone = str(next(_phones))
    body = {
        "phone_number_id": phone,
        "template_name": TEMPLATE.name,
        "variables": TEMPLATE.variables,
        "recipients_text": "\n".join(f"+{recipient(seq)}" for seq in range(1, messages + 1)),
    }
    url = f"{wanted.gateway_url}/api/whatsapp/bulk-quick-send"
    async with http.post(url, json=body) as answer:
        job_id = str((await answer.json())["jobId"])
    await _until(http, wanted.gateway_url, job_id, lambda job: job["finishedAt"])
    url = f"{wanted.sandbox_url}/sandbox/receipts?status=sent&limit=100000&phone_number_id={phone}"
    async with http.get(url) as answer:
        told = [entry["body"] for entry in (await answer.json())["entries"]]
    assert len(told) == messages
    return job_id, told


def _bodies(told: list[dict[str, Any]], most: int) -> list[bytes]:
    """All receipts in the order in which they might come, 1 to `most` in a body."""
    statuses = [
        {**body["entry"][0]["changes"][0]["value"]["statuses"][0], "status": status}
        for first in range(0, len(told), WAVE)
        for status in STATUSES
        for body in told[first : first + WAVE]
    ]
    dice, bodies = random.Random(7), []
    while statuses:
        size = dice.randint(1, most)
        bodies.append(_body(told[0], statuses[:size]))
        del statuses[:size]
    return bodies


def _body(like: dict[str, Any], statuses: list[dict[str, Any]]) -> bytes:
    entry = like["entry"][0]
    change = entry["changes"][0]
    value = {**change["value"], "statuses": statuses}
    return msgspec.json.encode(
        {**like, "entry": [{**entry, "changes": [{**change, "value": value}]}]}
    )


async def _post(gateway_url: str, file: Path, rate: float) -> Posted:
    """The poster, in a process of its own, as Meta is."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.poster", f"{gateway_url}{PATH}", SECRET, str(file), str(rate),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode == 0
    return msgspec.json.decode(said, type=Posted)


async def _lags(
    http: aiohttp.ClientSession, url: str, job_id: str, told: list[dict[str, Any]]
) -> list[float]:
    """Post one receipt after the other, and see when the job's stream tells of each."""
    posted_at: dict[str, float] = {}
    watching = asyncio.create_task(_seen(http, url, job_id, len(told)))
    await asyncio.sleep(0.5)
    for body in told:
        status = body["entry"][0]["changes"][0]["value"]["statuses"][0]
        payload = _body(body, [{**status, "status": "delivered"}])
        posted_at[status["recipient_id"]] = time.monotonic()
        headers = {"X-Hub-Signature-256": signature(SECRET, payload)}
        async with http.post(f"{url}{PATH}", data=payload, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
        await asyncio.sleep(PROBE_EVERY_SECONDS)
    seen_at = await asyncio.wait_for(watching, 30)
    return sorted(seen_at[to] - at for to, at in posted_at.items())


async def _seen(
    http: aiohttp.ClientSession, url: str, job_id: str, wanted: int
) -> dict[str, float]:
    """When the frame of each recipient was read."""
    seen: dict[str, float] = {}
    async with http.get(f"{url}/api/bulk/realtime/{job_id}?follow=receipts") as stream:
        async for line in stream.content:
            if not line.startswith(b"data: "):
                continue
            frame = msgspec.json.decode(line[6:])
            if frame["type"] == "message_status":
                seen[frame["to"]] = time.monotonic()
                if len(seen) == wanted:
                    break
    return seen


async def _until(
    http: aiohttp.ClientSession, url: str, job_id: str, holds: Callable[[dict[str, Any]], Any]
) -> None:
    """Return when the job says so."""
    while True:
        async with http.get(f"{url}/api/bulk/job/{job_id}") as answer:
            if holds(await answer.json()):
                return
        await asyncio.sleep(0.1)
