"""The id of a request: the client's own where it is fit to be logged, else one of ours.

It stands in every log line of the request, in its answer, and with the job that it made, so that
one id finds all of it in the logs of all processes.
"""

import re
from collections.abc import Mapping
from typing import Final
from uuid import uuid4

from aiohttp import web

HEADER: Final = "X-Request-Id"
LONGEST: Final = 128

# What proxies and clients make ids of: UUIDs, ULIDs, hex, base64, `Root=1-67891233-abcdef`.
_SANE: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._~:=/+-]{{0,{LONGEST - 1}}}")
_ONLY_DIGITS: Final = re.compile(r"\d{7,15}")  # would be taken for somebody's number

# W3C trace context: version, trace id, parent, flags. Later versions may add fields.
_TRACEPARENT: Final = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?"
)

_TRACE: Final = web.RequestKey("trace", str)


def read_trace(headers: Mapping[str, str]) -> str | None:
    """`X-Request-Id`, or the trace id of `traceparent`; None where neither can be used."""
    given = headers.get(HEADER, "").strip()
    if _SANE.fullmatch(given) and not _ONLY_DIGITS.fullmatch(given):
        return given
    parent = _TRACEPARENT.fullmatch(headers.get("traceparent", "").strip())
    return parent[1] if parent else None


def trace_of(request: web.Request) -> str:
    """The request's id, always the same."""
    if _TRACE not in request:
        request[_TRACE] = read_trace(request.headers) or new_trace()
    return request[_TRACE]


def new_trace() -> str:
    """An id of ours, which can be a trace id of W3C's, too."""
    return uuid4().hex


async def show(request: web.Request, response: web.StreamResponse) -> None:
    """Every answer brings the id, whoever made it: for `on_response_prepare`."""
    response.headers[HEADER] = trace_of(request)
