"""GET /sandbox/live: server-sent events for whoever watches, five times a second at most.

Nothing waits for a reader: a look takes what is new at that time, and the next is taken when this
one has been written.
"""

import asyncio
import time
from contextlib import suppress
from typing import Final

import msgspec
from aiohttp import web

from sandbox.asked import json_of
from sandbox.controls import STAGE, URL
from sandbox.tally import Tally
from sandbox.watching import Watch

_LOOK_SECONDS: Final = 0.2
_QUIET_SECONDS: Final = 10  # then a line is written, so that a reader who left is noticed
_WRITE_SECONDS: Final = 30  # for one frame; who reads slower has to come back
MOST_READERS: Final = 32
_HEADERS: Final = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}


class Readers:
    """Those who watch, and the figures that all of them see."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.count = 0


READERS: Final = web.AppKey("readers", Readers)


async def live(request: web.Request) -> web.StreamResponse:
    """What arrives and what is in force, from now on; the newest 100 requests first."""
    readers = request.app[READERS]
    if readers.count >= MOST_READERS:
        message = f"{MOST_READERS} readers watch already, which is the most; close one of them."
        return json_of({"error": "Service Unavailable", "message": message}, status=503)
    response = web.StreamResponse(headers=_HEADERS)
    readers.count += 1
    try:
        with suppress(ConnectionError, TimeoutError):
            await response.prepare(request)
            await response.write(b"retry: 1000\n\n")
            await _tell(response, Watch(request.app[STAGE], readers.tally, request.app[URL]))
    finally:
        readers.count -= 1
    return response


async def _tell(response: web.StreamResponse, watch: Watch) -> None:
    """Write what is new, until the reader leaves. Raises ConnectionError, TimeoutError."""
    told_at = time.monotonic()
    while True:
        news = watch.look()
        is_quiet = time.monotonic() - told_at < _QUIET_SECONDS
        if news or not is_quiet:
            frame = b"data: " + msgspec.json.encode(news) + b"\n\n" if news else b":\n\n"
            await asyncio.wait_for(response.write(frame), _WRITE_SECONDS)
            told_at = time.monotonic()
        await asyncio.sleep(_LOOK_SECONDS)
