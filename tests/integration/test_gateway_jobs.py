"""Jobs listed: by state, by what they are called, by number, with the totals of what was asked."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from plumbing.logs import Log
from plumbing.postgres import Pool
from schemas.environment import parse_api_keys
from tests.gateways import DIRECT, QUICK, Running, numbers, quick, serving

JOBS = "/api/bulk/jobs"
TEST_SEND = "/api/whatsapp/test-send"


@pytest.fixture
async def gateway(database_url: str, nats_url: str, log: Log) -> AsyncIterator[Running]:
    async with serving(database_url, nats_url, log) as running:
        yield running


@pytest.fixture
async def jobs(gateway: Running, pool: Pool) -> dict[str, str]:
    """Jobs by what the tests call them, with their ids; the last one is the newest."""
    made = {
        "may": await gateway.submit(1, campaign_name="Spring, May 100%"),
        "june": await gateway.submit(1, campaign_name="spring, June", template_name="welcome"),
        "other": await gateway.submit(1, phone_number_id="200"),
    }
    text = {"kind": "text", "text": {"body": "We open at nine."}}
    body = {"recipients": numbers(1), "phone_number_id": "200", "message": text}
    made["text"] = (await gateway.post(DIRECT, {**body, "campaignId": "Hours-7"})).body["jobId"]
    made["test"] = (await gateway.post(TEST_SEND, {**quick([]), "to": numbers(1)[0]})).body["jobId"]
    await pool.execute("UPDATE jobs SET state = 'paused' WHERE campaign_name LIKE '%June'")
    return made


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "test text other june may"), ("?tests=false", "text other june may"),
        ("?tests=true&limit=2", "test text"), ("?state=paused", "june"),
        ("?state=queued,paused&tests=false", "text other june may"), ("?state=running", ""),
        ("?phoneNumberId=200", "text other"), ("?phoneNumberId=7", ""),
        ("?q=SPRING", "june may"), ("?q=welc", "june"), ("?q=hours", "text"),
        ("?q=order_update&tests=false", "other may"), ("?q=100%25", "may"), ("?q=%25", "may"),
        ("?q=_", "test other may"), ("?q=nine", ""), ("?q=%5C", ""),
        ("?q=spring&state=paused", "june"), ("?q=spring&limit=1", "june"),
        ("?q=spring&limit=1&offset=1", "may"), ("?q=spring&offset=9", ""),
    ],
)  # fmt: skip
async def test_jobs_are_chosen_and_counted(
    gateway: Running, jobs: dict[str, str], query: str, found: str
) -> None:
    body = (await gateway.get(f"{JOBS}{query}")).body
    names = {job_id: name for name, job_id in jobs.items()}
    assert " ".join(names[job["jobId"]] for job in body["jobs"]) == found
    paged = {"?tests=true&limit=2": 5, "?q=spring&limit=1": 2, "?q=spring&limit=1&offset=1": 2,
             "?q=spring&offset=9": 2}  # fmt: skip
    total = paged.get(query, len(found.split()))
    offset = body["pagination"]["offset"]
    assert body["pagination"]["total"] == total
    assert body["pagination"]["hasMore"] == (offset + len(found.split()) < total)


async def test_a_job_is_found_by_the_beginning_of_its_id(
    gateway: Running, jobs: dict[str, str]
) -> None:
    for beginning in (jobs["may"], jobs["may"][:13], jobs["may"][:20].upper()):
        body = (await gateway.get(f"{JOBS}?q={beginning}")).body
        assert [job["jobId"] for job in body["jobs"]] == [jobs["may"]]
    assert (await gateway.get(f"{JOBS}?q={jobs['may'][4:]}")).body["pagination"]["total"] == 0


@pytest.mark.parametrize(
    ("query", "says"),
    [("state=lost", "'lost' is no state of a job"), ("q=%00", "q must be one line"),
     ("tests=1", "tests must be true or false."), ("phoneNumberId=abc", "phoneNumberId")],
)  # fmt: skip
async def test_what_cannot_be_asked_for_is_a_400(gateway: Running, query: str, says: str) -> None:
    answer = await gateway.get(f"{JOBS}?{query}")
    assert (answer.status, answer.body["error"]) == (400, "Bad Request")
    assert answer.body["message"].startswith(says)


async def test_nobody_finds_the_jobs_of_another_key(
    database_url: str, nats_url: str, log: Log
) -> None:
    keys = parse_api_keys("ann:ann-key-1,bob:bob-key-1")
    async with serving(database_url, nats_url, log, api_keys=keys) as guarded:
        body = quick(numbers(1), campaign_name="Secret")
        made: Any = await guarded.post(QUICK, body, X_API_Key="ann-key-1")
        for query in ("q=secret", f"q={made.body['jobId']}", "state=queued", "phoneNumberId=1065"):
            found = await guarded.get(f"{JOBS}?{query}", X_API_Key="bob-key-1")
            assert found.body["pagination"]["total"] == 0
        own = await guarded.get(f"{JOBS}?q=secret", X_API_Key="ann-key-1")
        assert own.body["pagination"]["total"] == 1


async def test_who_asks_again_is_told_that_nothing_has_changed(
    gateway: Running, pool: Pool
) -> None:
    job_id = await gateway.submit(2)
    await pool.execute(
        "UPDATE jobs SET state = 'completed', sent = 2, queued = 0, started_at = now(),"
        " finished_at = now() + interval '1 second'"
    )
    first = await gateway.get(JOBS)
    assert (first.status, first.headers["Cache-Control"]) == (200, "private, no-cache")
    known = {"If-None-Match": f'"older", {first.headers["ETag"]}'}
    for method in ("GET", "HEAD"):
        same = await gateway.ask(method, JOBS, known)
        assert (same.status, same.body, same.headers["ETag"]) == (304, "", first.headers["ETag"])
    other = await gateway.ask("GET", f"{JOBS}?state=paused", known)
    assert (other.status, other.body["jobs"]) == (200, [])
    await pool.execute("UPDATE jobs SET delivered = 1")
    changed = await gateway.ask("GET", JOBS, known)
    assert (changed.status, changed.body["jobs"][0]["jobId"]) == (200, job_id)
    assert changed.headers["ETag"] != first.headers["ETag"]
