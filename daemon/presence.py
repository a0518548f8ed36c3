"""That this daemon lives: an advisory lock that falls the moment its process dies."""

import asyncio
import os
import random
from collections.abc import Callable
from typing import Any, Final, Self

import asyncpg

from plumbing.logs import Log
from plumbing.tasks import end

LOCK_CLASS: Final = 0x6C6F6F70  # "loop"; the view live_daemons looks for it
_RETRY_SECONDS: Final = 0.5


class Presence:
    """Holds one PostgreSQL session whose lock number is this daemon's name in `lanes.holder`.

    When the session breaks, others may take this daemon for dead: `on_lost` is called, and a new
    session under a new number begins. Use it with `async with`.
    """

    def __init__(self, url: str, log: Log) -> None:
        self._url, self._log = url, log
        self.on_lost: Callable[[], None] = lambda: None
        self._broken = asyncio.Event()
        self._connection: asyncpg.Connection[Any] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self.number: int | None = None

    async def __aenter__(self) -> Self:
        await self._begin()
        self._keeper = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._keeper is not None
        await end(self._keeper)
        if self._connection is not None and not self._connection.is_closed():
            await self._connection.close(timeout=2)

    async def _begin(self) -> None:
        self._broken.clear()
        self._connection = await asyncpg.connect(
            self._url,
            timeout=5,
            command_timeout=5,
            # So that an operator finds the process that holds a lane (docs: who holds a lane).
            server_settings={"application_name": f"loopcast-daemon-{os.getpid()}"},
        )
        self._connection.add_termination_listener(lambda _: self._broken.set())
        number = random.randint(1, 2**31 - 1)  # noqa: S311 - a name, not a secret
        await self._connection.execute("SELECT pg_advisory_lock($1, $2)", LOCK_CLASS, number)
        self.number = number

    async def _keep(self) -> None:
        while True:
            await self._broken.wait()
            self.number = None
            self.on_lost()
            self._log.warning("lost the session that shows this daemon lives; it sends no more")
            await self._begin_again()
            self._log.info("this daemon's session is back")

    async def _begin_again(self) -> None:
        while True:
            try:
                await self._begin()
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return
