"""Reading jobs: one with its loops and errors, or a page of them."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from aiohttp import web

from gateway import errors
from gateway.answers import answer, answer_if_new, refused
from gateway.auth import owner_of
from gateway.errors import Refusal
from gateway.explained import explained
from gateway.job_filter import page_of
from gateway.parts import PARTS
from gateway.store import JobDetail, JobRow, LoopRow
from gateway.waits import limit_of
from schemas import api
from schemas.jobs import Content, Template, total_loops
from schemas.settings import Gateway
from schemas.states import FINISHED_JOB_STATES, JobState, Wanted

# Fields of the answer that are columns of the job.
_AS_THEY_ARE: Final = (
    "state", "reason", "campaign_name", "campaign_id", "phone_number_id", "sent", "failed",
    "queued", "sending", "delivered", "read", "unknown", "skipped", "deferred", "canceled",
    "loop_size", "current_loop", "created_at", "started_at", "finished_at", "parent_id",
)  # fmt: skip

_content = msgspec.json.Decoder(Content)


async def read(request: web.Request) -> web.Response:
    """`GET /api/bulk/job/{jobId}`."""
    detail = await find(request)
    if isinstance(detail, Refusal):
        return refused(detail)
    return answer(view(detail, request.app[PARTS].settings, datetime.now(UTC)))


async def newest(request: web.Request) -> web.Response:
    """`GET /api/bulk/jobs?state&q&phoneNumberId&tests&limit&offset`: the asker's, newest first."""
    page = page_of(request.query)
    if isinstance(page, Refusal):
        return refused(page)
    parts = request.app[PARTS]
    rows, total = await parts.store.newest(owner_of(request), page)
    now = datetime.now(UTC)
    listed = [summary(row, parts.settings, now) for row in rows]
    more = page.offset + len(rows) < total
    pagination = api.Pagination(limit=page.limit, offset=page.offset, total=total, has_more=more)
    return answer_if_new(request, api.JobList(listed, pagination))


def id_of(request: web.Request) -> UUID | Refusal:
    """The job id in the path."""
    text = request.match_info["job_id"]
    try:
        return UUID(text)
    except ValueError:
        return errors.job_not_found(text)


async def find(request: web.Request) -> JobDetail | Refusal:
    """The job that the path names with all that is told of it, if it is the asker's."""
    job_id = id_of(request)
    if isinstance(job_id, Refusal):
        return job_id
    detail = await request.app[PARTS].store.detail(job_id)
    if detail is None:
        return errors.job_not_found(str(job_id))
    return _refusal(request, detail.job) or detail


async def find_row(request: web.Request) -> JobRow | Refusal:
    """The job alone: it costs the same, however long it is."""
    job_id = id_of(request)
    if isinstance(job_id, Refusal):
        return job_id
    job = await request.app[PARTS].store.job(job_id)
    if job is None:
        return errors.job_not_found(str(job_id))
    return _refusal(request, job) or job


def _refusal(request: web.Request, job: JobRow) -> Refusal | None:
    if job.owner != owner_of(request):
        return errors.access_denied("This job belongs to the holder of another key.")
    return None


def view(detail: JobDetail, settings: Gateway, now: datetime) -> api.JobView:
    """The job as the contract has it."""
    short = msgspec.structs.asdict(summary(detail.job, settings, now))
    return api.JobView(
        **short,
        errors=[explained(error) for error in detail.errors],
        children=detail.children,
        in_doubt=detail.in_doubt,
        loops=[_loop(row, now) for row in detail.loops],
    )


def summary(row: JobRow, settings: Gateway, now: datetime) -> api.JobSummary:
    """The job in short: without its loops, its errors and what is in doubt."""
    content: Content = _content.decode(row.content)
    rate = _rate(row.sent + row.failed + row.unknown, row.started_at, row.finished_at or now)
    limited_by, limited_until = limit_of(row, now)
    loops = total_loops(row.total, row.loop_size)
    return api.JobSummary(
        **{name: getattr(row, name) for name in _AS_THEY_ARE},
        job_id=row.id,
        request_id=row.trace,
        template=content.name if isinstance(content, Template) else None,
        total_recipients=row.total,
        progress=_progress(row),
        batch_size=row.loop_size,
        total_batches=loops,
        total_loops=loops,
        rate_per_second=rate,
        eta_seconds=eta_seconds(row, settings, rate, now),
        limited_by=limited_by,
        limited_until=limited_until,
        stopped_by=row.stopped_by if row.state == JobState.PAUSED else None,
        wanted=row.wanted,
        resuming=is_resuming(row),
        doubt_until=row.doubt_until if row.state == JobState.SETTLING else None,
        **_plan(row),
    )


def is_finished(row: JobRow) -> bool:
    return row.state in FINISHED_JOB_STATES


def is_resuming(row: JobRow) -> bool:
    """Paused, and its next turn sets it going: a person wants that, or its brake was released."""
    is_wanted = row.wanted == Wanted.RUN and not row.is_braked
    is_new = row.wanted_no > row.followed_no or row.stopped_by == "brake"
    return row.state == JobState.PAUSED and is_wanted and is_new


def eta_seconds(row: JobRow, settings: Gateway, rate: float | None, now: datetime) -> float | None:
    """What is left at the pace, and the pauses in between; None: it is over, or not going.

    Without a limit, or when something holds the rate back, the rate so far has to tell; what a job
    waits for by its plan comes before. That its window may close again is not in it.
    """
    left = row.queued + row.sending
    limits = [limit for limit in (settings.messages_per_second, row.messages_per_second) if limit]
    pace = float(min(limits, default=0))
    if row.state not in (JobState.QUEUED, JobState.RUNNING):
        return None
    until = max((at for at in (row.scheduled_at, row.rests_until) if at), default=now)
    if rate and (not pace or row.limited_by) and until <= now:
        pace = rate
    if not pace:
        return None
    pauses = max(0, total_loops(row.total, row.loop_size) - max(1, row.current_loop))
    pause_seconds = max(settings.pause_ms, row.loop_pause_ms or 0) / 1000
    wait_seconds = max(0.0, (until - now).total_seconds())
    return round(wait_seconds + left / pace + pauses * pause_seconds, 1)


def _plan(row: JobRow) -> dict[str, Any]:
    """What is said of the plan; what is not there is left out."""
    window = msgspec.Raw(row.send_window) if row.send_window else None
    told = {
        "scheduled_at": row.scheduled_at, "window": window, "loop_pause_ms": row.loop_pause_ms,
        "messages_per_second": row.messages_per_second, "is_test": row.is_test or None,
    }  # fmt: skip
    return {name: value for name, value in told.items() if value is not None}


def _progress(row: JobRow) -> api.JobProgress:
    completed = row.sent + row.failed + row.unknown + row.skipped + row.canceled
    percentage = 1000 * completed // row.total / 10
    if not is_finished(row):
        percentage = min(99.9, percentage)  # 100 only when all is done, and no doubt awaited
    return api.JobProgress(percentage, completed, row.total - completed)


def _loop(row: LoopRow, now: datetime) -> api.LoopView:
    done, until = row.sent + row.failed + row.unknown, row.finished_at or now
    return api.LoopView(
        **msgspec.structs.asdict(row),
        duration_seconds=seconds_between(row.started_at, until),
        rate_per_second=_rate(done, row.started_at, until),
    )


def seconds_between(since: datetime | None, until: datetime) -> float | None:
    """None: it has not begun."""
    return None if since is None else round(max(0.0, (until - since).total_seconds()), 1)


def _rate(done: int, since: datetime | None, until: datetime) -> float | None:
    """Messages a second, or None before anything has happened."""
    if since is None or not done:
        return None
    return round(done / max(0.001, (until - since).total_seconds()), 2)
