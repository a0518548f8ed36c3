"""Webhooks into JetStream: those that arrive at the same time are stored with one sync of the disk.

Nothing waits to be gathered: what has come while others were being stored makes the next batch.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Final

from plumbing.batches import publish_all
from plumbing.broker import Broker, Unavailable
from plumbing.logs import Seldom
from plumbing.meters import Meters
from plumbing.tasks import together
from plumbing.vitals import Vitals
from schemas.metrics import WEBHOOK_BATCHES
from schemas.subjects import RECEIPTS_SUBJECT
from schemas.vitals import Part
from schemas.wire import RECEIPT_VERSION

MOST_MESSAGES: Final = 500  # of a batch, half of what JetStream takes
MOST_BYTES: Final = 4 * 2**20  # of a batch: a body of 3 MB and what its pieces share
IN_FLIGHT: Final = 4  # batches: JetStream takes 50 a stream, of all gateways together
STORE_SECONDS: Final = (
    3.0  # that Meta waits for storing; with the body's arrival, half its patience
)
MOST_WAITING: Final = 4096  # bodies: over a second of what Meta sends at full throughput
MOST_HELD_BYTES: Final = 64 * 2**20  # of all bodies in the house
PIECE_BYTES: Final = 900_000  # of a message; NATS takes 1 MB, headers included
HEADER_BYTES: Final = 4096
LEAST_PIECE_BYTES: Final = 2**14  # a body makes no more pieces than fit into a batch


class Fate(StrEnum):
    """What became of a body."""

    STORED = "stored"
    UNAVAILABLE = "unavailable"  # JetStream did not take it, or not in time
    FULL = "full"  # too many wait already


class _Waiting:
    """A body in its pieces, and who waits for it."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.pieces, self.size = pieces, sum(map(len, pieces))
        self.fate: asyncio.Future[Fate] = asyncio.get_running_loop().create_future()

    def became(self, fate: Fate) -> None:
        """Whoever waited may have stopped waiting."""
        if not self.fate.done():
            self.fate.set_result(fate)


class Intake:
    """Stores bodies for as long as `run` runs; `store` says what became of one."""

    def __init__(self, broker: Broker, meters: Meters, log: Seldom, vitals: Vitals) -> None:
        self._vitals, self._pulse = vitals, vitals.part(Part.INTAKE)
        self._broker, self._batches, self._log = broker, meters[WEBHOOK_BATCHES], log
        self._waiting: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()
        self._held_bytes = 0  # of bodies that arrive or wait

    @contextmanager
    def holding(self) -> Iterator[Callable[[int], None]]:
        """A body is in the house: it is told by how many bytes it has grown."""
        held = 0

        def grow(size: int) -> None:
            nonlocal held
            held += size
            self._held_bytes += size

        try:
            yield grow
        finally:
            self._held_bytes -= held

    @property
    def waiting(self) -> int:
        """Bodies that wait to be stored."""
        return len(self._waiting)

    @property
    def is_full(self) -> bool:
        return len(self._waiting) >= MOST_WAITING or self._held_bytes >= MOST_HELD_BYTES

    @property
    def most_piece_bytes(self) -> int:
        """How large one message of the stream may be, on this server."""
        taken = self._broker.client.max_payload - HEADER_BYTES
        return max(LEAST_PIECE_BYTES, min(PIECE_BYTES, taken))

    async def store(self, pieces: Sequence[bytes]) -> Fate:
        """All pieces of a body or none, within STORE_SECONDS."""
        if self.is_full:
            return Fate.FULL
        waiting = _Waiting(pieces)
        self._waiting.append(waiting)
        self._pulse.owe()
        self._arrived.set()
        try:
            async with asyncio.timeout(STORE_SECONDS):
                return await waiting.fate
        except TimeoutError:
            return Fate.UNAVAILABLE

    async def run(self) -> None:
        """Store until canceled."""
        await together(*(self._work() for _ in range(IN_FLIGHT)))

    async def _work(self) -> None:
        while True:
            await self._arrived.wait()
            await asyncio.sleep(0)  # all that this pass of the event loop has read comes along
            if batch := self._next():
                with self._vitals.watching(Part.INTAKE):
                    await self._commit(batch)

    def _next(self) -> list[_Waiting]:
        """The bodies that make one batch, each whole; none, when others took them already."""
        batch: list[_Waiting] = []
        messages = size = 0
        while self._waiting:
            waiting = self._waiting[0]
            messages, size = messages + len(waiting.pieces), size + waiting.size
            if batch and (messages > MOST_MESSAGES or size > MOST_BYTES):
                return batch
            self._waiting.popleft()
            self._pulse.beat()
            batch.append(waiting)
        self._pulse.rest()
        self._arrived.clear()
        return batch

    async def _commit(self, batch: list[_Waiting]) -> None:
        """Whoever waits learns the fate, even when this task is ended meanwhile."""
        fate = Fate.UNAVAILABLE
        try:
            payloads = [piece for waiting in batch for piece in waiting.pieces]
            await publish_all(self._broker, RECEIPTS_SUBJECT, payloads, RECEIPT_VERSION)
            fate = Fate.STORED
            self._batches.observe(len(payloads))
        except Unavailable as error:
            self._log.warning("webhooks are not stored; Meta brings them again", reason=str(error))
        finally:
            for waiting in batch:
                waiting.became(fate)
