"""A file that leaves as it is made: whole, or visibly broken off. Bounded in memory and in time."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from aiohttp import web

from gateway.file_names import disposition

WRITE_SECONDS: Final = 30.0  # the longest wait for a client to take more


async def give(
    request: web.Request, content_type: str, filename: str, chunks: AsyncIterator[bytes]
) -> web.StreamResponse:
    """Answer with a file, chunk by chunk, each made when the one before is on its way.

    The first chunk is made before the answer begins, so that what cannot be made is refused as
    anything else is. A client that takes nothing for WRITE_SECONDS is cut off.
    """
    first = await anext(chunks, b"")
    response = web.StreamResponse(headers={
        "Content-Type": content_type,
        "Content-Disposition": disposition(filename),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    })  # fmt: skip
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    try:
        await _write(response, first)
        async for chunk in chunks:
            await _write(response, chunk)
        await response.write_eof()
    except BaseException as error:
        _cut(request)  # so that half a file does not look like a whole one
        if not isinstance(error, ConnectionError):
            raise
    return response


async def _write(response: web.StreamResponse, data: bytes) -> None:
    """Raises ConnectionError when the client is gone, or takes nothing any more."""
    try:
        async with asyncio.timeout(WRITE_SECONDS):
            await response.write(data)
    except TimeoutError as error:
        raise ConnectionAbortedError("a client took nothing for too long") from error


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
