"""Waking a lane after COMMIT.

The job in PostgreSQL is the outbox: it says itself that it waits. When the turn cannot be
published here, the sweeper of any daemon finds the lane with runnable work and no turn and
publishes it; twice is harmless, a lane has at most one turn.
"""

import asyncio
import contextlib
from typing import Final
from uuid import UUID

from plumbing.broker import Broker, Unavailable
from plumbing.logs import Log
from schemas.jobs import JobOrder
from schemas.subjects import control_subject

WAKE_SECONDS: Final = 1.0  # the client waits for its answer meanwhile


async def wake(broker: Broker, order: JobOrder, log: Log) -> None:
    """Publish the lane's turn now, or leave it to the sweeper."""
    try:
        async with asyncio.timeout(WAKE_SECONDS):
            await broker.wake(order, retry=False)  # 100 ms that a client would wait
    except (Unavailable, TimeoutError) as error:
        log.info("the turn waits for the sweeper", job_id=str(order.job_id), reason=str(error))


async def say(broker: Broker, about: UUID | str) -> None:
    """Have daemons look now at a job, a number, or everything; they look by themselves, too."""
    with contextlib.suppress(Unavailable):
        await broker.say(control_subject(about))
