"""The single measurements: each does real work against the running stack and times it."""

import asyncio
import sys
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

import aiohttp
import msgspec

from bench.bare import TEMPLATE, recipient
from deploy import stack

_phones = count(200_000_000_000_001)
_firsts = count()
MOST_PEOPLE = 50_000  # of one measurement


@dataclass(frozen=True)
class Sent:
    messages: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.messages / self.seconds


@dataclass(frozen=True)
class Accepted:
    recipients: int
    seconds: float
    megabytes: float


async def sent_bare(sandbox_url: str, messages: int) -> Sent:
    """The bare client, in a process of its own, as the daemon is in one."""
    url = f"{sandbox_url}/v25.0/{next(_phones)}/messages"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.bare", url, str(messages), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    return Sent(messages, float(said))


async def sent_by_loopcast(http: aiohttp.ClientSession, wanted: stack.Plan, messages: int) -> Sent:
    """A job of its own; from its first claim to its last outcome, as its loops tell it."""
    job_id = await _submit_quick(http, wanted.gateway_url, messages)
    while True:
        async with http.get(f"{wanted.gateway_url}/api/bulk/job/{job_id}") as answer:
            job: dict[str, Any] = await answer.json()
        if job["finishedAt"]:
            break
        await asyncio.sleep(0.25)
    assert job["sent"] == messages, job
    return Sent(messages, _seconds(job["startedAt"], job["finishedAt"]))


async def accepted(http: aiohttp.ClientSession, url: str, form: str, recipients: int) -> Accepted:
    """One submission, from its first byte to the answer."""
    path, body = _quick(recipients) if form == "quick" else _customize(recipients)
    payload = msgspec.json.encode(body)
    began = time.monotonic()
    headers = {"Content-Type": "application/json"}
    async with http.post(f"{url}{path}", data=payload, headers=headers) as answer:
        made = await answer.json()
        assert answer.status == 201, made
    return Accepted(made["accepted"], time.monotonic() - began, len(payload) / 1e6)


async def stall_beside(
    http: aiohttp.ClientSession, url: str, work: Coroutine[Any, Any, Accepted]
) -> tuple[Accepted, float]:
    """The work, and the slowest of the health checks that were made all the while."""
    task, slowest = asyncio.create_task(work), 0.0
    while not task.done():
        began = time.monotonic()
        async with http.get(f"{url}/healthz") as answer:
            assert answer.status == 200
        slowest = max(slowest, time.monotonic() - began)
        await asyncio.sleep(0.01)
    return await task, slowest


async def _submit_quick(http: aiohttp.ClientSession, url: str, recipients: int) -> str:
    path, body = _quick(recipients)
    async with http.post(f"{url}{path}", json=body) as answer:
        made = await answer.json()
        assert answer.status == 201, made
        return str(made["jobId"])


def _quick(recipients: int) -> tuple[str, dict[str, Any]]:
    numbers = "\n".join(f"+{recipient(seq)}" for seq in _people(recipients))
    return "/api/whatsapp/bulk-quick-send", {
        "phone_number_id": str(next(_phones)),
        "template_name": TEMPLATE.name,
        "variables": TEMPLATE.variables,
        "recipients_text": numbers,
    }


def _customize(recipients: int) -> tuple[str, dict[str, Any]]:
    rows = [
        {"phone": f"+{recipient(seq)}", "name": f"Customer {seq}", "order": f"A-{seq}"}
        for seq in _people(recipients)
    ]
    return "/api/whatsapp/bulk-customize-send", {
        "phoneNumberId": str(next(_phones)),
        "templateName": TEMPLATE.name,
        "recipientColumn": "phone",
        "variableMappings": {"1": "name", "2": "order"},
        "data": rows,
    }


def _people(count: int) -> range:
    """Others each time: nobody gets messages of two jobs within seconds."""
    first = next(_firsts)
    return range(first * MOST_PEOPLE + 1, first * MOST_PEOPLE + 1 + count)


def _seconds(started_at: str, finished_at: str) -> float:
    first, last = (msgspec.convert(at, type=datetime) for at in (started_at, finished_at))
    return (last - first).total_seconds()
