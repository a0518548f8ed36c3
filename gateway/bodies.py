"""Bodies as they arrive: in chunks, bounded in bytes and in time."""

import asyncio
import zlib
from collections.abc import Awaitable
from typing import Final

import aiohttp
from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import BadHttpMessage

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
        self._limit_bytes, self.size = limit_bytes, 0

    async def next(self) -> bytes | Refusal:
        """What has arrived since the last time, waiting for some; empty at the end."""
        if (self._request.content_length or 0) > self._limit_bytes:
            return self._too_large
        return await self._bounded(self._request.content.readany())

    async def _bounded(self, reading: Awaitable[bytes]) -> bytes | Refusal:
        """What is read, within its time and its size."""
        silent_at = asyncio.get_running_loop().time() + CHUNK_SECONDS
        try:
            async with asyncio.timeout_at(min(silent_at, self._until)):
                chunk = await reading
        except TimeoutError:
            return errors.body_too_slow(min(CHUNK_SECONDS, self._seconds))
        except (aiohttp.ClientPayloadError, web.RequestPayloadError, zlib.error):
            return errors.bad_request("The body cannot be unpacked: check its Content-Encoding.")
        except ConnectionError:  # the client is gone: nobody reads this
            return errors.bad_request("The body ended before it was whole.")
        self.size += len(chunk)
        return chunk if self.size <= self._limit_bytes else self._too_large

    async def whole(self) -> bytes | Refusal:
        """All of it."""
        body = bytearray()
        while chunk := await self.next():
            if isinstance(chunk, Refusal):
                return chunk
            body += chunk
        return bytes(body)


class FormFile(Body):
    """The file within a form as a browser sends it: the first part that has a filename."""

    _CHUNK_BYTES: Final = 64 * 2**10

    def __init__(
        self, request: web.Request, *, limit_bytes: int, seconds: float, advice: str
    ) -> None:
        super().__init__(request, limit_bytes=limit_bytes, seconds=seconds, advice=advice)
        self._part: BodyPartReader | None = None

    @property
    def filename(self) -> str | None:
        """As the form has it, once something of the file was read."""
        return self._part.filename if self._part else None

    async def next(self) -> bytes | Refusal:
        if (self._request.content_length or 0) > self._limit_bytes + self._CHUNK_BYTES:
            return self._too_large
        try:
            if self._part is None:
                found = await self._bounded(self._find())
                if isinstance(found, Refusal):
                    return found
            return await self._read()
        except (ValueError, RuntimeError, BadHttpMessage) as error:
            return errors.bad_request(f"The form cannot be read: {str(error)[:200]}.")

    async def _find(self) -> bytes:
        """Go to the file's part, past the fields before it."""
        form = await self._request.multipart()
        while (part := await form.next()) is not None:
            if isinstance(part, BodyPartReader) and part.filename:
                self._part = part
                break
        return b""

    async def _read(self) -> bytes | Refusal:
        if self._part is None:
            return errors.bad_request("The form has no file in it: a field of type file.")
        while not self._part.at_eof():
            if chunk := await self._bounded(self._part.read_chunk(self._CHUNK_BYTES)):
                return chunk
        return b""
