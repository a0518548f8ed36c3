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


@pytest.mark.parametrize(("path", "wanted"), [("pause", "pause"), ("cancel", "cancel")])
async def test_a_wish_is_written_down_with_who_and_why_once_however_often_it_is_made(
    gateway: Running, pool: Pool, path: str, wanted: str
) -> None:
    job_id = await gateway.submit(3)
    for _ in range(2):
        answer = await gateway.post(f"/api/bulk/job/{job_id}/{path}", {"reason": " too soon "})
        assert (answer.status, answer.body["wanted"]) == (200, wanted)
        assert answer.body["state"] == "queued"  # no daemon lives here, and so it says
    assert await pool.fetchval("SELECT wanted_no FROM jobs") == 1
    trail = (await gateway.get(f"/api/bulk/job/{job_id}/audit")).body["entries"]
    assert [(line["kind"], line["what"], line["who"], line["why"]) for line in trail] == [
        ("moved", "queued", "local", None), ("asked", wanted, "local", "too soon"),
    ]  # fmt: skip


async def test_what_is_about_to_be_canceled_is_not_paused_or_resumed(gateway: Running) -> None:
    job_id = await gateway.submit(3)
    await gateway.post(f"/api/bulk/job/{job_id}/cancel")
    for path in ("pause", "resume"):
        answer = await gateway.post(f"/api/bulk/job/{job_id}/{path}")
        assert answer.status == 409
        assert answer.body["message"].startswith("This job is about to be canceled:")


async def test_a_pause_that_nobody_has_followed_is_taken_back(gateway: Running, pool: Pool) -> None:
    job_id = await gateway.submit(3)
    await gateway.post(f"/api/bulk/job/{job_id}/pause")
    answer = await gateway.post(f"/api/bulk/job/{job_id}/resume")
    assert (answer.status, answer.body["wanted"], answer.body["state"]) == (200, "run", "queued")


async def test_a_job_of_which_all_is_sent_can_no_more_be_paused_or_canceled(
    gateway: Running, pool: Pool
) -> None:
    job_id = await gateway.submit(3)
    await pool.execute("UPDATE jobs SET state = 'settling', queued = 0, unknown = 3")
    for path in ("pause", "cancel"):
        answer = await gateway.post(f"/api/bulk/job/{job_id}/{path}")
        assert (answer.status, answer.body["details"]) == (409, {"state": "settling"})


@pytest.mark.parametrize(
    ("body", "says"),
    [(b"[1]", "The body must be an object, not a list."), (b"{", "The body is not valid JSON"),
     (b'{"reason": 1}', "reason must be a string, not a whole number."),
     (b'{"reason": "%s"}' % (b"x" * 301), "reason must be one line of 300 characters at most."),
     (b'{"reason": "a\\nb"}', "reason must be one line")],
)  # fmt: skip
async def test_a_reason_that_cannot_be_read_changes_nothing(
    gateway: Running, pool: Pool, body: bytes, says: str
) -> None:
    job_id = await gateway.submit(3)
    answer = await gateway.post(f"/api/bulk/job/{job_id}/pause", data=body)
    assert answer.status == 400
    assert answer.body["message"].startswith(says)
    assert await pool.fetchval("SELECT wanted FROM jobs") == "run"


async def test_a_reason_that_is_a_novel_is_told_how_much_there_may_be(gateway: Running) -> None:
    job_id = await gateway.submit(3)
    answer = await gateway.post(f"/api/bulk/job/{job_id}/pause", data=b"x" * 5000)
    assert answer.status == 413
    assert answer.body["message"].startswith("The body may have 4 KiB: send ")


async def test_the_red_button_says_what_stands_still_and_a_second_press_changes_nothing(
    gateway: Running,
) -> None:
    await gateway.submit(3)
    assert (await gateway.get("/api/pause")).body == {"everythingIsPaused": False, "brakes": []}
    await gateway.post("/api/pause", {"reason": "a complaint"})
    answer = await gateway.post("/api/pause", {"reason": "again"})
    assert (answer.status, answer.body["everythingIsPaused"]) == (200, True)
    (brake,) = answer.body["brakes"]
    assert (brake["phoneNumberId"], brake["by"], brake["reason"], brake["jobs"]) == (
        None, "local", "a complaint", 1,
    )  # fmt: skip
    assert (await gateway.post("/api/resume")).body["brakes"] == []


async def test_a_number_is_paused_and_its_jobs_cannot_be_resumed_one_by_one(
    gateway: Running, pool: Pool
) -> None:
    job_id = await stopped(gateway, pool)
    answer = await gateway.post(f"/api/numbers/{PHONE}/pause")
    assert [brake["phoneNumberId"] for brake in answer.body["brakes"]] == [PHONE]
    refused = await gateway.post(f"/api/bulk/job/{job_id}/resume")
    assert (refused.status, refused.body["error"]) == (409, "Illegal change")
    assert PHONE in refused.body["message"]
    assert (await gateway.post(f"/api/numbers/{PHONE}/resume")).body["brakes"] == []
    assert (await gateway.post(f"/api/bulk/job/{job_id}/resume")).body["resuming"] is True


async def test_a_number_that_is_none_has_no_brake(gateway: Running) -> None:
    answer = await gateway.post("/api/numbers/all/pause")
    assert answer.status == 400
    assert answer.body["message"] == (
        "The phone number id is an id of Meta's: digits only, up to 32."
    )
