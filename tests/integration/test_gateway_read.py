"""Reading jobs: the counters add up, owners see their own, unknown things are named."""

import asyncio
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from gateway import sessions
from gateway.routes import ROUTES
from plumbing.logs import Log
from plumbing.postgres import Pool
from schemas.environment import parse_api_keys
from tests.gateways import PHONE, QUICK, Running, numbers, quick, serving

ANN, BOB = "ann-key-1", "bob-key-1"


@pytest.fixture
async def gateway(database_url: str, nats_url: str, log: Log) -> AsyncIterator[Running]:
    async with serving(database_url, nats_url, log) as running:
        yield running


@pytest.fixture
async def guarded(database_url: str, nats_url: str, log: Log) -> AsyncIterator[Running]:
    """A gateway with two keys."""
    keys = parse_api_keys(f"ann:{ANN},bob:{BOB}")
    async with serving(database_url, nats_url, log, api_keys=keys) as running:
        yield running


async def run_a_part(pool: Pool, job_id: str) -> None:
    """What a daemon writes while it is in the second of three loops of 450 messages."""
    job = UUID(job_id)
    await pool.execute(
        "UPDATE messages SET state = CASE"
        "   WHEN seq % 50 = 0 THEN 'failed' WHEN seq = 1 THEN 'unknown'"
        "   WHEN seq <= 299 THEN 'sent' ELSE 'sending' END,"
        " error_code = CASE WHEN seq % 100 = 0 THEN 131026 WHEN seq % 50 = 0 THEN 131049 END,"
        " error_title = CASE WHEN seq % 50 = 0 THEN 'Undeliverable' END"
        " WHERE job_id = $1 AND seq <= 300",
        job,
    )
    await pool.execute(
        "UPDATE messages SET error_code = 131026 WHERE job_id = $1 AND seq = 250", job
    )
    await pool.execute(
        "UPDATE jobs SET state = 'running', queued = 150, sending = 0, sent = 293, failed = 6,"
        " unknown = 1, delivered = 7, read = 3, limited_by = 'latency',"
        " started_at = now() - interval '60 seconds' WHERE id = $1",
        job,
    )
    await pool.execute(
        "UPDATE loops SET state = CASE loop WHEN 1 THEN 'completed' ELSE 'running' END,"
        " sent = CASE loop WHEN 1 THEN 195 ELSE 98 END,"
        " failed = CASE loop WHEN 1 THEN 4 ELSE 2 END,"
        " unknown = CASE loop WHEN 1 THEN 1 ELSE 0 END,"
        " started_at = now() - interval '60 seconds',"
        " finished_at = CASE loop WHEN 1 THEN now() - interval '40 seconds' END"
        " WHERE job_id = $1 AND loop <= 2",
        job,
    )


async def test_a_job_that_has_just_been_made(gateway: Running) -> None:
    body = quick(numbers(450), campaign_name="Launch")
    made = await gateway.post(QUICK, body, X_Request_Id="checkout-17")
    assert made.headers["X-Request-Id"] == "checkout-17"
    job_id = made.body["jobId"]
    answer = await gateway.get(f"/api/bulk/job/{job_id}")
    assert answer.status == 200
    said = dict(answer.body)
    assert said.pop("createdAt").endswith("Z")
    loops = said.pop("loops")
    assert [loop["size"] for loop in loops] == [200, 200, 50]
    assert loops[0] == {
        "loop": 1, "state": "queued", "size": 200, "sent": 0, "failed": 0, "unknown": 0,
        "skipped": 0, "canceled": 0, "startedAt": None, "finishedAt": None,
        "durationSeconds": None, "ratePerSecond": None,
    }  # fmt: skip
    assert said == {
        "jobId": job_id, "state": "queued", "reason": None, "campaignName": "Launch",
        "campaignId": None, "phoneNumberId": PHONE, "template": "order_update",
        "totalRecipients": 450, "sent": 0, "failed": 0, "queued": 450, "sending": 0,
        "delivered": 0, "read": 0, "unknown": 0, "skipped": 0, "canceled": 0,
        "progress": {"percentage": 0.0, "completed": 0, "remaining": 450},
        "batchSize": 200, "totalBatches": 3, "loopSize": 200, "totalLoops": 3, "currentLoop": 0,
        "startedAt": None, "finishedAt": None, "ratePerSecond": None,
        "etaSeconds": 49.0, "limitedBy": None, "limitedUntil": None, "deferred": 0,
        "stoppedBy": None, "wanted": "run", "resuming": False, "doubtUntil": None, "errors": [],
        "inDoubt": [], "parentId": None, "children": [],
        "requestId": "checkout-17",
    }  # fmt: skip


async def test_a_job_that_is_under_way(gateway: Running, pool: Pool) -> None:
    job_id = await gateway.submit(450)
    await run_a_part(pool, job_id)
    said = (await gateway.get(f"/api/bulk/jobs/{job_id}")).body
    counted = ("sent", "failed", "unknown", "skipped", "canceled", "queued", "sending")
    assert sum(said[name] for name in counted) == said["totalRecipients"]
    assert said["progress"] == {"percentage": 66.6, "completed": 300, "remaining": 150}
    assert (said["currentLoop"], said["limitedBy"]) == (2, "latency")
    assert said["ratePerSecond"] == pytest.approx(5, abs=0.2)
    assert said["etaSeconds"] == pytest.approx(150 / 5 + 2, abs=2)
    assert said["errors"][0] == {
        "code": 131026, "title": "Undeliverable", "count": 4, "details": "", "action": "fail",
        "meaning": "Undeliverable: not on WhatsApp, terms not accepted, or an old app",
        "advice": "Nothing to be done for this recipient", "mayBeSentAgain": False,
    }  # fmt: skip
    assert [error["code"] for error in said["errors"]] == [131026, 131049]
    assert said["loops"][0]["ratePerSecond"] == pytest.approx(10, abs=0.1)
    assert said["loops"][0]["durationSeconds"] == pytest.approx(20, abs=0.1)
    assert [loop["state"] for loop in said["loops"]] == ["completed", "running", "queued"]


async def test_an_unknown_job_is_not_found(gateway: Running) -> None:
    for path in ("/api/bulk/job", "/api/bulk/jobs", "/api/bulk/realtime", "/realtime/bulk"):
        for job_id in ("nonsense", "1", "%00", "x" * 300, str(uuid4())):
            answer = await gateway.get(f"{path}/{job_id}")
            assert (answer.status, answer.body["error"]) == (404, "Job not found"), (path, job_id)


async def test_jobs_are_listed_newest_first_in_pages(gateway: Running) -> None:
    made = [await gateway.submit(1) for _ in range(5)]
    first = (await gateway.get("/api/bulk/jobs?limit=2")).body
    assert [job["jobId"] for job in first["jobs"]] == made[:2:-1]
    assert first["pagination"] == {"limit": 2, "offset": 0, "total": 5, "hasMore": True}
    last = (await gateway.get("/api/bulk/jobs?limit=50&offset=4")).body
    assert [job["jobId"] for job in last["jobs"]] == made[:1]
    assert last["pagination"] == {"limit": 50, "offset": 4, "total": 5, "hasMore": False}
    assert (await gateway.get("/api/bulk/jobs")).body["pagination"]["limit"] == 50
    assert (await gateway.get("/api/bulk/jobs?offset=9")).body["jobs"] == []


async def test_a_page_out_of_range_is_a_bad_request(gateway: Running) -> None:
    for query in (
        "limit=0",
        "limit=51",
        "limit=-1",
        "limit=x",
        "limit=1e1",
        "offset=-1",
        "offset=",
    ):
        answer = await gateway.get(f"/api/bulk/jobs?{query}")
        assert (answer.status, answer.body["error"]) == (400, "Bad Request"), query


async def test_each_owner_sees_its_own_jobs(guarded: Running) -> None:
    answer = await guarded.post(QUICK, quick(numbers(1)), X_API_Key=ANN)
    job_id = answer.body["jobId"]
    assert (await guarded.get(f"/api/bulk/job/{job_id}", X_API_Key=ANN)).status == 200
    for path in (f"/api/bulk/job/{job_id}", f"/api/bulk/realtime/{job_id}"):
        denied = await guarded.get(path, X_API_Key=BOB)
        assert (denied.status, denied.body["error"]) == (403, "Access denied")
        unknown = await guarded.get(path)
        assert (unknown.status, unknown.body["error"]) == (401, "Authentication required")
    listed = await guarded.get("/api/bulk/jobs", Authorization=f"Bearer {BOB}")
    assert listed.body["pagination"]["total"] == 0


async def test_an_unknown_path_and_a_wrong_method_are_named(gateway: Running) -> None:
    for method, path, status, title in (
        ("DELETE", "/", 405, "Method Not Allowed"),
        ("GET", "/api/nothing", 404, "ROUTE_NOT_FOUND"),
        ("POST", "/api/bulk/nothing/here", 404, "ROUTE_NOT_FOUND"),
        ("GET", QUICK, 405, "Method Not Allowed"),
        ("DELETE", "/api/bulk/jobs", 405, "Method Not Allowed"),
    ):
        answer = await gateway.ask(method, path, {})
        assert (answer.status, answer.body["error"]) == (status, title), (method, path)
        assert answer.body["path"] == path
        assert answer.body["message"]


async def test_a_key_becomes_a_cookie_that_reads_and_ends(guarded: Running) -> None:
    wrong = await guarded.post("/api/session", {"key": "not-a-key"})
    assert (wrong.status, wrong.body["error"]) == (401, "Authentication required")
    begun = await guarded.post("/api/session", {"key": ANN})
    assert (begun.status, begun.body) == (200, {"owner": "ann"})
    cookie = begun.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert ANN not in cookie
    session = cookie.split(";")[0]
    assert (await guarded.get("/api/bulk/jobs", Cookie=session)).status == 200
    ended = await guarded.ask("DELETE", "/api/session", {"Cookie": session})
    assert "Max-Age=0" in ended.headers["Set-Cookie"]


async def test_a_cookie_given_over_https_stays_there(guarded: Running) -> None:
    host = guarded.url.removeprefix("http://")
    begun = await guarded.post("/api/session", {"key": ANN}, Origin=f"https://{host}")
    assert "Secure" in begun.headers["Set-Cookie"]


async def test_metrics_count_answers_by_route_and_need_a_key(guarded: Running) -> None:
    await guarded.post(QUICK, quick(numbers(3)), X_API_Key=ANN)
    assert (await guarded.get("/metrics")).status == 401
    text = (await guarded.get("/metrics", X_API_Key=ANN)).body
    assert "loopcast_recipients_accepted_total 3.0" in text
    assert f'loopcast_http_requests_total{{route="{QUICK}",status="2xx"}} 1.0' in text
    assert 'loopcast_http_requests_total{route="/metrics",status="4xx"} 1.0' in text


async def test_the_series_of_every_route_are_there_before_anybody_asks(guarded: Running) -> None:
    lines = (await guarded.get("/metrics", X_API_Key=ANN)).body.splitlines()
    series = [line.rpartition(" ")[0] for line in lines]
    for path in {*(route.path for route in ROUTES), "none"}:
        for status in ("2xx", "4xx", "5xx"):
            assert f'loopcast_http_requests_total{{route="{path}",status="{status}"}}' in series
        assert f'loopcast_http_request_seconds_count{{route="{path}"}}' in series
    assert "loopcast_submissions_limit 16.0" in lines
    assert "loopcast_submissions_in_flight 0.0" in lines
    assert "loopcast_http_requests_in_flight 1.0" in lines


async def test_health_needs_no_key(guarded: Running) -> None:
    assert (await guarded.get("/healthz")).body == {"status": "ok"}
    assert (await guarded.get("/readyz")).body == {
        "status": "ready", "postgres": "ok", "jetstream": "ok",
    }  # fmt: skip


async def test_the_front_page_says_what_is_served_and_asks_for_no_key(guarded: Running) -> None:
    front = (await guarded.get("/")).body
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert (front["name"].lower(), front["version"]) == (project["name"], project["version"])
    assert [(route["method"], route["path"]) for route in front["routes"]] == [
        (route.method, route.path) for route in ROUTES
    ]
    assert all(route["does"] for route in front["routes"])


async def test_monitors_may_ask_with_head(guarded: Running) -> None:
    for path in ("/", "/healthz", "/readyz"):
        answer = await guarded.ask("HEAD", path, {})
        assert answer.status == 200, path
        assert int(answer.headers["Content-Length"]) > 0
    job_id = uuid4()
    streamed = await guarded.ask("HEAD", f"/api/bulk/realtime/{job_id}", {"X-API-Key": ANN})
    assert streamed.status == 405


async def test_an_expectation_that_is_not_served_is_refused_in_our_shape(gateway: Running) -> None:
    answer = await gateway.post(QUICK, quick(numbers(1)), Expect="a-miracle")
    assert (answer.status, answer.body["error"]) == (417, "Expectation Failed")
    assert (await gateway.post(QUICK, quick(numbers(1)), Expect="100-continue")).status == 201


async def test_a_session_body_that_cannot_be_unpacked_is_a_bad_request(guarded: Running) -> None:
    answer = await guarded.post("/api/session", data=b"no gzip", Content_Encoding="gzip")
    assert (answer.status, answer.body["error"]) == (400, "Bad Request")


async def test_a_session_body_is_bounded_in_bytes_and_in_time(
    guarded: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = await guarded.post("/api/session", data=b" " * (2**20 + 1))
    assert (large.status, large.body["error"]) == (413, "Payload too large")
    monkeypatch.setattr(sessions, "BODY_SECONDS", 0.05)
    host, port = guarded.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /api/session HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
    async with asyncio.timeout(5):
        assert (await reader.readline()).split()[1] == b"408"
    writer.close()


async def test_a_session_body_nested_too_deep_is_a_bad_request(guarded: Running) -> None:
    answer = await guarded.post("/api/session", data=b'{"x":' * 3000)
    assert (answer.status, answer.body["error"]) == (400, "Bad Request")


async def test_readiness_is_answered_while_postgresql_hangs(
    gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hanging() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(8)  # as asyncpg, when it cannot give its connection back

    monkeypatch.setattr(gateway.parts.store, "check", hanging)
    async with asyncio.timeout(5):
        answer = await gateway.get("/readyz")
    assert (answer.status, answer.body["jetstream"]) == (503, "ok")
    assert answer.body["postgres"] == "no answer within 2 s"


async def test_a_hundred_percent_is_all(gateway: Running, pool: Pool) -> None:
    job_id = await gateway.submit(1)
    cases = (
        (49_976, "running", 99.9), (49_999, "running", 99.9), (50_000, "settling", 99.9),
        (50_000, "completed", 100.0),
    )  # fmt: skip
    for sent, state, percentage in cases:
        await pool.execute(
            "UPDATE jobs SET total = 50000, sent = $2, queued = 50000 - $2, state = $3,"
            " finished_at = CASE $3 WHEN 'completed' THEN now() END WHERE id = $1",
            UUID(job_id), sent, state,
        )  # fmt: skip
        body = (await gateway.get(f"/api/bulk/job/{job_id}")).body
        assert body["progress"]["percentage"] == percentage
