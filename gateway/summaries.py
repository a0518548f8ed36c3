"""A job's summary: as JSON, and as one page that can be printed."""

from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from gateway import jobs, report, tallies
from gateway.answers import answer, refused
from gateway.days import zone_of
from gateway.errors import Refusal
from gateway.parts import PARTS
from schemas import truth_api as api

# Nothing is fetched, run or framed; the one style sheet is known by its digest.
HEADERS: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src '{report.STYLE_DIGEST}'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


async def read(request: web.Request) -> web.Response:
    """`GET /api/bulk/job/{jobId}/summary`: the job, its rates and its trail."""
    summary = await _summary(request)
    return refused(summary) if isinstance(summary, Refusal) else answer(summary)


async def page(request: web.Request) -> web.Response:
    """`GET /api/bulk/job/{jobId}/summary.html?zone`: the same for people, times in that zone."""
    zone = zone_of(request.query)
    if isinstance(zone, Refusal):
        return refused(zone)
    summary = await _summary(request)
    if isinstance(summary, Refusal):
        return refused(summary)
    html = report.page(summary, zone)
    return web.Response(text=html, content_type="text/html", charset="utf-8", headers=HEADERS)


async def _summary(request: web.Request) -> api.Summary | Refusal:
    detail, parts = await jobs.find(request), request.app[PARTS]
    if isinstance(detail, Refusal):
        return detail
    job, now = detail.job, datetime.now(UTC)
    return api.Summary(
        as_of=now,
        job=jobs.view(detail, parts.settings, now),
        duration_seconds=jobs.seconds_between(job.started_at, job.finished_at or now),
        rates=tallies.rates(
            sent=job.sent, delivered=job.delivered, read=job.read, failed=job.failed
        ),
        audit=await parts.control.audit(job.id),
    )
