"""A job's event stream, followed over as many connections as it takes."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import aiohttp

from cli.answers import No, Refused, Unreachable
from cli.client import STREAM, Api, why

_AGAIN_AFTER_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 300.0  # without any connection; the job goes on, and so may people
# A snapshot is one line, and has every loop: 50,000 of one message each make 12 MB.
_LONGEST_LINE_BYTES: Final = 32 * 2**20


@dataclass
class Following:
    """One watched job. `whole`: every frame, none twice; else sums alone, and a snapshot each time
    that a connection was lost.
    """

    api: Api
    job_id: str
    whole: bool
    last_id: str = ""
    away_since: float | None = None

    async def frames(self) -> AsyncIterator[bytes | No]:
        """Each frame as it came; an Unreachable is a lost connection, unless it is the last.

        Ends with the job, with a Refused, or when there was no connection for too long.
        """
        was_there = False
        while True:
            try:
                async for frame in self._connection():
                    was_there, self.away_since = True, None
                    yield frame
                    if isinstance(frame, Refused) and frame.status != 503:
                        return
                lost = Unreachable(self.api.url, "the connection was closed")
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                lost = Unreachable(self.api.url, why(error))
            yield lost
            if not was_there or self._is_too_long():
                return
            await asyncio.sleep(_AGAIN_AFTER_SECONDS)

    def _is_too_long(self) -> bool:
        now = time.monotonic()
        self.away_since = now if self.away_since is None else self.away_since
        return now - self.away_since > _PATIENCE_SECONDS

    async def _connection(self) -> AsyncIterator[bytes | Refused]:
        is_back = self.whole and self.last_id
        headers = {"Last-Event-ID": self.last_id} if is_back else None
        query = None if self.whole else {"detail": "loops"}
        path = f"/api/bulk/realtime/{quote(self.job_id, safe='')}"
        async with self.api.opened(path, query=query, headers=headers, timeout=STREAM) as answer:
            if isinstance(answer, Refused):
                yield answer
                return
            async for line in lines_of(answer.content.iter_any()):
                name, _, value = line.rstrip(b"\r").partition(b": ")
                if name == b"id":
                    self.last_id = value.decode()
                elif name == b"data":
                    yield value


async def lines_of(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Lines of a stream, without their ends. aiohttp's own reading of lines ends at 128 KiB.

    Raises OSError where a line is longer than any of ours.
    """
    begun: list[bytes] = []
    size = 0
    async for piece in pieces:
        first, *others = piece.split(b"\n")
        begun.append(first)
        size += len(first)
        if size > _LONGEST_LINE_BYTES:
            raise OSError("it sends lines that are no frames")
        for following in others:
            yield b"".join(begun)
            begun, size = [following], len(following)
