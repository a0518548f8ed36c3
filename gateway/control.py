"""What people want of a job: written down here, followed by a daemon, answered with the job."""

import asyncio
from datetime import UTC, datetime
from typing import Final

import msgspec
from aiohttp import web

from gateway import errors, jobs, outbox
from gateway.answers import answer, refused
from gateway.auth import owner_of
from gateway.bodies import Body
from gateway.errors import Refusal
from gateway.malformed import malformed
from gateway.parts import PARTS, Parts
from gateway.store import JobDetail, JobRow
from schemas import api
from schemas.jobs import Content, JobOrder, Template
from schemas.states import JobState, Wanted

LONGEST_REASON: Final = 300
BODY_LIMIT_BYTES: Final = 4096
BODY_SECONDS: Final = 10.0
FOLLOWED_SECONDS: Final = 2.0  # a daemon that lives follows within milliseconds
LOOK_SECONDS: Final = 0.05
ADVICE: Final = 'send {"reason": "…"}, or no body'
_WANTED_STATES: Final = {
    Wanted.RUN: (JobState.QUEUED, JobState.RUNNING),
    Wanted.PAUSE: (JobState.PAUSED,),
    Wanted.CANCEL: (JobState.CANCELED,),
}
_content: msgspec.json.Decoder[Content] = msgspec.json.Decoder(Content)


async def pause(request: web.Request) -> web.Response:
    """`POST /api/bulk/job/{jobId}/pause`: nothing more of it leaves, but what is on its way.

    As the other two: pressed again it changes nothing, and answers with the job.
    """
    return await _change(request, Wanted.PAUSE)


async def resume(request: web.Request) -> web.Response:
    """`POST /api/bulk/job/{jobId}/resume`: a paused job goes on with its next message."""
    return await _change(request, Wanted.RUN)


async def cancel(request: web.Request) -> web.Response:
    """`POST /api/bulk/job/{jobId}/cancel`: what is queued is not sent any more, ever."""
    return await _change(request, Wanted.CANCEL)


async def audit(request: web.Request) -> web.Response:
    """`GET /api/bulk/job/{jobId}/audit`: who wanted what and when, and every move of the job."""
    detail = await jobs.find(request)
    if isinstance(detail, Refusal):
        return refused(detail)
    entries = await request.app[PARTS].control.audit(detail.job.id)
    return answer(api.Audit(detail.job.id, entries))


async def reason_of(request: web.Request) -> str | Refusal | None:
    """What the body says of why; there need be none."""
    body = await Body(
        request, limit_bytes=BODY_LIMIT_BYTES, seconds=BODY_SECONDS, advice=ADVICE
    ).whole()
    if isinstance(body, Refusal) or not body.strip():
        return body if isinstance(body, Refusal) else None
    try:
        given = msgspec.json.decode(body, type=api.Change)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return malformed(error, body)
    return fit(given.reason)


def fit(reason: str | None) -> str | Refusal | None:
    reason = (reason or "").strip()
    if len(reason) > LONGEST_REASON or not reason.isprintable():
        return errors.bad_request(
            f"reason must be one line of {LONGEST_REASON} characters at most."
        )
    return reason or None


async def _change(request: web.Request, wanted: Wanted) -> web.Response:
    detail, parts = await jobs.find(request), request.app[PARTS]
    if isinstance(detail, Refusal):
        return refused(detail)
    why = await reason_of(request)
    if isinstance(why, Refusal):
        return refused(why)
    if refusal := _illegal(detail.job, wanted):
        return refused(refusal)
    who = owner_of(request)
    if await parts.control.want(wanted, detail.job.id, who, why):
        parts.log.info(
            "wanted", job_id=str(detail.job.id), phone_number_id=detail.job.phone_number_id,
            job_trace=detail.job.trace, wanted=wanted, owner=who,
        )  # fmt: skip
        await _say(parts, detail.job, wanted)
    now = await followed(parts, detail, wanted)
    return answer(jobs.view(now, parts.settings, datetime.now(UTC)))


def _illegal(job: JobRow, wanted: Wanted) -> Refusal | None:
    """Why this cannot be wanted of a job as it is, if so. What is so already may be."""
    is_so = wanted is Wanted.CANCEL and job.state == JobState.CANCELED
    is_sent = job.state == JobState.SETTLING and wanted is not Wanted.RUN
    if not is_so and (jobs.is_finished(job) or is_sent):
        return errors.illegal_change(job.state, wanted)
    if job.wanted == Wanted.CANCEL and wanted is not Wanted.CANCEL:
        return errors.illegal_change("about to be canceled", wanted)
    if wanted is Wanted.RUN and job.state == JobState.PAUSED and job.is_braked:
        return errors.brake_is_on(job.phone_number_id)
    return None


async def _say(parts: Parts, job: JobRow, wanted: Wanted) -> None:
    """Daemons look at once; where they do not hear it, they look within a second."""
    if wanted is Wanted.RUN:
        await outbox.wake(parts.broker, order_of(job), parts.log)
    else:
        await outbox.say(parts.broker, job.id)


async def followed(parts: Parts, before: JobDetail, wanted: Wanted) -> JobDetail:
    """The job once a daemon has followed the wish, or as it is after a while: none may live."""
    until = asyncio.get_running_loop().time() + FOLLOWED_SECONDS
    while True:
        now = await parts.store.detail(before.job.id)
        assert now is not None
        is_there = wanted is Wanted.RUN or now.job.state in _WANTED_STATES[wanted]
        if is_there or jobs.is_finished(now.job) or asyncio.get_running_loop().time() > until:
            return now
        await asyncio.sleep(LOOK_SECONDS)


def order_of(job: JobRow) -> JobOrder:
    """The job as its lane's turn names it."""
    content = _content.decode(job.content)
    name = content.name if isinstance(content, Template) else "text"
    return JobOrder(job.id, job.phone_number_id, name, job.total, trace=job.trace)
