"""That this daemon lives: an advisory lock that falls the moment its process dies."""

import asyncio
import contextlib
import os
import random
from collections.abc import Callable
from typing import Any, Final, Self

import asyncpg

from daemon.observe import Observer
from plumbing.postgres import NOTICES_A_LOST_HOST
from schemas.vitals import Part

LOCK_CLASS: Final = 0x6C6F6F70  # "loop"; the view live_daemons looks for it
_RETRY_SECONDS: Final = 0.5
_CHECK_SECONDS: Final = 3.0
_GONE: Final = (
    OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)  # fmt: skip


class Presence:
    """Holds one PostgreSQL session whose lock number is this daemon's name in `lanes.holder`.

    When the session breaks, others may take this daemon for dead: `on_lost` is called, and a new
    session under a new number begins, for as long as `keep` runs. Use it with `async with`.
    """

    def __init__(self, url: str, observer: Observer) -> None:
        self._url, self._log, self._vitals = url, observer.log, observer.vitals
        self._pulse = observer.vitals.part(Part.PRESENCE)
        self.on_lost: Callable[[], None] = lambda: None
        self._broken = asyncio.Event()
        self._connection: asyncpg.Connection[Any] | None = None
        self.number: int | None = None

    async def __aenter__(self) -> Self:
        await self._begin()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._connection is not None and not self._connection.is_closed():
            with contextlib.suppress(*_GONE):
                await self._connection.close(timeout=2)

    async def _begin(self) -> None:
        if self._connection is not None:  # one that broke, or that got no lock in time
            self._connection.terminate()
        self._broken.clear()
        self._connection = await asyncpg.connect(
            self._url,
            timeout=5,
            command_timeout=5,
            # So that an operator finds the process that holds a lane (docs: who holds a lane).
            server_settings={
                "application_name": f"loopcast-daemon-{os.getpid()}",
                **NOTICES_A_LOST_HOST,
            },
        )
        self._connection.add_termination_listener(lambda _: self._broken.set())
        number = random.randint(1, 2**31 - 1)  # noqa: S311 - a name, not a secret
        await self._connection.execute("SELECT pg_advisory_lock($1, $2)", LOCK_CLASS, number)
        self.number = number

    async def keep(self) -> None:
        """Watch over the session until canceled."""
        while True:
            await self._until_broken()
            self.number = None
            self.on_lost()
            self._log.warning("lost the session that shows this daemon lives; it sends no more")
            await self._begin_again()
            self._log.info("this daemon's session is back")

    async def _until_broken(self) -> None:
        """A half-open connection says nothing by itself, so it is asked every few seconds."""
        assert self._connection is not None
        while not self._broken.is_set():
            self._pulse.beat()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CHECK_SECONDS):
                    await self._broken.wait()
            self._pulse.beat()
            try:
                await self._connection.execute("SELECT 1")
            except _GONE:
                self._connection.terminate()
                return

    async def _begin_again(self) -> None:
        while True:
            self._pulse.beat()
            try:
                await self._begin()
            except _GONE:
                self._vitals.postgres_is_away()
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return
