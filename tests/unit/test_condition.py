"""What a process measures of itself."""

import asyncio
from itertools import count

from plumbing import condition
from plumbing.meters import Meters
from plumbing.tasks import end
from schemas.metrics import GATEWAY
from tests.support import until


def exposition(meters: Meters) -> list[str]:
    return meters.exposition().decode().splitlines()


def figure(meters: Meters, name: str) -> float:
    """The value of a series."""
    return float(next(x for x in exposition(meters) if x.startswith(f"{name} ")).split()[-1])


async def test_a_timer_that_fires_late_is_a_lag() -> None:
    meters, seconds = Meters(GATEWAY), count()  # of a clock that is a second on at each look
    lag = "loopcast_event_loop_lag_seconds"
    feeling = asyncio.create_task(condition.feel(meters, lambda: float(next(seconds))))
    await until(lambda: figure(meters, f"{lag}_count") > 0, "the lag is measured")
    await end(feeling)
    assert figure(meters, f"{lag}_sum") == 0.75 * figure(meters, f"{lag}_count")
    assert figure(meters, 'loopcast_build_info{version="0.1.0"}') == 1


async def test_what_answers_is_up_and_what_does_not_is_down() -> None:
    meters, asked = Meters(GATEWAY), asyncio.Event()

    async def yes() -> bool:
        return True

    async def never() -> bool:
        asked.set()
        raise TimeoutError

    asking = asyncio.create_task(condition.ask(meters, {"postgres": yes, "nats": never}))
    await asyncio.wait_for(asked.wait(), 10)
    await end(asking)
    lines = exposition(meters)
    assert 'loopcast_dependency_up{dependency="postgres"} 1.0' in lines
    assert 'loopcast_dependency_up{dependency="nats"} 0.0' in lines
