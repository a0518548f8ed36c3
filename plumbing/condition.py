"""How a process feels: how late its event loop is, how full its pool, and who answers it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from plumbing.meters import Meters
from plumbing.postgres import Pool
from schemas.process_metrics import (
    BUILD_INFO,
    DATABASE_CONNECTIONS_IN_USE,
    DATABASE_CONNECTIONS_LIMIT,
    DEPENDENCY_UP,
    EVENT_LOOP_LAG_SECONDS,
)
from schemas.version import VERSION

LOOK_SECONDS: Final = 0.25
ASK_SECONDS: Final = 5.0  # between two questions, and the longest wait for an answer

Answers = Callable[[], Awaitable[bool]]


async def feel(meters: Meters, clock: Callable[[], float] = time.monotonic) -> None:
    """Say which version this is, then measure the event loop until canceled."""
    meters[BUILD_INFO].labels(VERSION).set(1)
    lag = meters[EVENT_LOOP_LAG_SECONDS]
    while True:
        due_at = clock() + LOOK_SECONDS
        await asyncio.sleep(LOOK_SECONDS)
        lag.observe(max(0.0, clock() - due_at))


def watch_pool(meters: Meters, pool: Pool) -> None:
    """From now on each scrape reads how much of the pool is at work."""
    meters[DATABASE_CONNECTIONS_LIMIT].set(pool.get_max_size())
    meters[DATABASE_CONNECTIONS_IN_USE].set_function(
        lambda: float(pool.get_size() - pool.get_idle_size())
    )


async def ask(meters: Meters, questions: Mapping[str, Answers]) -> None:
    """Ask each dependency in turn whether it answers, until canceled."""
    while True:
        for dependency, question in questions.items():
            meters[DEPENDENCY_UP].labels(dependency).set(await _in_time(question))
        await asyncio.sleep(ASK_SECONDS)


async def _in_time(question: Answers) -> bool:
    try:
        async with asyncio.timeout(ASK_SECONDS):
            return await question()
    except TimeoutError:
        return False
