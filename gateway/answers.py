"""How answers leave: JSON bodies, all refusals in one shape."""

from collections.abc import Mapping
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


def refused(refusal: Refusal) -> web.Response:
    """`{"error", "message", "details"?, "path"?}` with the refusal's status."""
    return answer(refusal.body(), refusal.status, refusal.headers)
