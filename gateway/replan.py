"""A plan that is changed: the start of a job, and its rate, each answered with the job."""

from datetime import UTC, datetime
from typing import Final, TypeVar

import msgspec
from aiohttp import web

from gateway import control, errors, jobs, outbox
from gateway.answers import answer, refused
from gateway.auth import owner_of
from gateway.bodies import Body
from gateway.errors import Refusal
from gateway.malformed import malformed
from gateway.parts import PARTS, Parts
from gateway.plans import Wrong, rate_of, rests_until, start_of
from gateway.store import JobDetail, JobRow
from schemas.planning import NewRate, NewStart
from schemas.states import JobState, Wanted
from schemas.windows import Window

START_ADVICE: Final = 'send {"scheduledAt": "2026-11-27T09:00:00+01:00"}'
RATE_ADVICE: Final = 'send {"messagesPerSecond": 5}'
_SENT: Final = (JobState.SETTLING, JobState.COMPLETED, JobState.FAILED, JobState.CANCELED)
_window: Final = msgspec.json.Decoder(Window)

T = TypeVar("T", NewStart, NewRate)


async def schedule(request: web.Request) -> web.Response:
    """`PUT /api/bulk/job/{jobId}/schedule`: when it is to start, while nothing of it has begun.

    Null withdraws the start: by mistake nothing is ever sent at once.
    """
    detail, given = await _asked(request, NewStart, START_ADVICE)
    if isinstance(detail, Refusal):
        return refused(detail)
    why = control.fit(given.reason)
    if isinstance(why, Refusal):
        return refused(why)
    if given.scheduled_at is None:
        return await _withdraw(request, detail, why)
    now = datetime.now(UTC)
    try:
        at = start_of(given.scheduled_at or None, now)
    except Wrong as error:
        return refused(errors.bad_request(f"{error}."))
    if at is None:
        return refused(errors.missing_fields(["scheduledAt"]))
    return await _schedule(request, detail, at, why)


async def withdraw(request: web.Request) -> web.Response:
    """`DELETE /api/bulk/job/{jobId}/schedule`: the job is paused, and waits for a person."""
    detail = await jobs.find(request)
    if isinstance(detail, Refusal):
        return refused(detail)
    why = await control.reason_of(request)
    return refused(why) if isinstance(why, Refusal) else await _withdraw(request, detail, why)


async def limit(request: web.Request) -> web.Response:
    """`PATCH /api/bulk/job/{jobId}`: its rate, which a daemon keeps to from its next claim on."""
    detail, given = await _asked(request, NewRate, RATE_ADVICE)
    if isinstance(detail, Refusal):
        return refused(detail)
    parts, why, rate = request.app[PARTS], control.fit(given.reason), given.messages_per_second
    if isinstance(why, Refusal):
        return refused(why)
    if isinstance(rate, msgspec.UnsetType):
        return refused(errors.missing_fields(["messagesPerSecond"]))
    try:
        wanted = rate_of(rate, parts.settings)
    except Wrong as error:
        return refused(errors.bad_request(f"{error}."))
    if detail.job.state in _SENT:
        return refused(_nothing_left(detail.job))
    if await parts.control.limit_rate(detail.job.id, wanted, owner_of(request), why):
        parts.log.info("rate changed", job_id=str(detail.job.id), messages_per_second=wanted)
    return await _job(parts, detail)


async def _asked(
    request: web.Request, kind: type[T], advice: str
) -> tuple[JobDetail, T] | tuple[Refusal, T]:
    """The job that is meant, and what is wanted of it."""
    detail = await jobs.find(request)
    if isinstance(detail, Refusal):
        return detail, kind()
    body = await Body(
        request, limit_bytes=control.BODY_LIMIT_BYTES, seconds=control.BODY_SECONDS, advice=advice
    ).whole()
    if isinstance(body, Refusal):
        return body, kind()
    try:
        return detail, msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return malformed(error, body), kind()


async def _schedule(
    request: web.Request, detail: JobDetail, at: datetime, why: str | None
) -> web.Response:
    parts, job, now = request.app[PARTS], detail.job, datetime.now(UTC)
    window = _window.decode(job.send_window) if job.send_window else None
    opens = rests_until(window, at, now)
    if not await parts.control.schedule(job.id, at, opens, owner_of(request), why):
        return refused(await _begun(parts, detail))
    parts.log.info("start planned", job_id=str(job.id), at=at.isoformat())
    if at <= now and opens is None:
        await outbox.wake(parts.broker, control.order_of(job), parts.log)
    return await _job(parts, detail)


async def _withdraw(request: web.Request, detail: JobDetail, why: str | None) -> web.Response:
    parts, job = request.app[PARTS], detail.job
    is_held = job.scheduled_at is None and job.state == JobState.PAUSED and job.started_at is None
    if is_held:
        return await _job(parts, detail)
    if not await parts.control.withdraw(job.id, owner_of(request), why):
        return refused(await _begun(parts, detail))
    parts.log.info("start withdrawn", job_id=str(job.id))
    await outbox.say(parts.broker, job.id)
    held = await control.followed(parts, detail, Wanted.PAUSE)
    return answer(jobs.view(held, parts.settings, datetime.now(UTC)))


async def _job(parts: Parts, before: JobDetail) -> web.Response:
    now = await parts.store.detail(before.job.id)
    assert now is not None
    return answer(jobs.view(now, parts.settings, datetime.now(UTC)))


async def _begun(parts: Parts, before: JobDetail) -> Refusal:
    """Why its start can be moved no more, as it is by now."""
    detail = await parts.store.detail(before.job.id)
    assert detail is not None
    job = detail.job
    if job.wanted == Wanted.CANCEL and job.state not in _SENT:
        return errors.cannot_be_planned(job.state, "This job is about to be canceled.")
    if job.state in (JobState.QUEUED, JobState.PAUSED) and job.started_at is None:
        return errors.cannot_be_planned(job.state, "This job has no time to start at: pause it.")
    return errors.cannot_be_planned(
        job.state, f"This job has been begun and is {job.state}: pause it, or cancel it."
    )


def _nothing_left(job: JobRow) -> Refusal:
    return errors.cannot_be_planned(
        job.state, f"This job is {job.state}: nothing of it is left to be sent at another rate."
    )
