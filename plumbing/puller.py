"""A pull subscription that never stops asking: what `consume()` is in other NATS clients.

nats-py's `fetch` delays single messages by up to its timeout and its ordered consumer dies in
silence (nats.py issues 933, 986); this one keeps a credit of overlapping pulls on one inbox and
asks again when the server has gone quiet, which is also what heals it after a reconnect.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable
from typing import Final

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from plumbing.logs import Log
from plumbing.tasks import end
from plumbing.vitals import Pulse

EXPIRES_SECONDS: Final = 30.0
HEARTBEAT_SECONDS: Final = 1.0
DRAIN_SECONDS: Final = 2.0
QUIET_SECONDS: Final = 2.5 * HEARTBEAT_SECONDS  # two heartbeats missed: the pull is lost

Handler = Callable[[Msg], Awaitable[None] | None]


class Puller:
    """Hands each message to `handler`, in order.

    A handler that returns an awaitable holds one credit until that is done; at most `credit`
    run at once. `gone` is set when the consumer may no longer exist: who owns the puller makes it
    anew and clears `gone`; the puller itself goes on asking.
    """

    def __init__(
        self, client: Client, stream: str, consumer: str, handler: Handler, *,
        credit: int, log: Log, pulse: Pulse | None = None,
    ) -> None:  # fmt: skip
        self._client, self._handler, self._credit, self._log = client, handler, credit, log
        self._pulse = pulse or Pulse()
        self._api = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._inbox = client.new_inbox()
        self._generation = 0  # of pulls: statuses of a forgotten pull are not ours any more
        self._asked = 0  # messages that the server still owes us
        self._heard_at = 0.0
        self._running: set[asyncio.Task[None]] = set()
        self._asking: set[asyncio.Task[None]] = set()  # bounded by the credit, gone in a moment
        self._subscription: Subscription | None = None
        self._watchdog: asyncio.Task[None] | None = None
        self._stopping = False
        self._reconnects = client.stats["reconnects"]  # as of the last look
        self.gone = asyncio.Event()

    async def start(self) -> None:
        """Subscribe and ask for the first messages. Needs a connection."""
        self._subscription = await self._client.subscribe(
            f"{self._inbox}.*", cb=self._on_message, pending_bytes_limit=0
        )
        await self._pull()
        self._watchdog = asyncio.create_task(self._watch())

    async def stop(self, deadline_seconds: float = 30.0) -> None:
        """Take no more, wait for what runs; what arrives meanwhile goes to somebody else."""
        self._stopping = True
        if self._watchdog:
            await end(self._watchdog)
        self._pulse.rest()
        await self._unsubscribe()
        if self._running:
            await asyncio.wait(self._running, timeout=deadline_seconds)
        await asyncio.gather(*(end(task) for task in self._running))

    async def _unsubscribe(self) -> None:
        """What is on its way already still arrives, and is given to somebody else."""
        if self._subscription and self._client.is_connected:
            with contextlib.suppress(TimeoutError, nats.errors.Error):
                async with asyncio.timeout(DRAIN_SECONDS):
                    await self._subscription.drain()  # type: ignore[no-untyped-call]
        self._subscription = None

    async def _on_message(self, message: Msg) -> None:
        self._heard_at = time.monotonic()
        status = (message.headers or {}).get("Status")
        if status is None:
            await self._deliver(message)
        elif status != "100" and message.subject == f"{self._inbox}.{self._generation}":
            await self._on_status(status, message.headers or {})

    async def _deliver(self, message: Msg) -> None:
        if self._stopping or len(self._running) >= self._credit:
            if message.reply:
                await message.nak()
            return
        self._asked = max(0, self._asked - 1)
        if pending := self._handler(message):
            task = asyncio.ensure_future(pending)
            self._running.add(task)
            task.add_done_callback(self._done)
        await self._pull()

    def _done(self, task: asyncio.Task[None]) -> None:
        """A credit is free: it is asked for at once, not when the watchdog comes by."""
        self._running.discard(task)
        asking = asyncio.ensure_future(self._pull())
        self._asking.add(asking)
        asking.add_done_callback(self._asking.discard)
        if not task.cancelled() and (error := task.exception()):
            self._log.error("a handler failed; its message comes again", exc_info=error)

    async def _on_status(self, status: str, headers: dict[str, str]) -> None:
        """404 and 408: the pull has expired, ask again. 409 and 503: something is wrong.

        Then (consumer deleted, leader changed, too many pulls, no server) the watchdog asks again,
        so that it is no hot loop.
        """
        self._asked = max(0, self._asked - int(headers.get("Nats-Pending-Messages") or self._asked))
        if status == "503" or "Consumer Deleted" in headers.get("Description", ""):
            self._asked = 0
            self.gone.set()
        elif status != "409":
            await self._pull()

    async def _pull(self) -> None:
        free = self._credit - len(self._running) - self._asked
        enough = free >= max(1, self._credit // 2) or (free > 0 and self._asked == 0)
        if self._stopping or not enough or not self._client.is_connected:
            return
        self._asked += free
        request = {
            "batch": free,
            "expires": int(EXPIRES_SECONDS * 1e9),
            "idle_heartbeat": int(HEARTBEAT_SECONDS * 1e9),
        }
        reply = f"{self._inbox}.{self._generation}"
        try:
            await self._client.publish(self._api, json.dumps(request).encode(), reply=reply)
        except nats.errors.Error:  # the connection broke just now: the watchdog asks again
            self._asked = 0

    def _has_lost_its_pulls(self) -> bool:
        """After a reconnect, when the server is silent, or when nothing is asked for."""
        reconnects = self._client.stats["reconnects"]
        is_new = reconnects != self._reconnects
        self._reconnects = reconnects
        is_quiet = time.monotonic() - self._heard_at > QUIET_SECONDS
        return is_new or is_quiet or (self._asked == 0 and len(self._running) < self._credit)

    async def _watch(self) -> None:
        while True:
            self._pulse.beat()
            await asyncio.sleep(HEARTBEAT_SECONDS / 2)
            if self._client.is_connected and self._has_lost_its_pulls():
                self._generation += 1
                self._asked = 0
                self._heard_at = time.monotonic()
                await self._pull()
