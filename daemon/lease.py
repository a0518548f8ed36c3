"""A turn is a lease, not a lock: until when its holder may send, and the heartbeats that renew it.

A delivery that is not acked within `ack_wait` goes to another daemon. So the holder sends only
until 0.8 of that after its last heartbeat that was *answered* (an unanswered one may never have
arrived), and a loop that is stuck stops its own heartbeats.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final, Self

import nats.errors
from nats.aio.client import Client

from plumbing.tasks import end
from plumbing.vitals import Pulse
from schemas.lease import LEASE_SHARE

BEATS_PER_WAIT: Final = 4
BEAT_TIMEOUT_SECONDS: Final = 1.0


class Lease:
    """The lease of one turn. Use it with `async with`: inside, heartbeats are sent."""

    def __init__(
        self, client: Client, reply: str, *, ack_wait_seconds: float, stall_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._client, self._reply, self._clock = client, reply, clock
        self._ack_wait_seconds, self._stall_seconds = ack_wait_seconds, stall_seconds
        self.pulse = Pulse()  # of the holder; whoever watches over it sets its own
        self._heart: asyncio.Task[None] | None = None
        self._stepped_at = clock()
        self.deadline = clock() + LEASE_SHARE * ack_wait_seconds

    @property
    def is_over(self) -> bool:
        """Whether another daemon may hold the turn by now."""
        return self._clock() >= self.deadline

    def step(self) -> None:
        """The holder got on with its work, or waits for a time that it knows."""
        self._stepped_at = self._clock()
        self.pulse.beat()

    def end(self) -> None:
        """Send no more: what proves that this process lives is gone."""
        self.deadline = float("-inf")

    async def __aenter__(self) -> Self:
        self._heart = asyncio.create_task(self._beat())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._heart is not None
        await end(self._heart)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._ack_wait_seconds / BEATS_PER_WAIT)
            if self.is_over:  # a heartbeat now would prolong a successor's turn
                return
            if self._clock() - self._stepped_at < self._stall_seconds:
                await self._renew()

    async def _renew(self) -> None:
        asked_at = self._clock()
        try:
            await self._client.request(self._reply, b"+WPI", timeout=BEAT_TIMEOUT_SECONDS)
        except (nats.errors.Error, TimeoutError):
            return
        if self.deadline != float("-inf"):
            self.deadline = asked_at + LEASE_SHARE * self._ack_wait_seconds
