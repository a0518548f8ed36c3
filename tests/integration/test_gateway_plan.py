"""When, at which hours and how fast: submitted, changed, rehearsed and tried over HTTP."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from plumbing.logs import Log
from plumbing.postgres import Pool
from schemas.environment import parse_api_keys
from schemas.subjects import JOBS_STREAM
from schemas.windows import DAYS
from tests.gateways import CUSTOMIZE, DIRECT, PHONE, QUICK, Answer, Running, numbers, quick, serving

TEST = "/api/whatsapp/test-send"


@pytest.fixture
async def gateway(database_url: str, nats_url: str, log: Log) -> AsyncIterator[Running]:
    async with serving(database_url, nats_url, log) as running:
        yield running


def ahead(**delta: float) -> str:
    return (datetime.now(UTC) + timedelta(**delta)).isoformat()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def put(gateway: Running, job_id: str, body: Any) -> Answer:
    return await gateway.ask("PUT", f"/api/bulk/job/{job_id}/schedule", {}, json=body)


async def delete(gateway: Running, job_id: str, body: Any = None) -> Answer:
    return await gateway.ask("DELETE", f"/api/bulk/job/{job_id}/schedule", {}, json=body)


async def patch(gateway: Running, job_id: str, body: Any) -> Answer:
    return await gateway.ask("PATCH", f"/api/bulk/job/{job_id}", {}, json=body)


def table(count: int, **more: Any) -> dict[str, Any]:
    rows = [{"phone": number, "name": f"Name {n}"} for n, number in enumerate(numbers(count), 1)]
    return {
        "phoneNumberId": PHONE, "templateName": "order_update", "recipientColumn": "phone",
        "data": rows, "variableMappings": {"1": "name"}, **more,
    }  # fmt: skip


def text(*to: str, **more: Any) -> dict[str, Any]:
    return {
        "recipients": list(to), "phone_number_id": PHONE,
        "message": {"kind": "text", "text": {"body": "Hello"}}, **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "body"),
    [(QUICK, quick(numbers(2))), (CUSTOMIZE, table(2)), (DIRECT, text(*numbers(2)))],
)
async def test_every_form_takes_a_plan_and_the_job_tells_it(
    gateway: Running, pool: Pool, path: str, body: dict[str, Any]
) -> None:
    start = ahead(hours=2)
    hours = {"from": "00:00", "to": "24:00", "zone": "Asia/Kolkata"}
    planned = {"scheduledAt": start, "window": hours, "messagesPerSecond": 5, "loopSize": 1,
               "loopPauseMs": 5000}  # fmt: skip
    made = await gateway.post(path, {**body, **planned})
    assert made.status == 201, made.body
    assert at(made.body["scheduledAt"]) == at(start)
    assert made.body["totalLoops"] == 2
    assert "to start at" in made.body["message"]
    assert "ignoredFields" not in made.body
    job = (await gateway.get(f"/api/bulk/job/{made.body['jobId']}")).body
    assert (job["limitedBy"], at(job["limitedUntil"])) == ("schedule", at(start))
    assert job["window"] == {**hours, "days": list(DAYS)}
    assert (job["messagesPerSecond"], job["loopPauseMs"], job["loopSize"]) == (5, 5000, 1)
    assert job["etaSeconds"] == pytest.approx(7200 + 2 / 5 + 5, abs=10)
    with pytest.raises(Exception, match="no message found"):
        await gateway.parts.broker.js.get_last_msg(JOBS_STREAM, f"bulk.jobs.{PHONE}")


@pytest.mark.parametrize(
    ("more", "says"),
    [({"scheduledAt": "2099-01-01T09:00:00"}, "does not say in which zone"),
     ({"scheduledAt": "2099-01-01T09:00:00Z"}, "is more than a year ahead"),
     ({"scheduledAt": "2020-01-01T09:00:00Z"}, "is past: it is "),
     ({"scheduledAt": "2026-02-30T09:00:00Z"}, "is no time: "),
     ({"scheduledAt": "tomorrow"}, "scheduledAt must be an ISO 8601 time with its zone"),
     ({"scheduledAt": 1795000000}, "scheduledAt must be a string, not a whole number."),
     ({"window": {"from": "09:00"}}, "window lacks to, zone."),
     ({"window": {"from": "9", "to": "20:00", "zone": "recipient"}}, "window.from must be a time"),
     ({"window": {"from": "09:00", "to": "25:00", "zone": "recipient"}}, "window.to must be"),
     ({"window": {"from": "09:00", "to": "09:00", "zone": "UTC"}}, "opens when it closes"),
     ({"window": {"from": "09:00", "to": "20:00", "zone": "Mars"}}, "'Mars' is no time zone"),
     ({"window": {"from": "09:00", "to": "20:00", "zone": "UTC", "days": ["fun"]}},
      "window.days must be some of mon, tue"),
     ({"window": {"from": "09:00", "to": "20:00", "zone": "UTC", "days": []}}, "window.days"),
     ({"window": {"from": "09:00", "to": "20:00", "zone": "UTC", "day": []}}, "unknown field"),
     ({"messagesPerSecond": 11}, "messagesPerSecond must be a whole number from 1 to 10"),
     ({"messagesPerSecond": 0}, "messagesPerSecond must be a whole number from 1 to 10"),
     ({"loopSize": 201}, "loopSize must be a whole number from 1 to 200 (BULK_LOOP_SIZE)."),
     ({"loopPauseMs": 1999}, "loopPauseMs must be a whole number from 2000"),
     ({"zoneColumn": "tz", **table(1)}, 'zoneColumn is for a window whose zone is "recipient".')],
)  # fmt: skip
async def test_a_plan_that_cannot_be_is_refused_and_nothing_is_made(
    gateway: Running, pool: Pool, more: dict[str, Any], says: str
) -> None:
    path = CUSTOMIZE if "data" in more else QUICK
    answer = await gateway.post(path, {**quick(numbers(1)), **more})
    assert (answer.status, answer.body["error"]) == (400, "Bad Request")
    assert says in answer.body["message"]
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 0


async def test_without_a_limit_of_the_service_any_rate_up_to_metas_is_taken(
    database_url: str, nats_url: str, log: Log
) -> None:
    async with serving(database_url, nats_url, log, messages_per_second=0) as free:
        assert (await free.post(QUICK, quick(numbers(1), messagesPerSecond=1000))).status == 201
        refused = await free.post(QUICK, quick(numbers(1), messagesPerSecond=1001))
        assert "from 1 to 1000 (Meta takes no more)" in refused.body["message"]


async def test_a_start_half_a_minute_ago_is_now(gateway: Running) -> None:
    made = await gateway.post(QUICK, quick(numbers(1), scheduledAt=ahead(seconds=-30)))
    assert made.status == 201
    job = (await gateway.get(f"/api/bulk/job/{made.body['jobId']}")).body
    assert job["limitedBy"] is None


async def test_a_start_is_changed_until_the_job_has_begun_and_leaves_a_line_in_its_trail(
    gateway: Running, pool: Pool
) -> None:
    job_id = await gateway.submit(2, scheduledAt=ahead(hours=1))
    later = ahead(hours=30)
    moved = await put(gateway, job_id, {"scheduledAt": later, "reason": "Monday is better"})
    assert moved.status == 200
    assert at(moved.body["scheduledAt"]) == at(moved.body["limitedUntil"]) == at(later)
    trail = (await gateway.get(f"/api/bulk/job/{job_id}/audit")).body["entries"]
    assert [(line["what"], line["why"]) for line in trail] == [
        ("queued", None), ("schedule", "Monday is better"),
    ]  # fmt: skip
    assert at(trail[1]["value"]) == at(later)
    await pool.execute("UPDATE jobs SET state = 'running', started_at = now()")
    for answer in (
        await put(gateway, job_id, {"scheduledAt": later}),
        await delete(gateway, job_id),
    ):
        assert (answer.status, answer.body["details"]) == (409, {"state": "running"})
        assert answer.body["message"].startswith("This job has been begun and is running")


async def test_a_start_that_is_put_to_now_wakes_the_lane(gateway: Running) -> None:
    job_id = await gateway.submit(2, scheduledAt=ahead(hours=1))
    assert (await put(gateway, job_id, {"scheduledAt": ahead()})).body["limitedBy"] is None
    turn = await gateway.parts.broker.js.get_last_msg(JOBS_STREAM, f"bulk.jobs.{PHONE}")
    assert job_id.encode() in (turn.data or b"")


@pytest.mark.parametrize("by", ["delete", "null"])
async def test_a_start_that_is_withdrawn_pauses_the_job_until_a_person_says_so(
    gateway: Running, pool: Pool, by: str
) -> None:
    job_id = await gateway.submit(2, scheduledAt=ahead(hours=1))
    for _ in range(2):
        if by == "delete":
            answer = await delete(gateway, job_id, {"reason": "wait for the price"})
        else:
            answer = await put(gateway, job_id, {"scheduledAt": None})
        assert (answer.status, answer.body["wanted"]) == (200, "pause")
        assert "scheduledAt" not in answer.body
        await pool.execute(
            "UPDATE jobs SET state = 'paused', stopped_by = 'person', followed_no = wanted_no"
        )
    assert await pool.fetchval("SELECT count(*) FROM audit WHERE what = 'withdraw'") == 1
    again = await put(gateway, job_id, {"scheduledAt": ahead(hours=2)})
    assert (again.body["state"], again.body["resuming"]) == ("paused", True)
    assert again.body["limitedBy"] == "schedule"


async def test_a_job_without_a_start_has_none_to_withdraw_and_a_canceled_one_gets_none(
    gateway: Running,
) -> None:
    job_id = await gateway.submit(2)
    refused = await delete(gateway, job_id)
    assert (refused.status, refused.body["error"]) == (409, "Illegal change")
    assert refused.body["message"] == "This job has no time to start at: pause it."
    await gateway.post(f"/api/bulk/job/{job_id}/cancel")
    canceled = await put(gateway, job_id, {"scheduledAt": ahead(hours=1)})
    assert (canceled.status, canceled.body["message"]) == (
        409, "This job is about to be canceled.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "says"),
    [({}, "These fields are required: scheduledAt."), ({"scheduledAt": ""}, "are required"),
     ({"scheduledAt": "2026-11-27T09:00"}, "does not say in which zone"),
     ({"at": "2026-11-27T09:00:00Z"}, "unknown field")],
)  # fmt: skip
async def test_a_start_that_cannot_be_read_changes_nothing(
    gateway: Running, pool: Pool, body: dict[str, Any], says: str
) -> None:
    job_id = await gateway.submit(2, scheduledAt=ahead(hours=1))
    answer = await put(gateway, job_id, body)
    assert answer.status == 400
    assert says in answer.body["message"]
    assert await pool.fetchval("SELECT wanted_no FROM jobs") == 0


async def test_the_rate_is_changed_within_the_services_and_taken_back(
    gateway: Running, pool: Pool
) -> None:
    job_id = await gateway.submit(2)
    for rate, told in ((5, 5), (5, 5), (None, None)):
        answer = await patch(gateway, job_id, {"messagesPerSecond": rate})
        assert (answer.status, answer.body.get("messagesPerSecond")) == (200, told)
    trail = (await gateway.get(f"/api/bulk/job/{job_id}/audit")).body["entries"]
    assert [(line["what"], line["value"]) for line in trail[1:]] == [
        ("rate", "5"), ("rate", "as the service"),
    ]  # fmt: skip
    assert (await patch(gateway, job_id, {"messagesPerSecond": 11})).status == 400
    assert (await patch(gateway, job_id, {})).body["error"] == "Missing required fields"
    assert "unknown field" in (await patch(gateway, job_id, {"loopSize": 5})).body["message"]
    await pool.execute("UPDATE jobs SET state = 'completed', finished_at = now()")
    done = await patch(gateway, job_id, {"messagesPerSecond": 5})
    assert (done.status, done.body["details"]) == (409, {"state": "completed"})


async def test_another_keys_job_is_not_planned(database_url: str, nats_url: str, log: Log) -> None:
    keys = parse_api_keys("ann:ann-key-1,bob:bob-key-1")
    async with serving(database_url, nats_url, log, api_keys=keys) as guarded:
        made = await guarded.post(QUICK, quick(numbers(1)), X_API_Key="ann-key-1")
        path = f"/api/bulk/job/{made.body['jobId']}"
        for method, end in (("PUT", "/schedule"), ("DELETE", "/schedule"), ("PATCH", "")):
            answer = await guarded.ask(method, path + end, {"X-API-Key": "bob-key-1"}, json={})
            assert answer.status == 403


async def test_a_window_of_one_zone_rests_the_job_until_it_opens(
    gateway: Running, pool: Pool
) -> None:
    now = datetime.now(UTC)
    hours = {"from": f"{now + timedelta(hours=2):%H:%M}", "to": f"{now + timedelta(hours=4):%H:%M}",
             "zone": "UTC"}  # fmt: skip
    job_id = await gateway.submit(2, window=hours)
    job = (await gateway.get(f"/api/bulk/job/{job_id}")).body
    opens = (now + timedelta(hours=2)).replace(second=0, microsecond=0)
    assert (job["limitedBy"], at(job["limitedUntil"])) == ("window", opens)
    moved = await put(gateway, job_id, {"scheduledAt": ahead(hours=3)})
    assert moved.body["limitedBy"] == "schedule"
    assert await pool.fetchval("SELECT rests_until FROM jobs") is None


async def test_a_column_says_the_zone_and_who_has_none_is_told(
    gateway: Running, pool: Pool
) -> None:
    hours = {"from": "09:00", "to": "18:00", "zone": "recipient"}
    rows = [
        {"phone": "+49 170 0000001", "tz": "America/New_York"}, {"phone": "+49 170 0000002"},
        {"phone": "+49 170 0000003", "tz": "Berlin"}, {"phone": "+1 800 555 0199", "tz": ""},
        {"phone": "+1 800 555 0198", "tz": "US/Pacific"}, {"phone": "+883 5100 01234"},
    ]  # fmt: skip
    body = table(1, data=rows, window=hours, zoneColumn="tz", variableMappings={})
    made = (await gateway.post(CUSTOMIZE, body)).body
    assert [line["line"] for line in made["rejected"]] == [3, 4, 6]
    reasons = [line["reason"] for line in made["rejected"]]
    assert reasons[0] == "its zone 'Berlin' is no time zone such as Asia/Kolkata"
    assert reasons[1].startswith("may be in 42 time zones, and at no moment")
    assert reasons[2].startswith("nobody knows the time zone of such a number")
    zones = await pool.fetch("SELECT zone FROM messages ORDER BY seq")
    assert [row["zone"] for row in zones] == ["America/New_York", None, "US/Pacific"]


async def test_a_dry_run_tells_the_plan_and_stores_nothing(gateway: Running, pool: Pool) -> None:
    await gateway.post("/api/suppressions", {"number": numbers(1)[0]})
    recipients = [*numbers(450), numbers(1)[0], "12"]
    body = quick(recipients, variables={"1": "Ann", "2": "A-1"})
    answer = await gateway.post(f"{QUICK}?dryRun=true", body)
    assert answer.status == 200
    told = answer.body
    assert (told["dryRun"], told["success"], told["refused"]) == (True, True, None)
    assert (told["accepted"], told["duplicates"], told["rejectedTotal"], told["suppressed"]) == (
        450, 1, 1, 1,
    )  # fmt: skip
    assert (told["totalLoops"], told["loopSize"], told["messagesPerSecond"]) == (3, 200, 10)
    assert told["durationSeconds"] == pytest.approx(449 / 10 * 1.01 + 2 * 2, abs=0.2)
    assert told["durationSeconds"] == pytest.approx(sum(told["durations"].values()), abs=0.3)
    assert [example["to"] for example in told["examples"]] == [f"49170000000{n}" for n in range(3)]
    assert told["examples"][0]["components"][0]["parameters"][0]["text"] == "Ann"
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 0
    real = (await gateway.post(QUICK, body)).body
    assert (real["accepted"], real["totalLoops"]) == (450, 3)


async def test_a_dry_run_counts_with_the_start_the_queue_and_the_messaging_limit(
    gateway: Running, pool: Pool
) -> None:
    await gateway.submit(100)
    await pool.execute("INSERT INTO lanes (phone_number_id, people_limit) VALUES ($1, 250)", PHONE)
    await pool.execute(
        "INSERT INTO reach (minute, people)"
        " VALUES (date_trunc('minute', now()) - interval '1 hour', 240)"
    )
    body = quick(numbers(60, 500), scheduledAt=ahead(hours=1))
    told = (await gateway.post(f"{QUICK}?dryRun=1", body)).body
    assert told["messagingLimit"] == 250
    assert told["durations"]["scheduledSeconds"] == pytest.approx(3600, abs=5)
    assert told["durations"]["queueSeconds"] == pytest.approx(100 / 10 * 1.01 + 2, abs=0.5)
    assert told["durations"]["limitSeconds"] == pytest.approx(22 * 3600, rel=0.01)
    assert told["notes"] == [
        "1 other jobs of the number, with 100 messages, take turns with this one."
    ]


async def test_a_dry_run_says_what_would_be_refused_and_a_body_that_is_none_is_refused(
    gateway: Running, pool: Pool
) -> None:
    told = (await gateway.post(f"{QUICK}?dryRun=true", quick(["12"]))).body
    assert (told["success"], told["refused"]["status"]) == (False, 400)
    assert told["refused"]["error"] == "No valid recipients found"
    assert told["message"].startswith("This would be refused: None of the 1 recipients")
    assert (await gateway.post(f"{QUICK}?dryRun=true", {})).status == 400
    no_key = await gateway.post(f"{QUICK}?dryRun=true", quick(numbers(1)), Idempotency_Key="\xe9")
    assert no_key.status == 400
    unclear = await gateway.post(f"{QUICK}?dryRun=maybe", quick(numbers(1)))
    assert (unclear.status, unclear.body["message"]) == (400, "dryRun must be true or false.")
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 0


async def test_a_test_send_is_a_job_of_one_with_the_row_that_is_named(
    gateway: Running, pool: Pool
) -> None:
    body = {**table(5, scheduledAt=ahead(hours=1)), "to": "+49 170 9999999", "row": 4}
    made = await gateway.post(TEST, body)
    assert (made.status, made.body["accepted"]) == (201, 1)
    assert "scheduledAt" not in made.body
    job = (await gateway.get(f"/api/bulk/job/{made.body['jobId']}")).body
    assert (job["isTest"], job["limitedBy"]) == (True, None)
    sent = await pool.fetchrow(
        "SELECT recipient, variables FROM messages WHERE job_id = $1", UUID(made.body["jobId"])
    )
    assert sent
    assert (sent["recipient"], msgspec.json.decode(sent["variables"])) == (
        "491709999999", {"1": "Name 4"},
    )  # fmt: skip


@pytest.mark.parametrize("body", [quick(numbers(5)), text(*numbers(5))])
async def test_a_test_send_of_the_other_forms_goes_to_that_one_number(
    gateway: Running, pool: Pool, body: dict[str, Any]
) -> None:
    assert (await gateway.post(TEST, {**body, "to": "+49 170 9999999"})).status == 201
    assert await pool.fetchval("SELECT array_agg(recipient) FROM messages") == ["491709999999"]


@pytest.mark.parametrize(
    ("body", "says"),
    [(table(2), "These fields are required: to."), ({"to": "1"}, "A test send is the body"),
     ({**table(2), "to": "+491701234567", "row": 3}, "row must be from 1 to 2"),
     ({**table(2), "to": "+491701234567", "row": 0}, "row must be from 1 to 2"),
     ({**quick(numbers(1)), "to": "+491701234567", "row": 2}, "row is for a submission with data"),
     ({**table(1), "to": "12"}, "None of the 1 recipients can be sent to"),
     ({**table(1, data=[3]), "to": "+491701234567"}, "data[0] (row 1) cannot be read")],
)  # fmt: skip
async def test_a_test_send_that_cannot_be_is_refused(
    gateway: Running, pool: Pool, body: dict[str, Any], says: str
) -> None:
    answer = await gateway.post(TEST, body)
    assert answer.status == 400
    assert says in answer.body["message"]
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 0


async def test_suppression_holds_for_a_test_too(gateway: Running) -> None:
    await gateway.post("/api/suppressions", {"number": "+49 170 9999999"})
    made = await gateway.post(TEST, {**quick([]), "to": "+49 170 9999999"})
    assert made.body["suppressed"] == 1


async def test_a_test_send_that_is_repeated_with_its_key_is_made_once(gateway: Running) -> None:
    body = {**table(2), "to": "+49 170 9999999"}
    first = await gateway.post(TEST, body, Idempotency_Key="test-1")
    again = await gateway.post(TEST, body, Idempotency_Key="test-1")
    assert again.body == first.body
    other = await gateway.post(TEST, {**body, "row": 2}, Idempotency_Key="test-1")
    assert other.status == 422
