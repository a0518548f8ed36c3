"""What people want of a job: the gateway writes it down, the daemon follows."""

from datetime import UTC, datetime

import msgspec
from aiohttp import web

from gateway import errors, jobs, outbox
from gateway.answers import answer, refused
from gateway.errors import Refusal
from gateway.parts import PARTS
from gateway.store import JobRow
from schemas.jobs import Content, JobOrder, Template

_content: msgspec.json.Decoder[Content] = msgspec.json.Decoder(Content)


async def resume(request: web.Request) -> web.Response:
    """`POST /api/bulk/job/{jobId}/resume`: a paused job goes on with its next message.

    Pressed twice, or on a job that runs, it changes nothing. Answers with the job.
    """
    detail = await jobs.find(request)
    if isinstance(detail, Refusal):
        return refused(detail)
    if jobs.is_finished(detail.job):
        return refused(errors.nothing_to_resume(detail.job.state))
    parts = request.app[PARTS]
    if await parts.store.want_run(detail.job.id):
        parts.log.info(
            "a job is wanted to go on", job_id=str(detail.job.id),
            phone_number_id=detail.job.phone_number_id, owner=detail.job.owner,
            job_trace=detail.job.trace,
        )  # fmt: skip
        await outbox.wake(parts.broker, _order(detail.job), parts.log)
    now = await parts.store.detail(detail.job.id)
    assert now is not None
    return answer(jobs.view(now, parts.settings, datetime.now(UTC)))


def _order(job: JobRow) -> JobOrder:
    content = _content.decode(job.content)
    name = content.name if isinstance(content, Template) else "text"
    return JobOrder(job.id, job.phone_number_id, name, job.total, trace=job.trace)
