"""What people want of a job is written down once, for the daemon to follow."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from plumbing.logs import Log
from plumbing.postgres import Pool
from schemas.environment import parse_api_keys
from schemas.subjects import JOBS_STREAM
from tests.gateways import PHONE, QUICK, Running, numbers, quick, serving


@pytest.fixture
async def gateway(database_url: str, nats_url: str, log: Log) -> AsyncIterator[Running]:
    async with serving(database_url, nats_url, log) as running:
        yield running


async def stopped(gateway: Running, pool: Pool) -> str:
    """A job that a verdict has stopped, and whose lane has no turn."""
    job_id = await gateway.submit(3)
    await pool.execute(
        "UPDATE jobs SET state = 'paused', reason = 'The token is dead', stopped_by = 'account'"
        " WHERE id = $1",
        UUID(job_id),
    )
    await gateway.parts.broker.js.purge_stream(JOBS_STREAM)
    return job_id


async def test_resume_is_written_down_once_wakes_the_lane_and_answers_with_the_job(
    gateway: Running, pool: Pool
) -> None:
    job_id = await stopped(gateway, pool)
    said = (await gateway.get(f"/api/bulk/job/{job_id}")).body
    assert (said["state"], said["reason"]) == ("paused", "The token is dead")
    assert (said["stoppedBy"], said["resuming"]) == ("account", False)
    for path in ("job", "jobs"):
        answer = await gateway.post(f"/api/bulk/{path}/{job_id}/resume")
        assert (answer.status, answer.body["resuming"]) == (200, True)
    assert await pool.fetchval("SELECT wanted_no - followed_no FROM jobs") == 1
    turn = await gateway.parts.broker.js.get_last_msg(JOBS_STREAM, f"bulk.jobs.{PHONE}")
    assert job_id.encode() in (turn.data or b"")


async def test_a_job_that_runs_is_resumed_already(gateway: Running, pool: Pool) -> None:
    job_id = await gateway.submit(3)
    answer = await gateway.post(f"/api/bulk/job/{job_id}/resume")
    assert (answer.status, answer.body["state"]) == (200, "queued")
    assert await pool.fetchval("SELECT wanted_no FROM jobs") == 0


async def test_a_finished_job_cannot_be_resumed_and_the_answer_says_what_it_is(
    gateway: Running, pool: Pool
) -> None:
    job_id = await gateway.submit(3)
    await pool.execute("UPDATE jobs SET state = 'completed', finished_at = now()")
    answer = await gateway.post(f"/api/bulk/job/{job_id}/resume")
    assert answer.status == 409
    assert answer.body == {
        "error": "Illegal change", "details": {"state": "completed"},
        "message": "This job is completed: only a paused job can be resumed.",
    }  # fmt: skip


async def test_a_job_of_another_key_or_of_nobody_is_not_resumed(
    database_url: str, nats_url: str, log: Log, pool: Pool
) -> None:
    keys = parse_api_keys("ann:ann-key-1,bob:bob-key-1")
    async with serving(database_url, nats_url, log, api_keys=keys) as guarded:
        made = await guarded.post(QUICK, quick(numbers(1)), X_API_Key="ann-key-1")
        path = f"/api/bulk/job/{made.body['jobId']}/resume"
        assert (await guarded.post(path, X_API_Key="bob-key-1")).status == 403
        unknown = f"/api/bulk/job/{uuid4()}/resume"
        assert (await guarded.post(unknown, X_API_Key="ann-key-1")).status == 404


async def test_a_submission_says_how_many_have_opted_out(gateway: Running) -> None:
    assert (await gateway.post("/api/suppressions", {"number": numbers(1)[0]})).status == 200
    answer = await gateway.post(QUICK, quick(numbers(3)))
    assert (answer.body["accepted"], answer.body["suppressed"]) == (3, 1)
    assert answer.body["message"] == "3 recipients in 1 loop; 1 opted out and will be skipped."
