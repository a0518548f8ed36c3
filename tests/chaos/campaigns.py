"""How a campaign under a fault is watched: how far it is, and when it is over."""

import asyncio
import subprocess
import time
from typing import Any

from tests.fleet import Fleet

FINISHED = ("completed", "failed", "canceled")


async def reaches(fleet: Fleet, job_id: str, least: int, *, seconds: float = 30) -> None:
    """Return when so many of the job's messages have been sent."""
    deadline = time.monotonic() + seconds
    while (await sent(fleet, job_id)) < least:
        assert time.monotonic() < deadline, await fleet.job(job_id)
        await asyncio.sleep(0.01)


async def sent(fleet: Fleet, job_id: str) -> int:
    count: int = await fleet.pool.fetchval(
        "SELECT sent FROM jobs WHERE id = $1::text::uuid", job_id
    )
    return count


async def finished(fleet: Fleet, *job_ids: str, seconds: float = 60) -> list[dict[str, Any]]:
    """The jobs once all of them are over."""
    deadline = time.monotonic() + seconds
    while True:
        jobs = [await fleet.job(job_id) for job_id in job_ids]
        if all(job.get("state") in FINISHED for job in jobs):
            return jobs
        assert time.monotonic() < deadline, jobs
        await asyncio.sleep(0.05)


async def died(child: subprocess.Popen[bytes], *, seconds: float = 30) -> int:
    """The moment at which a process was seen to have ended; fails when it lives on."""
    deadline = time.monotonic() + seconds
    while child.poll() is None:
        assert time.monotonic() < deadline, "it lives on"
        await asyncio.sleep(0.002)
    return time.monotonic_ns()
