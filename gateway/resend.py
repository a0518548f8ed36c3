"""A part of a job sent again: a child of it, in which nobody is who has got the message."""

import time
from typing import Final
from uuid import uuid4

import msgspec
from aiohttp import web

from gateway import control, errors, jobs, outbox, quota, selection, submit
from gateway.answers import answer, refused
from gateway.auth import owner_of
from gateway.bodies import Body
from gateway.errors import Refusal
from gateway.malformed import malformed
from gateway.orders import LONGEST_NAME
from gateway.parts import PARTS, Parts
from gateway.resend_store import KeyTaken, NewChild, NothingLeft
from gateway.selection import Part
from gateway.store import JobRow, Submitted
from gateway.submitted import said_of
from gateway.trace import trace_of
from plumbing.failpoints import reach
from schemas import truth_api as api
from schemas.failpoints import FailPoint
from schemas.metrics import ACCEPTED

BODY_LIMIT_BYTES: Final = 64 * 2**10
BODY_SECONDS: Final = 10.0
ADVICE: Final = "a part is a few states and codes"


async def post(request: web.Request) -> web.Response:
    """`POST /api/bulk/job/{jobId}/resend`: what is in these states, or has these codes."""
    admission = request.app[PARTS].admission
    if admission.is_full:
        return refused(errors.too_many_submissions())
    with admission:
        job, key = await jobs.find_row(request), submit.key_of(request)
        if isinstance(job, Refusal):
            return refused(job)
        if isinstance(key, Refusal):
            return refused(key)
        body = await Body(
            request, limit_bytes=BODY_LIMIT_BYTES, seconds=BODY_SECONDS, advice=ADVICE
        ).whole()
        if isinstance(body, Refusal):
            return refused(body)
        async with admission.at_work:
            return await _resend(request, job, key, body)


async def _resend(request: web.Request, job: JobRow, key: str | None, body: bytes) -> web.Response:
    parts, started = request.app[PARTS], time.monotonic()
    digest = await submit.digest_of(request.path, body) if key else None
    if key and (first := await parts.store.submission(owner_of(request), key)):
        return submit.answer_again(parts, first, digest)
    part = await quota.exceeded(request) or _part(body)
    if isinstance(part, Refusal):
        return refused(part)
    if not jobs.is_finished(job):
        return refused(errors.not_over(job.state))
    child = _child(job, part, key, digest, trace_of(request))
    match await parts.resends.add(child, owner_of(request)):
        case KeyTaken():
            return await submit.lost_race(parts, job.owner, key, digest)
        case NothingLeft(left_out=left_out):
            return refused(errors.nothing_to_resend(left_out))
        case Submitted() as made:
            await _told(parts, job, made, child.trace, time.monotonic() - started)
            return answer(said_of(made), 201)


def _part(body: bytes) -> Part | Refusal:
    try:
        asked = msgspec.json.decode(body, type=api.Resend)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return malformed(error, body)
    return selection.part_of(asked, LONGEST_NAME)


def _child(job: JobRow, part: Part, key: str | None, digest: bytes | None, trace: str) -> NewChild:
    return NewChild(
        id=uuid4(),
        parent=job,
        part=part,
        is_marketing=(job.category or submit.MARKETING) == submit.MARKETING,
        idempotency_key=key,
        request_hash=digest,
        trace=trace,
    )


async def _told(parts: Parts, parent: JobRow, made: Submitted, trace: str, seconds: float) -> None:
    """It is in PostgreSQL: the lane is woken, and it is counted as any submission."""
    reach(FailPoint.JOB_COMMITTED)
    order = msgspec.structs.replace(
        control.order_of(parent), job_id=made.id, total=made.total, trace=trace
    )
    await outbox.wake(parts.broker, order, parts.log)
    parts.meters[ACCEPTED].inc(made.total)
    parts.log.info(
        "part of a job sent again", job_id=str(made.id), parent_id=str(parent.id),
        phone_number_id=parent.phone_number_id, owner=parent.owner,
        accepted=made.total, ms=round(seconds * 1000),
    )  # fmt: skip
