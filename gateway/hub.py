"""The fan-out of one gateway: each stream message is read once and handed to the job's readers.

A reader has a bounded buffer. One that overflows is closed, alone, and comes back by
`Last-Event-ID`; nobody else waits for it.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Final
from uuid import UUID

from gateway.news import News, read_news

BUFFER: Final = 1000  # stream messages that a reader may be behind


class Reader:
    """One open event stream; `cut` breaks its connection when it is too slow."""

    def __init__(self, job_id: UUID, limit: int, cut: Callable[[], None]) -> None:
        self.job_id = job_id
        self.closed = False
        self._limit, self._cut = limit, cut
        self._news: deque[News] = deque()
        self._some = asyncio.Event()

    async def take(self, timeout_seconds: float) -> list[News]:
        """All that is there, in order; empty after the timeout, or at once when it is closed."""
        if not (self._news or self.closed):
            try:
                async with asyncio.timeout(timeout_seconds):
                    await self._some.wait()
            except TimeoutError:
                return []
        self._some.clear()
        taken = list(self._news)
        self._news.clear()
        return taken

    def offer(self, news: News) -> bool:
        """Whether there was room; when not, the reader is cut off."""
        if len(self._news) >= self._limit:
            self.close()
            self._cut()
            return False
        self._news.append(news)
        self._some.set()
        return True

    def close(self) -> None:
        self.closed = True
        self._news.clear()
        self._some.set()


class Hub:
    """Readers by job; `last_seq` is the last stream message that was handed on."""

    def __init__(self, on_drop: Callable[[], None] = lambda: None, buffer: int = BUFFER) -> None:
        self.last_seq = 0
        self._on_drop, self._buffer = on_drop, buffer
        self._readers: defaultdict[UUID, set[Reader]] = defaultdict(set)
        self._closed = False

    def join(self, job_id: UUID, cut: Callable[[], None] = lambda: None) -> Reader:
        """From now on keep what is told of the job; the caller must `leave`."""
        reader = Reader(job_id, self._buffer, cut)
        self._readers[job_id].add(reader)
        if self._closed:
            reader.close()
        return reader

    def leave(self, reader: Reader) -> None:
        readers = self._readers[reader.job_id]
        readers.discard(reader)
        if not readers:
            del self._readers[reader.job_id]

    def dispatch(self, seq: int, job_id: UUID, payload: bytes) -> None:
        """Hand one stream message on. Raises msgspec.DecodeError when it is no envelope."""
        self.last_seq = seq
        if job_id not in self._readers:
            return
        news = read_news(seq, payload)
        for reader in list(self._readers[job_id]):
            if not reader.closed and not reader.offer(news):
                self._on_drop()

    def jump(self, last_seq: int) -> None:
        """Go on after `last_seq`, elsewhere than before: readers come back and ask for the gap."""
        self.last_seq = last_seq
        self._close_readers()

    def close(self) -> None:
        """End every stream, now and from now on: the gateway stops."""
        self._closed = True
        self._close_readers()

    def _close_readers(self) -> None:
        for readers in self._readers.values():
            for reader in readers:
                reader.close()
