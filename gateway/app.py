"""The application: its routes, and what every request goes through."""

import re
import time
from contextlib import nullcontext

from aiohttp import HttpVersion11, web

from gateway import docs, errors, figures, front, realtime, request_line, submit, trace
from gateway.answers import keep_private, refused
from gateway.assets import Assets
from gateway.auth import GATE, Gate, Handler
from gateway.parts import PARTS, Parts
from gateway.request_line import route_of
from gateway.routes import ROUTES
from gateway.store import LedgerUnavailable
from plumbing.logs import about
from schemas.metrics import HTTP_IN_FLIGHT, REQUEST_SECONDS, REQUESTS


def make_app(parts: Parts) -> web.Application:
    """The application; it opens and closes nothing itself."""
    needs = {(route.method, route.path): route.scope for route in ROUTES}
    gate = Gate(
        parts.keys, parts.ring, needs, parts.settings.host, metrics_key=parts.settings.metrics_key
    )
    app = web.Application(
        middlewares=[_traced, _measured, _answered, gate.admit],
        client_max_size=submit.BODY_LIMIT_BYTES,
    )
    app[PARTS], app[GATE] = parts, gate
    app[docs.PAGES] = docs.Pages(ROUTES)
    app[front.ENTRANCE] = front.Entrance(ROUTES, Assets.read())
    app.on_response_prepare.append(trace.show)
    app.on_response_prepare.append(keep_private)
    for method, path, handler, *_ in ROUTES:
        app.router.add_route(method, path, handler, expect_handler=_expect)
        if method == "GET" and handler is not realtime.watch:  # uptime monitors ask with HEAD
            app.router.add_route("HEAD", path, handler)
    paths = dict.fromkeys(route.path for route in ROUTES)
    for path in filter(_is_shadowed, paths):
        app.router.add_route("*", path, _no_other_method)
    figures.show(parts, paths, most_streams=realtime.MOST_STREAMS)
    return app


def _is_shadowed(path: str) -> bool:
    """Whether another route fits this path, as `/api/suppressions/{number}` would an export's."""
    shapes = (re.sub("{[^}]+}", "[^/]+", other) for _, other, *_ in ROUTES if "{" in other)
    return "{" not in path and any(re.fullmatch(shape, path) for shape in shapes)


async def _no_other_method(request: web.Request) -> web.Response:
    """What the other route takes is nothing for this path."""
    taken = {method for method, path, *_ in ROUTES if path == request.path}
    raise web.HTTPMethodNotAllowed(request.method, taken | ({"HEAD"} if "GET" in taken else set()))


async def _expect(request: web.Request) -> web.StreamResponse | None:
    """Bid a client that waits for it send its body; what else a client expects is refused."""
    if request.headers["Expect"].lower() != "100-continue":
        return refused(errors.expectation_failed())
    if request.version >= HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the answer proper has not begun
    return None


@web.middleware
async def _traced(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every log line of the request has its id."""
    with about(trace=trace.trace_of(request)):
        return await handler(request)


@web.middleware
async def _measured(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count and log answers by route; time them, event streams left out."""
    started, meters = time.monotonic(), request.app[PARTS].meters
    is_stream = request.match_info.handler is realtime.watch
    with meters[HTTP_IN_FLIGHT].track_inprogress() if not is_stream else nullcontext():
        response = await handler(request)
    route = route_of(request)
    request_line.say(request.app[PARTS].log, request, response.status, started)
    meters[REQUESTS].labels(route, f"{response.status // 100}xx").inc()
    if isinstance(response, web.Response):
        meters[REQUEST_SECONDS].labels(route).observe(time.monotonic() - started)
    return response


@web.middleware
async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """See to it that every refusal has the same shape, whoever refuses."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        return refused(_refusal(request, error))
    except LedgerUnavailable as error:
        request.app[PARTS].log.warning("the ledger does not answer", reason=str(error))
        return refused(errors.ledger_unavailable())
    except Exception:  # a bug: logged once, told without the details
        log = request.app[PARTS].log
        log.exception("a request failed", method=request.method, route=route_of(request))
        return refused(errors.internal_error(trace.trace_of(request)))


def _refusal(request: web.Request, error: web.HTTPException) -> errors.Refusal:
    match error:
        case web.HTTPNotFound():
            return errors.route_not_found(request.method, request.path)
        case web.HTTPMethodNotAllowed(allowed_methods=allowed):
            return errors.method_not_allowed(request.method, request.path, list(allowed))
        case web.HTTPRequestEntityTooLarge():
            return errors.body_too_large(submit.BODY_LIMIT_BYTES)
        case _:
            return errors.http_error(error.status, error.reason)
