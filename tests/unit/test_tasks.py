"""Tasks of one's own end: even one that swallows its first cancellation, and all together."""

import asyncio
import contextlib

import pytest

from plumbing.tasks import end, together


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


async def test_parts_that_run_together_end_together_when_one_fails() -> None:
    ended: list[str] = []

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("waits")

    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await together(waits(), fails())
    assert ended == ["waits"]
