"""The three ways to submit a job: read, check, write down, wake the lane, answer."""

import asyncio
import hashlib
import time
import zlib
from typing import Final
from uuid import uuid4

import aiohttp
import msgspec
from aiohttp import web

from gateway import errors, orders, outbox, store
from gateway.answers import answer, refused
from gateway.auth import owner_of
from gateway.errors import Refusal
from gateway.orders import Order
from gateway.parts import PARTS, Parts
from gateway.reading import Reading, read
from gateway.recipients import Recipients
from plumbing.failpoints import reach
from schemas import api
from schemas.failpoints import FailPoint
from schemas.jobs import JobOrder, total_loops
from schemas.metrics import ACCEPTED
from schemas.states import JobState

BODY_LIMIT_BYTES: Final = 16 * 2**20
BODY_SECONDS: Final = 60.0
BULK_THRESHOLD: Final = 50  # front ends speak of a bulk send above it
MARKETING: Final = "MARKETING"  # and what nobody has looked up
REPLAYED: Final = {"Idempotency-Replayed": "true"}

_submission = msgspec.json.Decoder(api.Submission)


async def quick_send(request: web.Request) -> web.Response:
    """`POST /api/whatsapp/bulk-quick-send`: the same values for everybody."""
    return await _admitted(request, api.QuickSend)


async def customize_send(request: web.Request) -> web.Response:
    """`POST /api/whatsapp/bulk-customize-send`: a row for each recipient."""
    return await _admitted(request, api.CustomizeSend)


async def direct_send(request: web.Request) -> web.Response:
    """`POST /api/bulk/send`: what Meta is to be sent, as it is; also free text."""
    return await _admitted(request, api.DirectSend)


async def _admitted(request: web.Request, kind: type[orders.Request]) -> web.Response:
    admission = request.app[PARTS].admission
    if admission.is_full:
        return refused(errors.too_many_submissions())
    with admission:
        body = await _body(request)
        if isinstance(body, Refusal):
            return refused(body)
        async with admission.at_work:
            return await _submit(request, body, kind)


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


async def _submit(request: web.Request, body: bytes, kind: type[orders.Request]) -> web.Response:
    parts, started = request.app[PARTS], time.monotonic()
    key = idempotency_key(request)
    if isinstance(key, Refusal):
        return refused(key)
    digest = await _digest(request.path, body) if key else None
    if key and (first := await parts.store.submission(owner_of(request), key)):
        return answer_again(first, digest)
    submitted = await read(body, kind, owner_of(request), parts)
    if isinstance(submitted, Refusal):
        return refused(submitted)
    return await make(request, submitted, key, digest, started)


async def make(
    request: web.Request, submitted: Reading, key: str | None, digest: bytes | None, started: float
) -> web.Response:
    """Make the job of a submission that was read, and answer; `started` is of time.monotonic."""
    parts = request.app[PARTS]
    suppressed = await _suppressed(submitted, parts)
    job = _new_job(submitted, owner_of(request), key, digest, parts.settings.loop_size, suppressed)
    made = await parts.store.add(job)
    if made is None:
        return await _lost_race(parts, job)
    reach(FailPoint.JOB_COMMITTED)
    await outbox.wake(parts.broker, _job_order(submitted.order, made), parts.log)
    _account(parts, job, submitted.recipients, time.monotonic() - started)
    return answer(_said(made), 201)


def idempotency_key(request: web.Request) -> str | Refusal | None:
    """The key of a submission, if it has one."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not (1 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        return errors.bad_request("Idempotency-Key must be 1 to 255 printable ASCII characters.")
    return key


async def _digest(path: str, body: bytes) -> bytes:
    """What tells one submission from another under the same key; in a thread, it frees the GIL."""
    return await asyncio.to_thread(lambda: hashlib.sha256(path.encode() + b"\n" + body).digest())


async def _suppressed(submitted: Reading, parts: Parts) -> int:
    """How many opted out already: the daemon skips them, and whoever opts out until then."""
    numbers = [accepted.recipient for accepted in submitted.recipients.accepted]
    is_marketing = (submitted.passed.category or MARKETING) == MARKETING
    return await parts.suppressions.suppressed_count(numbers, is_marketing=is_marketing)


def _new_job(
    submitted: Reading, owner: str, key: str | None, digest: bytes | None, loop_size: int,
    suppressed: int,
) -> store.NewJob:  # fmt: skip
    order, passed, recipients = submitted.order, submitted.passed, submitted.recipients
    said = api.Submission(
        accepted=len(recipients.accepted),
        duplicates=recipients.duplicates,
        rejected=recipients.rejected,
        rejected_total=recipients.rejected_total,
        ignored_fields=submitted.ignored,
        preflight=passed.said,
        suppressed=suppressed,
    )
    return store.NewJob(
        id=uuid4(),
        owner=owner,
        phone_number_id=order.phone_number_id,
        campaign_name=order.campaign_name,
        campaign_id=order.campaign_id,
        content=msgspec.json.encode(order.content),
        category=passed.category,
        is_checked=passed.is_checked,
        submission=msgspec.json.encode(said),
        idempotency_key=key,
        request_hash=digest,
        loop_size=loop_size,
        recipients=recipients.accepted,
    )


def _job_order(order: Order, made: store.Submitted) -> JobOrder:
    return JobOrder(made.id, order.phone_number_id, order.label, made.total)


async def _lost_race(parts: Parts, job: store.NewJob) -> web.Response:
    """Another submission with the same key came first while this one was read."""
    assert job.idempotency_key is not None
    winner = await parts.store.submission(job.owner, job.idempotency_key)
    assert winner is not None
    return answer_again(winner, job.request_hash)


def answer_again(first: store.Submitted, digest: bytes | None) -> web.Response:
    """What the first submission with a key was told; a no to one that is another."""
    if first.request_hash != digest:
        return refused(errors.key_reused())
    return answer(_said(first), 201, REPLAYED)


def _said(made: store.Submitted) -> api.Submitted:
    """The answer to a submission: the same words each time it is asked for."""
    kept, loops = _submission.decode(made.submission), total_loops(made.total, made.loop_size)
    return api.Submitted(
        bulk=made.total > BULK_THRESHOLD,
        job_id=made.id,
        state=JobState.QUEUED,
        total_recipients=made.total,
        batch_size=made.loop_size,
        total_batches=loops,
        loop_size=made.loop_size,
        total_loops=loops,
        created_at=made.created_at,
        message=_sentence(made.total, loops, kept),
        accepted=kept.accepted,
        duplicates=kept.duplicates,
        rejected=kept.rejected,
        rejected_total=kept.rejected_total,
        ignored_fields=kept.ignored_fields or msgspec.UNSET,
        preflight=kept.preflight or msgspec.UNSET,
        suppressed=kept.suppressed,
    )


def _sentence(total: int, loops: int, kept: api.Submission) -> str:
    sentence = f"{_count(total, 'recipient')} in {_count(loops, 'loop')}"
    if kept.duplicates:
        sentence += f"; {kept.duplicates} came more than once and are sent to once"
    if kept.rejected_total:
        sentence += f"; {kept.rejected_total} rejected"
    if kept.suppressed:
        sentence += f"; {kept.suppressed} opted out and will be skipped"
    return f"{sentence}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _account(parts: Parts, job: store.NewJob, recipients: Recipients, seconds: float) -> None:
    parts.meters[ACCEPTED].inc(len(recipients.accepted))
    parts.log.info(
        "job submitted",
        job_id=str(job.id),
        owner=job.owner,
        accepted=len(recipients.accepted),
        duplicates=recipients.duplicates,
        rejected=recipients.rejected_total,
        ms=round(seconds * 1000),
    )
