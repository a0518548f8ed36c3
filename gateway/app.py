"""The gateway's routes, in one table, and what every request goes through."""

import time
from typing import Final

from aiohttp import web

from gateway import errors, health, jobs, realtime, sessions, submit
from gateway.answers import refused
from gateway.auth import Gate, Handler
from gateway.parts import PARTS, Parts
from gateway.store import LedgerUnavailable
from schemas.metrics import REQUEST_SECONDS, REQUESTS

ROUTES: Final = (
    ("POST", "/api/whatsapp/bulk-quick-send", submit.quick_send),
    ("POST", "/api/whatsapp/bulk-customize-send", submit.customize_send),
    ("POST", "/api/bulk/send", submit.direct_send),
    ("GET", "/api/bulk/jobs", jobs.newest),
    ("GET", "/api/bulk/jobs/{job_id}", jobs.read),
    ("GET", "/api/bulk/job/{job_id}", jobs.read),
    ("GET", "/api/bulk/realtime/{job_id}", realtime.watch),
    ("GET", "/realtime/bulk/{job_id}", realtime.watch),
    ("POST", "/api/session", sessions.begin),
    ("DELETE", "/api/session", sessions.end),
    ("GET", "/healthz", health.healthz),
    ("GET", "/readyz", health.readyz),
    ("GET", "/metrics", health.metrics),
)


def make_app(parts: Parts) -> web.Application:
    """The application; it opens and closes nothing itself."""
    gate = Gate(parts.keys, parts.settings.host)
    app = web.Application(
        middlewares=[_measured, _answered, gate.admit], client_max_size=submit.BODY_LIMIT_BYTES
    )
    app[PARTS] = parts
    for method, path, handler in ROUTES:
        app.router.add_route(method, path, handler)
    return app


@web.middleware
async def _measured(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count answers by route; time them, event streams left out."""
    started, meters = time.monotonic(), request.app[PARTS].meters
    response = await handler(request)
    resource = request.match_info.route.resource
    route = resource.canonical if resource else "none"
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
        log.exception("a request failed", method=request.method, path=request.path)
        return refused(errors.internal_error())


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
