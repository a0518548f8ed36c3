"""The routes, in one table: what each answers, and what a key has to have for it."""

from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from aiohttp import web

from gateway import (
    brakes,
    control,
    docs,
    downloads,
    exports,
    front,
    health,
    imports,
    jobs,
    keys,
    messages,
    ndjson,
    realtime,
    replan,
    resend,
    sending_numbers,
    service,
    sessions,
    stats,
    submit,
    summaries,
    suppressions,
    template_lists,
    uploads,
    webhooks,
)
from schemas.scopes import Scope

READ, SEND, CONTROL, ADMIN = Scope
OPEN: Final = None  # no key is asked for: public, signed by Meta, or it asks for the key itself
ANY: Final = None  # every key will do, whatever its scopes


class Route(NamedTuple):
    """One line of the table."""

    method: str
    path: str
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    scope: Scope | None
    does: str


# Each under two names: /api/bulk/job/{job_id}… and /api/bulk/jobs/{job_id}….
_OF_A_JOB: Final = (
    Route("GET", "", jobs.read, READ, "one job with its loops and its errors"),
    Route("PATCH", "", replan.limit, CONTROL, "change the rate of a job, also on its way"),
    Route("PUT", "/schedule", replan.schedule, CONTROL, "when a job is to start"),
    Route("DELETE", "/schedule", replan.withdraw, CONTROL, "hold it, until you resume it"),
    Route("POST", "/pause", control.pause, CONTROL, "hold a job before its next message"),
    Route("POST", "/resume", control.resume, CONTROL, "have a paused job go on"),
    Route("POST", "/cancel", control.cancel, CONTROL, "send no more of a job, ever"),
    Route("GET", "/audit", control.audit, READ, "who wanted what of a job, and when"),
    Route("GET", "/messages", messages.listed, READ, "its recipients, and what became of each"),
    Route("GET", "/messages.csv", downloads.csv, READ, "all of them, for spreadsheets"),
    Route("GET", "/messages.ndjson", downloads.ndjson, READ, "all of them, for programs"),
    Route("GET", "/messages.xlsx", downloads.xlsx, READ, "all of them, as a workbook"),
    Route("GET", "/summary", summaries.read, READ, "all that is to be said of it"),
    Route("GET", "/summary.html", summaries.page, READ, "the same as one page, to be printed"),
    Route("POST", "/resend", resend.post, SEND, "send a part of it again, as a child of it"),
)

ROUTES: Final = (
    Route("GET", "/", front.first, OPEN, "the page, for browsers; this list, for programs"),
    Route("GET", front.PAGE_PATH, front.file, OPEN, "the page's files"),
    Route("GET", "/api/docs", docs.page, OPEN, "the description of all this, for people"),
    Route("GET", "/api/openapi.json", docs.description, OPEN,
          "the same for programs: OpenAPI 3.1"),
    # Submissions
    Route("POST", "/api/whatsapp/bulk-quick-send", submit.quick_send, SEND,
          "send a template with the same values to everybody"),
    Route("POST", "/api/whatsapp/bulk-customize-send", submit.customize_send, SEND,
          "send a template with a row of values for each recipient"),
    Route("POST", "/api/bulk/send", submit.direct_send, SEND,
          "send a template as it is, or free text"),
    Route("POST", "/api/whatsapp/test-send", submit.test_send, SEND,
          "one message to a number of yours, with a row of the list"),
    Route("POST", "/api/bulk/send.ndjson", ndjson.send, SEND,
          "the customize form line by line: the order first, then a row on each line"),
    Route("POST", "/api/bulk/upload", uploads.take, SEND,
          "bring a file of recipients, to submit it later"),
    Route("GET", "/api/bulk/upload/{upload_id}", uploads.read, SEND, "what is in it"),
    Route("DELETE", "/api/bulk/upload/{upload_id}", uploads.delete, SEND, "forget it"),
    Route("GET", "/api/bulk/upload/{upload_id}/rejected.csv", uploads.rejected, SEND,
          "the rows of it that cannot be sent to, and why"),
    Route("GET", "/api/templates", template_lists.listed, SEND,
          "the templates of a number, and what fills each"),
    # Jobs
    Route("GET", "/api/bulk/jobs", jobs.newest, READ, "your jobs, newest first"),
    *(
        route._replace(path=f"/api/bulk/{name}/{{job_id}}{route.path}")
        for name in ("jobs", "job")
        for route in _OF_A_JOB
    ),
    Route("GET", "/api/bulk/realtime/{job_id}", realtime.watch, READ,
          "watch a job: server-sent events"),
    Route("GET", "/realtime/bulk/{job_id}", realtime.watch, READ, "the same, under its old name"),
    Route("GET", "/api/bulk/stats", stats.read, READ, "totals and rates by day and number"),
    Route("GET", "/api/recipients/{number}", messages.history, READ,
          "one recipient's whole story"),
    # The red button
    Route("GET", "/api/pause", brakes.read, READ, "what stands still, and by whom"),
    Route("POST", "/api/pause", brakes.pull, CONTROL, "nothing leaves any more"),
    Route("POST", "/api/resume", brakes.release, CONTROL, "release it"),
    Route("POST", "/api/numbers/{phone_number_id}/pause", brakes.pull, CONTROL,
          "the same for one number"),
    Route("POST", "/api/numbers/{phone_number_id}/resume", brakes.release, CONTROL,
          "release that"),
    # Opt-outs
    Route("GET", "/api/suppressions", suppressions.newest, READ,
          "who wants no messages, newest first"),
    Route("POST", "/api/suppressions", suppressions.add, CONTROL,
          "numbers that are to get nothing more"),
    Route("POST", "/api/suppressions/import", imports.take, CONTROL,
          "a whole list of them, as CSV or lines"),
    Route("GET", "/api/suppressions/export", exports.give, READ,
          "the whole list, as CSV or NDJSON"),
    Route("GET", "/api/suppressions/{number}", suppressions.read, READ,
          "all that is known of one number"),
    Route("DELETE", "/api/suppressions/{number}", suppressions.lift, CONTROL,
          "lift what stops it"),
    # Sending numbers
    Route("GET", "/api/numbers", sending_numbers.listed, READ, "from which numbers is sent"),
    Route("GET", "/api/numbers/{phone_number_id}", sending_numbers.read, READ, "one of them"),
    Route("PUT", "/api/numbers/{phone_number_id}", sending_numbers.keep, ADMIN,
          "add a number with its token, or change it"),
    Route("DELETE", "/api/numbers/{phone_number_id}", sending_numbers.drop, ADMIN, "drop it"),
    Route("PUT", "/api/numbers/{phone_number_id}/token", sending_numbers.set_token, ADMIN,
          "give it another token, also while its jobs run"),
    # Who may
    Route("GET", "/api/service", service.read, ANY,
          "whose key this is, and how the service is set"),
    Route("GET", "/api/keys", keys.listed, ADMIN, "who may: keys, without the keys"),
    Route("POST", "/api/keys", keys.make, ADMIN, "make a key, with what it may"),
    Route("DELETE", "/api/keys/{key_id}", keys.revoke, ADMIN,
          "have a key open nothing any more"),
    Route("POST", "/api/session", sessions.begin, OPEN, "exchange a key for a browser's cookie"),
    Route("DELETE", "/api/session", sessions.end, OPEN, "forget the cookie"),
    # Meta, and those who watch
    Route("GET", "/webhooks/whatsapp", webhooks.handshake, OPEN, "Meta's handshake"),
    Route("POST", "/webhooks/whatsapp", webhooks.receive, OPEN,
          "what Meta says later: receipts and more"),
    Route("GET", "/webhooks/meta", webhooks.handshake, OPEN, "the same, under another name"),
    Route("POST", "/webhooks/meta", webhooks.receive, OPEN, "the same, under another name"),
    Route("GET", "/healthz", health.healthz, OPEN,
          "whether the process lives, and no part of it hangs"),
    Route("GET", "/readyz", health.readyz, OPEN, "whether PostgreSQL and JetStream answer"),
    Route("GET", "/metrics", health.metrics, READ, "figures for Prometheus"),
)  # fmt: skip
