"""The house: what the parts of a daemon share, and the tasks that live as long as it does."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from daemon.observe import Check, Observer
from daemon.strangers import Strangers
from plumbing.life import Life
from plumbing.process import CannotStart
from plumbing.tasks import end
from schemas.settings import Daemon


@dataclass
class House:
    """What the parts share, and the tasks that have to live as long as the daemon does."""

    settings: Daemon
    observer: Observer
    strangers: Strangers
    stop: asyncio.Event
    stack: AsyncExitStack
    life: Life
    checks: dict[str, Check] = field(default_factory=dict)
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    def own(self, task: asyncio.Task[Any]) -> None:
        """The stack ends the task when its turn to stop comes."""
        self.tasks.add(task)
        self.stack.push_async_callback(end, task)

    async def until_something_ends(self) -> None:
        """Until `stop` is set. Raises CannotStart when another task ends first."""
        while not self.stop.is_set():
            done, _ = await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                self.tasks.discard(task)
                if task.get_name() == "the start":
                    task.result()
                elif not self.stop.is_set():
                    raise CannotStart(f"{task.get_name()} has ended") from task.exception()
