"""How answers leave: JSON bodies, all refusals in one shape."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import msgspec
from aiohttp import web

from gateway.errors import Refusal

_encode = msgspec.json.Encoder().encode


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON answer; `body` is a struct or plain data."""
    return web.Response(
        body=_encode(body), status=status, headers=headers, content_type="application/json"
    )


def answer_if_new(request: web.Request, body: Any) -> web.Response:
    """A JSON answer, or 304 where the client has the same already: it asks again and again."""
    encoded = _encode(body)
    tag = blake2b(encoded, digest_size=16).hexdigest()
    if tag in (known.value for known in request.if_none_match or ()):
        response = web.Response(status=304)
    else:
        response = web.Response(body=encoded, content_type="application/json")
    response.etag = tag
    response.headers["Cache-Control"] = "private, no-cache"  # kept, and asked about each time
    return response


async def keep_private(_: web.Request, response: web.StreamResponse) -> None:
    """For `on_response_prepare`: no cache keeps an answer that does not say that it may."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")


def refused(refusal: Refusal) -> web.Response:
    """`{"error", "message", "details"?, "path"?}` with the refusal's status."""
    return answer(refusal.body(), refusal.status, refusal.headers)
