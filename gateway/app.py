"""The gateway's routes, in one table, and what every request goes through."""

import re
import time
from contextlib import nullcontext
from typing import Final

from aiohttp import HttpVersion11, web

from gateway import (
    control,
    docs,
    errors,
    exports,
    figures,
    health,
    imports,
    jobs,
    realtime,
    request_line,
    sessions,
    submit,
    suppressions,
    trace,
    webhooks,
)
from gateway.answers import answer, refused
from gateway.auth import Gate, Handler
from gateway.parts import PARTS, Parts
from gateway.request_line import route_of
from gateway.store import LedgerUnavailable
from plumbing.logs import about
from schemas.metrics import HTTP_IN_FLIGHT, REQUEST_SECONDS, REQUESTS
from schemas.service_api import Front, FrontRoute
from schemas.version import VERSION

NAME: Final = "Loopcast"


async def front(_request: web.Request) -> web.Response:
    """`GET /`: what this is and what it serves; open to everybody, without any data."""
    routes = [FrontRoute(method, path, does) for method, path, _, does in ROUTES]
    return answer(Front(NAME, VERSION, routes))


ROUTES: Final = (
    ("GET", "/", front, "this page"),
    ("GET", "/api/docs", docs.page, "the description of all this, for people"),
    ("GET", "/api/openapi.json", docs.description, "the same for programs: OpenAPI 3.1"),
    ("POST", "/api/whatsapp/bulk-quick-send", submit.quick_send,
     "send a template with the same values to everybody"),
    ("POST", "/api/whatsapp/bulk-customize-send", submit.customize_send,
     "send a template with a row of values for each recipient"),
    ("POST", "/api/bulk/send", submit.direct_send, "send a template as it is, or free text"),
    ("GET", "/api/bulk/jobs", jobs.newest, "your jobs, newest first"),
    ("GET", "/api/bulk/jobs/{job_id}", jobs.read, "one job with its loops and its errors"),
    ("GET", "/api/bulk/job/{job_id}", jobs.read, "the same, under its old name"),
    ("POST", "/api/bulk/job/{job_id}/resume", control.resume, "have a paused job go on"),
    ("POST", "/api/bulk/jobs/{job_id}/resume", control.resume, "the same"),
    ("GET", "/api/bulk/realtime/{job_id}", realtime.watch, "watch a job: server-sent events"),
    ("GET", "/realtime/bulk/{job_id}", realtime.watch, "the same, under its old name"),
    ("GET", "/api/suppressions", suppressions.newest, "who wants no messages, newest first"),
    ("POST", "/api/suppressions", suppressions.add, "numbers that are to get nothing more"),
    ("POST", "/api/suppressions/import", imports.take, "a whole list of them, as CSV or lines"),
    ("GET", "/api/suppressions/export", exports.give, "the whole list, as CSV or NDJSON"),
    ("GET", "/api/suppressions/{number}", suppressions.read, "all that is known of one number"),
    ("DELETE", "/api/suppressions/{number}", suppressions.lift, "lift what stops it"),
    ("POST", "/api/session", sessions.begin, "exchange a key for a browser's cookie"),
    ("DELETE", "/api/session", sessions.end, "forget the cookie"),
    ("GET", "/webhooks/whatsapp", webhooks.handshake, "Meta's handshake"),
    ("POST", "/webhooks/whatsapp", webhooks.receive, "what Meta says later: receipts and more"),
    ("GET", "/webhooks/meta", webhooks.handshake, "the same, under another name"),
    ("POST", "/webhooks/meta", webhooks.receive, "the same, under another name"),
    ("GET", "/healthz", health.healthz, "whether the process lives, and no part of it hangs"),
    ("GET", "/readyz", health.readyz, "whether PostgreSQL and JetStream answer"),
    ("GET", "/metrics", health.metrics, "figures for Prometheus"),
)  # fmt: skip


def make_app(parts: Parts) -> web.Application:
    """The application; it opens and closes nothing itself."""
    gate = Gate(parts.keys, parts.settings.host, metrics_key=parts.settings.metrics_key)
    app = web.Application(
        middlewares=[_traced, _measured, _answered, gate.admit],
        client_max_size=submit.BODY_LIMIT_BYTES,
    )
    app[PARTS] = parts
    app[docs.PAGES] = docs.Pages(ROUTES)
    app.on_response_prepare.append(trace.show)
    for method, path, handler, _ in ROUTES:
        app.router.add_route(method, path, handler, expect_handler=_expect)
        if method == "GET" and handler is not realtime.watch:  # uptime monitors ask with HEAD
            app.router.add_route("HEAD", path, handler)
    paths = dict.fromkeys(path for _, path, _, _ in ROUTES)
    for path in filter(_is_shadowed, paths):
        app.router.add_route("*", path, _no_other_method)
    figures.show(parts, paths, most_streams=realtime.MOST_STREAMS)
    return app


def _is_shadowed(path: str) -> bool:
    """Whether another route fits this path, as `/api/suppressions/{number}` would an export's."""
    shapes = (re.sub("{[^}]+}", "[^/]+", other) for _, other, _, _ in ROUTES if "{" in other)
    return "{" not in path and any(re.fullmatch(shape, path) for shape in shapes)


async def _no_other_method(request: web.Request) -> web.Response:
    """What the other route takes is nothing for this path."""
    taken = {method for method, path, _, _ in ROUTES if path == request.path}
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
