"""The gateway's routes, in one table, and what every request goes through."""

import time
from contextlib import nullcontext
from typing import Final

from aiohttp import HttpVersion11, web

from gateway import (
    brakes,
    control,
    downloads,
    errors,
    exports,
    figures,
    health,
    imports,
    jobs,
    messages,
    ndjson,
    realtime,
    replan,
    request_line,
    resend,
    sessions,
    stats,
    submit,
    summaries,
    suppressions,
    trace,
    uploads,
    webhooks,
)
from gateway.answers import answer, refused
from gateway.auth import Gate, Handler
from gateway.parts import PARTS, Parts
from gateway.request_line import route_of
from gateway.store import LedgerUnavailable
from plumbing.logs import about
from schemas.metrics import HTTP_IN_FLIGHT, REQUEST_SECONDS, REQUESTS
from schemas.version import VERSION

NAME: Final = "Loopcast"


async def front(_request: web.Request) -> web.Response:
    """`GET /`: what this is and what it serves; open to everybody, without any data."""
    routes = [{"method": method, "path": path, "does": does} for method, path, _, does in ROUTES]
    return answer({"name": NAME, "version": VERSION, "routes": routes})


OF_A_JOB: Final = (
    ("GET", "messages", messages.listed, "its recipients, and what became of each"),
    ("GET", "messages.csv", downloads.csv, "all of them, for spreadsheets"),
    ("GET", "messages.ndjson", downloads.ndjson, "all of them, for programs"),
    ("GET", "messages.xlsx", downloads.xlsx, "all of them, as a workbook"),
    ("GET", "summary", summaries.read, "all that is to be said of it"),
    ("GET", "summary.html", summaries.page, "the same as one page, to be printed"),
    ("POST", "resend", resend.post, "send a part of it again, as a child of it"),
)

ROUTES: Final = (
    ("GET", "/", front, "this page"),
    ("POST", "/api/whatsapp/bulk-quick-send", submit.quick_send,
     "send a template with the same values to everybody"),
    ("POST", "/api/whatsapp/bulk-customize-send", submit.customize_send,
     "send a template with a row of values for each recipient"),
    ("POST", "/api/bulk/send", submit.direct_send, "send a template as it is, or free text"),
    ("POST", "/api/whatsapp/test-send", submit.test_send,
     "one message to a number of yours, with a row of the list"),
    ("POST", "/api/bulk/send.ndjson", ndjson.send,
     "the customize form line by line: the order first, then a row on each line"),
    ("POST", "/api/bulk/upload", uploads.take, "bring a file of recipients, to submit it later"),
    ("GET", "/api/bulk/upload/{upload_id}", uploads.read, "what is in it"),
    ("DELETE", "/api/bulk/upload/{upload_id}", uploads.delete, "forget it"),
    ("GET", "/api/bulk/upload/{upload_id}/rejected.csv", uploads.rejected,
     "the rows of it that cannot be sent to, and why"),
    ("GET", "/api/bulk/jobs", jobs.newest, "your jobs, newest first"),
    ("GET", "/api/bulk/jobs/{job_id}", jobs.read, "one job with its loops and its errors"),
    ("GET", "/api/bulk/job/{job_id}", jobs.read, "the same, under its old name"),
    ("PATCH", "/api/bulk/job/{job_id}", replan.limit, "change the rate of a job, also on its way"),
    ("PUT", "/api/bulk/job/{job_id}/schedule", replan.schedule, "when a job is to start"),
    ("DELETE", "/api/bulk/job/{job_id}/schedule", replan.withdraw, "hold it, until you resume it"),
    ("PATCH", "/api/bulk/jobs/{job_id}", replan.limit, "the same three, by the other name"),
    ("PUT", "/api/bulk/jobs/{job_id}/schedule", replan.schedule, "the same"),
    ("DELETE", "/api/bulk/jobs/{job_id}/schedule", replan.withdraw, "the same"),
    ("POST", "/api/bulk/job/{job_id}/pause", control.pause, "hold a job before its next message"),
    ("POST", "/api/bulk/job/{job_id}/resume", control.resume, "have a paused job go on"),
    ("POST", "/api/bulk/job/{job_id}/cancel", control.cancel, "send no more of a job, ever"),
    ("GET", "/api/bulk/job/{job_id}/audit", control.audit, "who wanted what of a job, and when"),
    ("POST", "/api/bulk/jobs/{job_id}/pause", control.pause, "the same four, by the other name"),
    ("POST", "/api/bulk/jobs/{job_id}/resume", control.resume, "the same"),
    ("POST", "/api/bulk/jobs/{job_id}/cancel", control.cancel, "the same"),
    ("GET", "/api/bulk/jobs/{job_id}/audit", control.audit, "the same"),
    *(
        (method, f"/api/bulk/{name}/{{job_id}}/{path}", handler, does)
        for name in ("job", "jobs")
        for method, path, handler, does in OF_A_JOB
    ),
    ("GET", "/api/bulk/stats", stats.read, "totals and rates by day and number"),
    ("GET", "/api/recipients/{number}", messages.history, "one recipient's whole story"),
    ("GET", "/api/pause", brakes.read, "what stands still, and by whom"),
    ("POST", "/api/pause", brakes.pull, "the red button: nothing leaves any more"),
    ("POST", "/api/resume", brakes.release, "release it"),
    ("POST", "/api/numbers/{phone_number_id}/pause", brakes.pull, "the same for one number"),
    ("POST", "/api/numbers/{phone_number_id}/resume", brakes.release, "release that"),
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
    app.on_response_prepare.append(trace.show)
    for method, path, handler, _ in ROUTES:
        app.router.add_route(method, path, handler, expect_handler=_expect)
        if method == "GET" and handler is not realtime.watch:  # uptime monitors ask with HEAD
            app.router.add_route("HEAD", path, handler)
    paths = dict.fromkeys(path for _, path, _, _ in ROUTES)
    figures.show(parts, paths, most_streams=realtime.MOST_STREAMS)
    return app


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
