"""What a campaign under a fault needs: processes to kill, how far it is, when it is over."""

import asyncio
import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.fleet import Fleet

TAKEOVER_SECONDS = 5.0  # what is promised after a kill -9
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


Start = Callable[[], contextlib.AbstractContextManager[subprocess.Popen[bytes]]]


class Slot:
    """A place for a process that can be killed and started again."""

    def __init__(self, stack: contextlib.ExitStack, start: Start) -> None:
        self._stack, self._start = stack, start
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.child = self._stack.enter_context(self._start())

    def kill(self) -> int:
        """kill -9; returns when, in nanoseconds."""
        assert self.child is not None
        self.child.kill()
        self.child.wait()
        return time.monotonic_ns()


@contextlib.contextmanager
def restarting(fleet: Fleet, count: int) -> Iterator[list[Slot]]:
    """So many daemons, each of which can be killed and started again."""
    with contextlib.ExitStack() as stack:
        slots = [Slot(stack, fleet.daemon) for _ in range(count)]
        for slot in slots:
            slot.start()
        yield slots
