"""POST /{version}/{phone_number_id}/messages: gives the desk's reply in the manner it asks for."""

import asyncio
from contextlib import suppress
from typing import Final

import msgspec
from aiohttp import web

from sandbox.desk import Desk, Reply
from sandbox.fates import Manner
from sandbox.receipts import WABA_ID

DESK: Final = web.AppKey("desk", Desk)
_SILENCE_SECONDS: Final = 600  # longer than any client waits
_DRIP_SECONDS: Final = 0.25  # between two bytes; an answer has some 200


async def send(request: web.Request) -> web.StreamResponse:
    """Take a send."""
    body = await request.read()
    desk = request.app[DESK]
    reply = desk.take(request.match_info["object_id"], request.headers.get("Authorization"), body)
    return await give(request, reply)


async def give(request: web.Request, reply: Reply) -> web.StreamResponse:
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
        case Manner.DRIP:
            return await _dripped(request, reply)


def _response(reply: Reply) -> web.Response:
    return web.Response(body=reply.body, status=reply.status, headers=_headers(reply))


async def _dripped(request: web.Request, reply: Reply) -> web.StreamResponse:
    """The head at once, then the body a byte at a time, for as long as the client stays."""
    response = web.StreamResponse(status=reply.status, headers=_headers(reply))
    response.content_length = len(reply.body)
    with suppress(ConnectionError):
        await response.prepare(request)
        for byte in reply.body:
            await asyncio.sleep(_DRIP_SECONDS)
            await response.write(bytes([byte]))
    return response


def _headers(reply: Reply) -> dict[str, str]:
    headers = {"Content-Type": reply.content_type}
    if reply.retry_after_seconds is not None:
        headers["Retry-After"] = str(reply.retry_after_seconds)
    if reply.regain_minutes is not None:
        headers["X-Business-Use-Case-Usage"] = _usage(reply.regain_minutes)
    return headers


def _usage(regain_minutes: int) -> str:
    """The header by which Meta says how many minutes an account has to wait."""
    usage = {
        "type": "whatsapp",
        "call_count": 100,
        "total_cputime": 25,
        "total_time": 25,
        "estimated_time_to_regain_access": regain_minutes,
    }
    return msgspec.json.encode({WABA_ID: [usage]}).decode()


def _dropped(request: web.Request) -> web.Response:
    """Reset the connection; the response is written to nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
