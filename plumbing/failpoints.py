"""Dying at a fail point, what a `kill -9` at exactly this place looks like; or hanging there.

One for the whole process, like the death that it brings: armed at the start from `FAILPOINTS`,
and where that is not set, nothing.
"""

import asyncio
import os
import signal
from collections.abc import Mapping

from plumbing.logs import Log
from schemas.failpoints import FailPoint

_armed: dict[FailPoint, int] = {}  # passages that are left until it strikes


def arm(points: Mapping[FailPoint, int], log: Log) -> None:
    """From now on the process kills itself at these passages."""
    if points:
        log.warning("fail points are set: this process will kill itself", points=dict(points))
    _armed.update(points)


def reach(point: FailPoint) -> None:
    """The process is at this place; it may be its last."""
    if _strikes(point):
        os.kill(os.getpid(), signal.SIGKILL)


async def hang(point: FailPoint) -> None:
    """A part is at this place; it may never get on."""
    if _strikes(point):
        await asyncio.Event().wait()


def _strikes(point: FailPoint) -> bool:
    if point not in _armed:
        return False
    _armed[point] -= 1
    return _armed[point] <= 0
