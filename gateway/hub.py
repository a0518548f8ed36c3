"""The fan-out of one gateway: each stream message is read once and handed to the job's readers.

A reader has a bounded buffer. One that overflows is closed, alone, and comes back by
`Last-Event-ID`; nobody else waits for it.
"""

import asyncio
import contextlib
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Final
from uuid import UUID

from gateway.news import News, read_news
from gateway.positions import NO_EPOCH

BUFFER: Final = 1000  # stream messages that a reader may be behind
BUFFER_BYTES: Final = 8 * 2**20  # and what they are as they go out; a message may have 500 frames
TAKE_BYTES: Final = 64 * 2**10  # about what a reader takes at once


class Reader:
    """One open event stream; `cut` breaks its connection when it is too slow."""

    def __init__(
        self,
        job_id: UUID,
        cut: Callable[[], None],
        limit: int = BUFFER,
        limit_bytes: int = BUFFER_BYTES,
    ) -> None:
        self.job_id, self.cut = job_id, cut
        self.closed = False
        self._limit, self._limit_bytes = limit, limit_bytes
        self._news: deque[News] = deque()
        self._bytes = 0
        self._some = asyncio.Event()

    @property
    def is_behind(self) -> bool:
        """Whether there is something to take."""
        return bool(self._news)

    async def take(self, timeout_seconds: float) -> list[News]:
        """What is there, in order, about TAKE_BYTES at most; the rest stays and counts.

        Empty after the timeout, or at once when the reader is closed.
        """
        if not (self._news or self.closed):
            try:
                async with asyncio.timeout(timeout_seconds):
                    await self._some.wait()
            except TimeoutError:
                return []
        self._some.clear()
        taken: list[News] = []
        size = 0
        while self._news and size < TAKE_BYTES:
            taken.append(self._news.popleft())
            size += len(taken[-1].encoded)
        self._bytes -= size
        return taken

    def offer(self, news: News) -> bool:
        """Whether there was room; when not, the reader is cut off. One message always has room."""
        size = len(news.encoded)
        is_full = len(self._news) >= self._limit or self._bytes + size > self._limit_bytes
        if is_full and self._news:
            self.close()
            self.cut()
            return False
        self._news.append(news)
        self._bytes += size
        self._some.set()
        return True

    def close(self) -> None:
        self.closed = True
        self._news.clear()
        self._bytes = 0
        self._some.set()


class Hub:
    """Readers by job; `last_seq` is the last message of stream `epoch` that was handed on."""

    def __init__(
        self, on_drop: Callable[[], None] = lambda: None, buffer: int = BUFFER,
        on_gap: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self.last_seq, self.epoch = 0, NO_EPOCH
        self._on_drop, self._on_gap, self._buffer = on_drop, on_gap, buffer
        self._readers: defaultdict[UUID, set[Reader]] = defaultdict(set)
        self._closed = False
        self._following = asyncio.Event()
        self.size = 0  # readers

    def join(self, job_id: UUID, cut: Callable[[], None] = lambda: None) -> Reader:
        """From now on keep what is told of the job; the caller must `leave`."""
        reader = Reader(job_id, cut, self._buffer)
        self._readers[job_id].add(reader)
        self.size += 1
        if self._closed:
            reader.close()
        return reader

    def leave(self, reader: Reader) -> None:
        readers = self._readers[reader.job_id]
        readers.remove(reader)
        self.size -= 1
        if not readers:
            del self._readers[reader.job_id]

    def dispatch(self, seq: int, job_id: UUID, payload: bytes) -> None:
        """Hand one stream message on, also one that cannot be read: its readers have to know."""
        self.last_seq = seq
        if job_id not in self._readers:
            return
        news = read_news(self.epoch, seq, payload)
        if news.is_gap:
            self._on_gap()
        for reader in list(self._readers[job_id]):
            if not reader.closed and not reader.offer(news):
                self._on_drop()

    def jump(self, last_seq: int, epoch: str) -> None:
        """Go on after `last_seq`, elsewhere than before: readers come back and ask for the gap."""
        self.last_seq, self.epoch = last_seq, epoch
        self._following.set()
        self._close_readers()

    async def following(self, timeout_seconds: float) -> None:
        """Return when the stream has been found, or the time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                await self._following.wait()

    def close(self) -> None:
        """End every stream, now and from now on: the gateway stops."""
        self._closed = True
        self._close_readers()

    def cut(self) -> None:
        """Break the connections of readers that have not taken their end."""
        for readers in list(self._readers.values()):
            for reader in list(readers):
                reader.cut()

    def _close_readers(self) -> None:
        for readers in self._readers.values():
            for reader in readers:
                reader.close()
