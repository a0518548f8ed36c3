"""Tasks of one's own: ended for certain, alone or side by side."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

_AGAIN_AFTER_SECONDS: Final = 0.2


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel the task until it has ended; what it raised then is of no interest any more.

    Once is not enough: a cancellation that meets an answer, or a connection that breaks, is
    swallowed by `asyncio.wait_for` before Python 3.12 (cpython issue 86296), and by nats-py while
    it flushes. Measured: of 62 publishers canceled as the server stopped, 9 went on for ever.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_AGAIN_AFTER_SECONDS)
    if not task.cancelled():
        task.exception()  # looked at, so that asyncio does not report it as never retrieved


async def together(*parts: Coroutine[Any, Any, None]) -> None:
    """Run the parts side by side until this is canceled, or one of them fails: all end with it.

    Not a TaskGroup: that cancels its tasks once only, which a part may swallow (see `end`).
    """
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            await end(task)
