"""The three ways to submit a job: read, check, write down, wake the lane, answer."""

import asyncio
import hashlib
import time
import zlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

import aiohttp
import msgspec
from aiohttp import web

from gateway import dryrun, errors, outbox, quota, store, trial
from gateway.answers import answer, refused
from gateway.auth import owner_of
from gateway.errors import Refusal
from gateway.orders import Order, Posted, ignored_fields
from gateway.parts import PARTS, Parts
from gateway.reading import Reading, order_of, read, read_on
from gateway.recipients import Recipients
from gateway.submitted import said_of
from gateway.trace import trace_of
from plumbing.failpoints import reach
from schemas import api
from schemas.failpoints import FailPoint
from schemas.jobs import JobOrder
from schemas.metrics import ACCEPTED, JOBS_SUBMITTED, TURNED_AWAY

BODY_LIMIT_BYTES: Final = 16 * 2**20
BODY_SECONDS: Final = 60.0
MARKETING: Final = "MARKETING"  # and what nobody has looked up
REPLAYED: Final = {"Idempotency-Replayed": "true"}


async def quick_send(request: web.Request) -> web.Response:
    """`POST /api/whatsapp/bulk-quick-send`: the same values for everybody."""
    return await admitted(request, lambda body: _submit(request, Posted(body, api.QuickSend)))


async def customize_send(request: web.Request) -> web.Response:
    """`POST /api/whatsapp/bulk-customize-send`: a row for each recipient."""
    return await admitted(request, lambda body: _submit(request, Posted(body, api.CustomizeSend)))


async def direct_send(request: web.Request) -> web.Response:
    """`POST /api/bulk/send`: what Meta is to be sent, as it is; also free text."""
    return await admitted(request, lambda body: _submit(request, Posted(body, api.DirectSend)))


async def test_send(request: web.Request) -> web.Response:
    """`POST /api/whatsapp/test-send`: one message to one number, with a row of the list."""
    return await admitted(request, lambda body: _test(request, body))


async def admitted(
    request: web.Request, work: Callable[[bytes], Awaitable[web.Response]]
) -> web.Response:
    """Read the body, and do the work when there is room for it."""
    admission = request.app[PARTS].admission
    if admission.is_full:
        return refused(errors.too_many_submissions())
    with admission:
        body = await _body(request)
        if isinstance(body, Refusal):
            return refused(body)
        async with admission.at_work:
            return await work(body)


async def _body(request: web.Request) -> bytes | Refusal:
    if (request.content_length or 0) > BODY_LIMIT_BYTES:
        return errors.body_too_large(BODY_LIMIT_BYTES)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await request.read()
    except TimeoutError:
        return errors.body_too_slow(BODY_SECONDS)
    except (aiohttp.ClientPayloadError, web.RequestPayloadError, zlib.error):
        return errors.bad_request("The body cannot be unpacked: check its Content-Encoding.")
    except ConnectionError:  # the client is gone: nobody reads this
        return errors.bad_request("The body ended before it was whole.")
    if b"\\u0000" in body:
        return errors.bad_request("The body has a NUL character (\\u0000): remove it.")
    return body


async def _test(request: web.Request, body: bytes) -> web.Response:
    made = trial.form_of(body)
    if isinstance(made, Refusal):
        return refused(made)
    return await _submit(request, made)


async def _submit(request: web.Request, posted: Posted) -> web.Response:
    if isinstance(key := key_of(request), Refusal):
        return refused(key)
    match dryrun.is_wanted(request.query.get("dryRun")):
        case Refusal() as refusal:
            return refused(refusal)
        case True:
            return await _rehearse(posted, owner_of(request), request.app[PARTS])
        case False:
            return await _make(request, posted, key)


async def _make(request: web.Request, posted: Posted, key: str | None) -> web.Response:
    parts, started = request.app[PARTS], time.monotonic()
    digest = await digest_of(request.path, posted.body) if key else None
    if key and (first := await parts.store.submission(owner_of(request), key)):
        return answer_again(parts, first, digest)
    if refusal := await quota.exceeded(request):
        return refused(refusal)
    submitted = await read(posted, owner_of(request), parts)
    if isinstance(submitted, Refusal):
        return refused(submitted)
    return await make(request, submitted, key, digest, started, is_test=posted.is_test)


async def make(
    request: web.Request, submitted: Reading, key: str | None, digest: bytes | None,
    started: float, *, is_test: bool = False,
) -> web.Response:  # fmt: skip
    """Make the job of a submission that was read, and answer; `started` is of time.monotonic."""
    parts = request.app[PARTS]
    said = _submission_of(submitted, await suppressed_count(submitted, parts))
    job = _new_job(request, submitted, said, key, digest, is_test=is_test)
    made = await parts.store.add(job)
    if made is None:
        return await lost_race(parts, job.owner, key, digest)
    reach(FailPoint.JOB_COMMITTED)
    if job.scheduled_at is None and job.rests_until is None:  # else it is woken when it is due
        await outbox.wake(parts.broker, _job_order(submitted.order, made, job.trace), parts.log)
    _account(parts, job, submitted.recipients, time.monotonic() - started)
    return answer(said_of(made), 201)


async def _rehearse(posted: Posted, owner: str, parts: Parts) -> web.Response:
    """The plan alone: nothing is stored, nothing is sent."""
    now = datetime.now(UTC)
    order = order_of(posted, parts, now)
    if isinstance(order, Refusal):
        return refused(order)
    return await plan(
        await read_on(order, ignored_fields(posted.body, posted.kind), owner, parts, now), parts
    )


async def plan(submitted: Reading | Refusal, parts: Parts) -> web.Response:
    """The answer to a dry run of a submission that was read, or would be refused."""
    if isinstance(submitted, Refusal):
        return answer(dryrun.refusal(submitted))
    return answer(await dryrun.plan(submitted, await suppressed_count(submitted, parts), parts))


def key_of(request: web.Request) -> str | Refusal | None:
    """The key of a submission, if it has one."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not (1 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        return errors.bad_request("Idempotency-Key must be 1 to 255 printable ASCII characters.")
    return key


async def digest_of(path: str, body: bytes) -> bytes:
    """What tells one submission from another under the same key; in a thread, it frees the GIL."""
    return await asyncio.to_thread(lambda: hashlib.sha256(path.encode() + b"\n" + body).digest())


async def suppressed_count(submitted: Reading, parts: Parts) -> int:
    """How many opted out already: the daemon skips them, and whoever opts out until then."""
    numbers = [accepted.recipient for accepted in submitted.recipients.accepted]
    is_marketing = (submitted.passed.category or MARKETING) == MARKETING
    return await parts.suppressions.suppressed_count(numbers, is_marketing=is_marketing)


def _submission_of(submitted: Reading, suppressed: int) -> api.Submission:
    """What the answer says of the list, each time it is asked for."""
    recipients = submitted.recipients
    return api.Submission(
        accepted=len(recipients.accepted),
        duplicates=recipients.duplicates,
        rejected=recipients.rejected,
        rejected_total=recipients.rejected_total,
        ignored_fields=submitted.ignored,
        preflight=submitted.passed.said,
        suppressed=suppressed,
        scheduled_at=submitted.order.plan.scheduled_at,
    )


def _new_job(
    request: web.Request, submitted: Reading, said: api.Submission, key: str | None,
    digest: bytes | None, *, is_test: bool,
) -> store.NewJob:  # fmt: skip
    order, passed, recipients = submitted.order, submitted.passed, submitted.recipients
    plan = order.plan
    return store.NewJob(
        id=uuid4(),
        owner=owner_of(request),
        phone_number_id=order.phone_number_id,
        campaign_name=order.campaign_name,
        campaign_id=order.campaign_id,
        content=msgspec.json.encode(order.content),
        category=passed.category,
        is_checked=passed.is_checked,
        submission=msgspec.json.encode(said),
        idempotency_key=key,
        request_hash=digest,
        trace=trace_of(request),
        loop_size=plan.loop_size,
        recipients=recipients.accepted,
        scheduled_at=plan.scheduled_at,
        send_window=msgspec.json.encode(plan.window) if plan.window else None,
        rests_until=plan.rests_until(submitted.now),
        messages_per_second=plan.messages_per_second,
        loop_pause_ms=plan.loop_pause_ms,
        is_test=is_test,
        zones=recipients.zones,
    )


def _job_order(order: Order, made: store.Submitted, trace: str) -> JobOrder:
    return JobOrder(made.id, order.phone_number_id, order.label, made.total, trace=trace)


async def lost_race(
    parts: Parts, owner: str, key: str | None, digest: bytes | None
) -> web.Response:
    """Another submission with the same key came first while this one was read."""
    assert key is not None
    winner = await parts.store.submission(owner, key)
    assert winner is not None
    return answer_again(parts, winner, digest)


def answer_again(parts: Parts, first: store.Submitted, digest: bytes | None) -> web.Response:
    """What the first submission with a key was told; a no to one that is another."""
    if first.request_hash != digest:
        return refused(errors.key_reused())
    parts.log.info("a submission came again; its job is told", job_id=str(first.id))
    return answer(said_of(first), 201, REPLAYED)


def _account(parts: Parts, job: store.NewJob, recipients: Recipients, seconds: float) -> None:
    parts.meters[JOBS_SUBMITTED].inc()
    parts.meters[ACCEPTED].inc(len(recipients.accepted))
    parts.meters[TURNED_AWAY].labels("duplicate").inc(recipients.duplicates)
    parts.meters[TURNED_AWAY].labels("rejected").inc(recipients.rejected_total)
    parts.log.info(
        "job submitted",
        job_id=str(job.id),
        phone_number_id=job.phone_number_id,
        owner=job.owner,
        accepted=len(recipients.accepted),
        duplicates=recipients.duplicates,
        rejected=recipients.rejected_total,
        ms=round(seconds * 1000),
    )
