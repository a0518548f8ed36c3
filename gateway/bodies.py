"""Bodies as they arrive: in chunks, bounded in bytes and in time."""

import asyncio
import zlib
from typing import Final

import aiohttp
from aiohttp import web

from gateway import errors
from gateway.errors import Refusal

CHUNK_SECONDS: Final = 30.0  # the longest silence of a client that is sending


class Body:
    """The body of a request, of `limit_bytes` at most, to arrive within `seconds`.

    `advice` is what a client is told who sends more. The limit of the application, for bodies that
    are read at once, does not hold here.
    """

    def __init__(
        self, request: web.Request, *, limit_bytes: int, seconds: float, advice: str
    ) -> None:
        self._request, self._seconds = request, seconds
        self._until = asyncio.get_running_loop().time() + seconds
        self._too_large = errors.body_too_large(limit_bytes, advice)
        self._limit_bytes, self._size = limit_bytes, 0

    async def next(self) -> bytes | Refusal:
        """What has arrived since the last time, waiting for some; empty at the end."""
        if (self._request.content_length or 0) > self._limit_bytes:
            return self._too_large
        silent_at = asyncio.get_running_loop().time() + CHUNK_SECONDS
        try:
            async with asyncio.timeout_at(min(silent_at, self._until)):
                chunk = await self._request.content.readany()
        except TimeoutError:
            return errors.body_too_slow(min(CHUNK_SECONDS, self._seconds))
        except (aiohttp.ClientPayloadError, web.RequestPayloadError, zlib.error):
            return errors.bad_request("The body cannot be unpacked: check its Content-Encoding.")
        except ConnectionError:  # the client is gone: nobody reads this
            return errors.bad_request("The body ended before it was whole.")
        self._size += len(chunk)
        return chunk if self._size <= self._limit_bytes else self._too_large

    async def whole(self) -> bytes | Refusal:
        """All of it."""
        body = bytearray()
        while chunk := await self.next():
            if isinstance(chunk, Refusal):
                return chunk
            body += chunk
        return bytes(body)
