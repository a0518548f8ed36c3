"""POST /{version}/{phone_number_id}/messages: gives the desk's reply in the manner it asks for."""

import asyncio
from typing import Final

from aiohttp import web

from sandbox.desk import Desk, Reply
from sandbox.fates import Manner

DESK: Final = web.AppKey("desk", Desk)
_SILENCE_SECONDS: Final = 600  # longer than any client waits


async def send(request: web.Request) -> web.Response:
    """Take a send."""
    body = await request.read()
    desk = request.app[DESK]
    reply = desk.take(request.match_info["object_id"], request.headers.get("Authorization"), body)
    return await give(request, reply)


async def give(request: web.Request, reply: Reply) -> web.Response:
    """Wait as long as the reply says, then answer, or do not."""
    if reply.delay_seconds:
        await asyncio.sleep(reply.delay_seconds)
    match reply.manner:
        case Manner.PLAIN:
            return _response(reply)
        case Manner.SILENT:
            await asyncio.sleep(_SILENCE_SECONDS)
            return _dropped(request)
        case Manner.DROPPED:
            return _dropped(request)


def _response(reply: Reply) -> web.Response:
    headers = {"Content-Type": reply.content_type}
    if reply.retry_after_seconds is not None:
        headers["Retry-After"] = str(reply.retry_after_seconds)
    return web.Response(body=reply.body, status=reply.status, headers=headers)


def _dropped(request: web.Request) -> web.Response:
    """Reset the connection; the response is written to nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
