"""A process's life as its supervisor sees it: starting, ready, well or hung, stopping.

systemd's watchdog is fed only while no part hangs; that this runs at all shows that the event loop
does. Without systemd the log still says what hangs, and /healthz answers 503.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from plumbing.logs import Log
from plumbing.notify import Notifier
from plumbing.vitals import Vitals

LOOK_SECONDS: Final = 5.0  # without a watchdog that asks for more
PATIENCE_SECONDS: Final = 30  # until a start that says nothing more is taken for dead
STILL_SECONDS: Final = 5.0  # a look that comes so late: the process was stopped, or had no CPU


class Life:
    """What a process tells of itself; `vitals` is where its parts show that they get on."""

    def __init__(self, notifier: Notifier | None = None, vitals: Vitals | None = None) -> None:
        self._notifier = notifier or Notifier({})
        self.vitals = vitals or Vitals()
        self._status: Callable[[], str] | None = None  # of a process that is ready
        self._is_stopping = False
        self._said: set[str] = set()  # what hangs, and was logged

    def starting(self, status: str) -> None:
        """What the start waits for; it may wait for as long as it shows that it lives."""
        self._notifier.tell(f"STATUS={status}")

    def ready(self, status: Callable[[], str]) -> None:
        """The process does its work; `status` says in a few words how it goes."""
        self._status = status
        self._notifier.tell("READY=1", f"STATUS={status()}")

    def stopping(self) -> None:
        """From now on only how long it takes counts: whoever supervises has a deadline for that."""
        self._is_stopping = True
        self._notifier.tell("STOPPING=1", "STATUS=stopping; what is in flight is waited for")

    async def keep(self, log: Log) -> None:
        """Look at the vital signs, and tell, until canceled."""
        every_seconds = min(LOOK_SECONDS, (self._notifier.watchdog_seconds or 60.0) / 2)
        while True:
            self._look(log)
            slept_at = time.monotonic()
            await asyncio.sleep(every_seconds)
            if time.monotonic() - slept_at > every_seconds + STILL_SECONDS:
                self.vitals.process_stood_still()

    def _look(self, log: Log) -> None:
        hung = self.vitals.hung()
        for part in hung:
            if part.name not in self._said:
                log.error("a part hangs", part=part.name, seconds=round(part.seconds, 1))
        for name in self._said - {part.name for part in hung}:
            log.warning("a part that hung goes on", part=name)
        self._said = {part.name for part in hung}
        if self._is_stopping:
            return
        if hung:
            self._notifier.tell(f"STATUS=hung for {hung[0].seconds:.0f} s: {hung[0].name}")
        elif self._status:
            self._notifier.tell("READY=1", "WATCHDOG=1", f"STATUS={self._status()}")
        else:
            self._notifier.tell(f"EXTEND_TIMEOUT_USEC={PATIENCE_SECONDS}000000", "WATCHDOG=1")
