"""Each request has an id in its answer and in its log line; the line's level says how it went."""

import re

import pytest
import structlog
from structlog.testing import LogCapture

from gateway import submit
from plumbing.logs import Log
from tests.gateways import QUICK, numbers, quick, serving
from tests.support import until

OURS = re.compile(r"[0-9a-f]{32}")


@pytest.fixture
def lines() -> LogCapture:
    return LogCapture()


async def test_a_request_is_told_at_the_level_of_what_came_of_it(
    database_url: str, nats_url: str, lines: LogCapture
) -> None:
    log = structlog.wrap_logger(None, [structlog.contextvars.merge_contextvars, lines])
    async with serving(database_url, nats_url, log) as gateway:
        lines.entries.clear()
        answers = [
            await gateway.post(QUICK, quick(numbers(1)), X_Request_Id="mine"),
            await gateway.get("/api/bulk/jobs"),
            await gateway.get("/api/suppressions/+4915112345678"),
            await gateway.get("/nothing/+4915112345678"),
            await gateway.post("/webhooks/whatsapp", {}),
            await gateway.get("/healthz"),
            await gateway.get("/readyz"),
            await gateway.get("/metrics"),
            await gateway.ask("PATCH", "/api/bulk/jobs", {}),
        ]
    told = [
        (line["log_level"], line["method"], line["route"], line["status"])
        for line in lines.entries
        if line["event"] == "request"
    ]
    assert told == [
        ("info", "POST", QUICK, 201),
        ("debug", "GET", "/api/bulk/jobs", 200),
        ("info", "GET", "/api/suppressions/{number}", 404),
        ("info", "GET", "none", 404),
        ("info", "POST", "/webhooks/whatsapp", 403),
        ("info", "PATCH", "none", 405),
    ]
    ids = [answer.headers["X-Request-Id"] for answer in answers]
    assert ids[0] == "mine"
    assert all(OURS.fullmatch(made) for made in ids[1:])
    assert len(set(ids)) == len(ids)
    traced = [line["trace"] for line in lines.entries if line["event"] == "request"]
    assert traced == [*ids[:5], ids[8]]
    assert lines.entries[0] == {**lines.entries[0], "event": "job submitted", "trace": "mine"}


async def test_a_fault_of_ours_is_answered_with_the_id_that_finds_it(
    database_url: str, nats_url: str, lines: LogCapture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: object) -> None:
        raise RuntimeError("a fault")

    log = structlog.wrap_logger(None, [structlog.contextvars.merge_contextvars, lines])
    monkeypatch.setattr(submit, "_submit", breaks)
    async with serving(database_url, nats_url, log) as gateway:
        answer = await gateway.post(QUICK, quick(numbers(1)))
    made = answer.headers["X-Request-Id"]
    assert (answer.status, answer.body["details"]) == (500, {"requestId": made})
    failed, request = [line for line in lines.entries if line.get("trace") == made]
    assert (failed["event"], failed["route"]) == ("a request failed", QUICK)
    assert (request["event"], request["log_level"]) == ("request", "warning")


async def test_an_event_stream_has_its_id_before_its_first_event(
    database_url: str, nats_url: str, lines: LogCapture
) -> None:
    log = structlog.wrap_logger(None, [lines])
    async with serving(database_url, nats_url, log) as gateway:
        job_id = await gateway.submit(1)
        async with gateway.watch(job_id) as stream:
            await stream.take(1)
            assert OURS.fullmatch(stream.response.headers["X-Request-Id"])


async def test_a_body_that_cannot_be_unpacked_is_no_error_of_ours(
    database_url: str, nats_url: str, log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "aiohttp.server")
    async with serving(database_url, nats_url, log) as gateway:
        answer = await gateway.post(QUICK, data=b"no gzip", Content_Encoding="gzip")
        await until(lambda: bool(caplog.records), "the rest of the body is looked at")
    assert answer.status == 400
    assert [record.levelname for record in caplog.records] == ["INFO"]
