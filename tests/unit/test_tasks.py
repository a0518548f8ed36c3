"""Ending a task: it is over afterwards, even when it swallows its first cancellation."""

import asyncio
import contextlib

from plumbing.tasks import end


async def test_a_task_that_swallows_a_cancellation_is_ended() -> None:
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        swallowed += 1
        await asyncio.sleep(60)

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await asyncio.wait_for(end(task), 10)
    assert task.cancelled()
    assert swallowed == 1


async def test_what_a_task_raises_when_it_ends_is_not_raised() -> None:
    async def failing() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise ValueError

    task = asyncio.create_task(failing())
    await asyncio.sleep(0)
    await asyncio.wait_for(end(task), 10)
    assert isinstance(task.exception(), ValueError)


async def test_a_task_that_is_over_is_left_alone() -> None:
    task = asyncio.create_task(asyncio.sleep(0, "done"))
    assert await task == "done"
    await asyncio.wait_for(end(task), 10)
    assert task.result() == "done"
