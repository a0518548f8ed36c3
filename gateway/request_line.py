"""The log line of a request: which route, what came of it, how long it took. No path, no body."""

import time
from typing import Final

from aiohttp import web

from gateway.auth import WEBHOOK_PATHS, asker_of
from gateway.figures import NO_ROUTE
from plumbing.logs import Log

UNSAID: Final = frozenset(("/healthz", "/readyz", "/metrics"))  # asked every few seconds
METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_READS: Final = frozenset(("GET", "HEAD", "OPTIONS"))


def route_of(request: web.Request) -> str:
    """The pattern of the route, as `/api/suppressions/{number}`: a path may name a person."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else NO_ROUTE


def say(log: Log, request: web.Request, status: int, started: float) -> None:
    """What is not taken and what changes something is told at info, our own failures as a warning.

    Reads are for debugging, and so are webhooks that were taken: there are thousands.
    """
    route = route_of(request)
    if route in UNSAID:
        return
    fields = {
        "method": request.method if request.method in METHODS else "another",
        "route": route,
        "status": status,
        "ms": round((time.monotonic() - started) * 1000),
        "owner": asker_of(request) or None,
    }
    if status >= 500:
        log.warning("request", **fields)
    elif status >= 400 or (request.method not in _READS and route not in WEBHOOK_PATHS):
        log.info("request", **fields)
    else:
        log.debug("request", **fields)
