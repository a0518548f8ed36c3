"""What a daemon says of a job has the id of the request that made it, whoever says it."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
import structlog
from structlog.testing import LogCapture

from plumbing.broker import Broker
from plumbing.postgres import Pool
from sandbox.receipts import envelope, messages_value
from schemas.environment import Secret
from schemas.subjects import RECEIPTS_SUBJECT
from tests import campaigns
from tests.campaigns import Job, finished, make_job
from tests.daemons import Stack
from tests.peer import Answer, Arrival, error, hang_up
from tests.support import until

OTHER = "100000000000002"


@pytest.fixture
def lines() -> LogCapture:
    return LogCapture()


@pytest.fixture
def traced(stack: Stack, lines: LogCapture) -> Stack:
    """The stack, whose lines are kept with what their surroundings tell of them."""
    log = structlog.wrap_logger(None, [structlog.contextvars.merge_contextvars, lines])
    return replace(stack, log=log)


async def job_of(pool: Pool, trace: str, phone_number_id: str = campaigns.PHONE) -> Job:
    job = await make_job(pool, 1, phone_number_id=phone_number_id, first=1000 * len(trace))
    await pool.execute("UPDATE jobs SET trace = $2 WHERE id = $1", job.id, trace)
    return job


def about(lines: LogCapture, job: Job) -> list[dict[str, Any]]:
    return [dict(line) for line in lines.entries if line.get("job_id") == str(job.id)]


async def test_a_stop_that_one_job_learns_of_is_told_of_each_under_its_own_id(
    traced: Stack, pool: Pool, lines: LogCapture
) -> None:
    async def refuse(arrival: Arrival) -> Answer:
        return error(190, 401)

    traced.peer.script = refuse
    first, second = await job_of(pool, "one"), await job_of(pool, "other", OTHER)
    async with traced.daemon():
        await traced.wake(first)
        await until(
            lambda: len([x for x in lines.entries if x["event"] == "job moved"]) == 2, "stop"
        )
    for job, trace in ((first, "one"), (second, "other")):
        assert {line["trace"] for line in about(lines, job)} == {trace}
        assert {line["phone_number_id"] for line in about(lines, job)} == {job.phone_number_id}
    (moved,) = [line for line in about(lines, second) if line["event"] == "job moved"]
    assert moved["loop"] is None
    assert about(lines, first)[0]["event"] == "loop started"
    assert about(lines, first)[0]["loop"] == 1


async def test_a_doubt_that_a_receipt_ends_and_the_jobs_end_have_its_id(
    traced: Stack, pool: Pool, broker: Broker, lines: LogCapture
) -> None:
    traced.peer.script = hang_up
    job = await job_of(pool, "three")
    async with traced.daemon(app_secrets=(Secret("any"),), messaging_limit=0):
        await traced.wake(job)
        await until(lambda: "job moved" in [line["event"] for line in lines.entries], "settling")
        (arrival,) = traced.peer.arrivals
        status = {
            "id": "wamid.1", "status": "delivered", "timestamp": "1790000000",
            "recipient_id": arrival.to, "biz_opaque_callback_data": arrival.tag,
        }  # fmt: skip
        change = {
            "field": "messages",
            "value": messages_value(job.phone_number_id, statuses=[status]),
        }
        body = envelope([{"id": "1", "changes": [change]}])
        await broker.publish(RECEIPTS_SUBJECT, msgspec.json.encode(body))
        assert await finished(pool, job) == "completed"
        await until(lambda: "job finished" in [line["event"] for line in lines.entries], "told")
    said = about(lines, job)
    assert [line["event"] for line in said] == [
        "loop started", "a message is unknown", "loop completed", "job moved",
        "receipts ended doubts", "job finished",
    ]  # fmt: skip
    assert {(line["trace"], line["phone_number_id"]) for line in said} == {
        ("three", campaigns.PHONE)
    }
