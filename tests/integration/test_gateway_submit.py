"""Submitting: a job goes in whole or not at all, and every refusal is the contract's."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import aiohttp
import msgspec
import pytest
import structlog
from structlog.testing import LogCapture
from yarl import URL

from gateway import store, submit
from plumbing.broker import Broker
from plumbing.logs import Log
from plumbing.postgres import Pool
from schemas.environment import parse_api_keys
from schemas.jobs import Content, Template
from tests.gateways import (
    CUSTOMIZE,
    DIRECT,
    PHONE,
    QUICK,
    Answer,
    Running,
    numbers,
    quick,
    serving,
)

ONE = "+491701234567"


@pytest.fixture
async def gateway(database_url: str, nats_url: str, log: Log) -> AsyncIterator[Running]:
    async with serving(database_url, nats_url, log) as running:
        yield running


def rows(phones: list[str], **more: Any) -> dict[str, Any]:
    """The body of a customize send: each recipient is greeted by a name of its own."""
    return {
        "phoneNumberId": PHONE,
        "templateName": "order_update",
        "recipientColumn": "phone",
        "variableMappings": {"1": "name", "2": "total"},
        "data": [{"phone": p, "name": f"N{i}", "total": i * 1.5} for i, p in enumerate(phones, 1)],
        **more,
    }


def direct(phones: list[Any], **more: Any) -> dict[str, Any]:
    text = {"kind": "text", "text": {"body": "Hi", "preview_url": True}}
    return {"phone_number_id": PHONE, "recipients": phones, "message": text, **more}


async def jobs_in(pool: Pool) -> int:
    return int(await pool.fetchval("SELECT count(*) FROM jobs"))


async def test_a_quick_send_is_answered_and_written_down(gateway: Running, pool: Pool) -> None:
    body = quick(numbers(450), variables={"1": "Ann"}, campaign_name="Launch")
    answer = await gateway.post(QUICK, body)
    assert answer.status == 201
    said = dict(answer.body)
    job_id = UUID(said.pop("jobId"))
    assert said.pop("createdAt").endswith("Z")
    assert said == {
        "success": True, "bulk": True, "state": "queued", "totalRecipients": 450,
        "batchSize": 200, "totalBatches": 3, "loopSize": 200, "totalLoops": 3,
        "message": "450 recipients in 3 loops.",
        "accepted": 450, "duplicates": 0, "rejected": [], "rejectedTotal": 0, "suppressed": 0,
    }  # fmt: skip
    job = await pool.fetchrow("SELECT * FROM jobs")
    assert job is not None
    assert (job["id"], job["owner"], job["campaign_name"]) == (job_id, "local", "Launch")
    assert (job["total"], job["queued"], job["state"]) == (450, 450, "queued")
    content = msgspec.json.decode(job["content"], type=Content)
    assert content == Template("order_update", "en_US", {"1": "Ann"})
    loops = await pool.fetch("SELECT loop, first_seq, last_seq FROM loops ORDER BY loop")
    assert [tuple(loop) for loop in loops] == [(1, 1, 200), (2, 201, 400), (3, 401, 450)]
    messages = await pool.fetch("SELECT seq, recipient, variables FROM messages ORDER BY seq")
    assert [tuple(m) for m in messages] == [
        (seq, f"49170{seq - 1:07d}", None) for seq in range(1, 451)
    ]


async def test_a_customize_send_gives_each_recipient_its_own_values(
    gateway: Running, pool: Pool
) -> None:
    answer = await gateway.post(CUSTOMIZE, rows(numbers(7), language="de", campaign_name="c"))
    assert answer.status == 201
    messages = await pool.fetch("SELECT recipient, variables FROM messages ORDER BY seq")
    assert tuple(messages[6]) == ("491700000006", b'{"1": "N7", "2": "10.5"}')
    content = msgspec.json.decode(await pool.fetchval("SELECT content FROM jobs"), type=Content)
    assert content == Template("order_update", "de")


async def test_a_direct_send_takes_free_text_and_a_campaign_id(
    gateway: Running, pool: Pool
) -> None:
    answer = await gateway.post(DIRECT, direct(["+491701234567", 491701234568], campaignId="c-9"))
    assert (answer.status, answer.body["accepted"]) == (201, 2)
    job = await pool.fetchrow("SELECT campaign_id, content FROM jobs")
    assert job is not None
    assert job["campaign_id"] == "c-9"
    assert msgspec.json.decode(job["content"]) == {
        "kind": "text", "body": "Hi", "preview_url": True,
    }  # fmt: skip


async def test_lists_of_any_length(gateway: Running) -> None:
    said = []
    for count in (1, 50, 51, 199, 200, 201):
        answer = await gateway.post(QUICK, quick(numbers(count)))
        assert answer.status == 201
        said.append((answer.body["accepted"], answer.body["totalLoops"], answer.body["bulk"]))
    assert said == [
        (1, 1, False),
        (50, 1, False),
        (51, 1, True),
        (199, 1, True),
        (200, 1, True),
        (201, 2, True),
    ]


async def test_the_same_number_twice_keeps_the_first_rows_values(
    gateway: Running, pool: Pool
) -> None:
    people = {"+49 170 1": "x", ONE: "Ann", "00491701234567": "Bob", "+491701234568": "Cy"}
    data = [{"phone": phone, "name": name, "total": 1} for phone, name in people.items()]
    answer = await gateway.post(CUSTOMIZE, rows([], data=data))
    assert answer.status == 201
    assert (answer.body["accepted"], answer.body["duplicates"]) == (2, 1)
    assert answer.body["rejected"] == [
        {"line": 1, "value": "+49 170 1", "reason": "too short for +49"}
    ]
    assert answer.body["rejectedTotal"] == 1
    messages = await pool.fetch("SELECT recipient, variables FROM messages ORDER BY seq")
    assert tuple(messages[0]) == ("491701234567", b'{"1": "Ann", "2": "1"}')


async def test_at_most_twenty_rejected_lines_are_listed(gateway: Running) -> None:
    text = "\n".join([*(["nobody"] * 30), *numbers(2)])
    answer = await gateway.post(QUICK, quick([], recipients_text=text))
    assert answer.status == 201
    assert (len(answer.body["rejected"]), answer.body["rejectedTotal"]) == (20, 30)


async def test_national_numbers_work_with_a_region(
    database_url: str, nats_url: str, log: Log, pool: Pool
) -> None:
    async with serving(database_url, nats_url, log, default_region="DE") as gateway:
        answer = await gateway.post(QUICK, quick(["0170 1234567", "0049 170 1234568"]))
    assert answer.status == 201
    assert await pool.fetchval("SELECT array_agg(recipient ORDER BY seq) FROM messages") == [
        "491701234567", "491701234568",
    ]  # fmt: skip


REFUSED: tuple[tuple[str, object, str], ...] = (
    (QUICK, {}, "Missing required fields"),
    (QUICK, {"phone_number_id": PHONE, "template_name": "t"}, "Missing required fields"),
    (CUSTOMIZE, {"templateName": "t"}, "Missing required fields"),
    (DIRECT, {"recipients": [ONE]}, "Missing required fields"),
    (DIRECT, {"recipients": [ONE], "message": {"kind": "text", "text": {"body": "Hi"}}},
     "Missing required fields"),
    (QUICK, quick([]), "No recipients provided"),
    (QUICK, quick([], recipients_text=" ,\n ,, \r\n"), "No recipients provided"),
    (CUSTOMIZE, rows([]), "No recipients provided"),
    (DIRECT, direct([]), "No recipients provided"),
    (QUICK, quick(["hello", "123"]), "No valid recipients found"),
    (CUSTOMIZE, rows(["12"]), "No valid recipients found"),
    (DIRECT, direct([True]), "No valid recipients found"),
    (QUICK, quick(numbers(11)), "Job Creation Failed"),
    (QUICK, [], "Bad Request"),
    (QUICK, quick([ONE], recipients_text=5), "Bad Request"),
    (QUICK, quick([ONE], phone_number_id="../me"), "Bad Request"),
    (QUICK, quick([ONE], variables={"1": "a", "x": "b"}), "Bad Request"),
    (QUICK, quick([ONE], variables={"1": "nul \x00"}), "Bad Request"),
    (CUSTOMIZE, rows([ONE], data=[5]), "Bad Request"),
    (CUSTOMIZE, rows([ONE], recipientColumn="mobile"), "Bad Request"),
    (CUSTOMIZE, rows([ONE], variableMappings={"1": "city"}), "Bad Request"),
    (DIRECT, direct([ONE], message={"kind": "fax"}), "Bad Request"),
)  # fmt: skip


async def test_a_bad_submission_is_a_400_and_makes_nothing(
    database_url: str, nats_url: str, log: Log, pool: Pool
) -> None:
    async with serving(database_url, nats_url, log, hard_cap=10) as gateway:
        for path, body, title in REFUSED:
            answer = await gateway.post(path, body)
            assert (answer.status, answer.body["error"]) == (400, title), (path, body)
            assert answer.body["message"]
    assert await jobs_in(pool) == 0


async def test_one_more_than_the_cap_names_cap_and_count(
    database_url: str, nats_url: str, log: Log
) -> None:
    async with serving(database_url, nats_url, log, hard_cap=50) as gateway:
        assert (await gateway.post(QUICK, quick(numbers(50) + numbers(1)))).status == 201
        answer = await gateway.post(QUICK, quick(numbers(51)))
    assert answer.status == 400
    assert answer.body == {
        "error": "Job Creation Failed",
        "message": "Recipients exceed hard cap of 50",
        "details": {"cap": 50, "count": 51},
    }


async def test_what_is_no_json_is_a_bad_request(gateway: Running) -> None:
    for body in (b"", b"{", b"\xff\xfe", b'{"recipients_text": "\xff"}', b"null"):
        answer = await gateway.post(QUICK, data=body)
        assert (answer.status, answer.body["error"]) == (400, "Bad Request"), body


async def test_a_missing_column_is_named_with_those_there_are(gateway: Running) -> None:
    answer = await gateway.post(CUSTOMIZE, rows([ONE], variableMappings={"1": "city"}))
    assert answer.body["message"] == (
        'data has no column "city"; its columns are: phone, name, total.'
    )


async def test_a_body_over_16_mib_is_too_large(gateway: Running, pool: Pool) -> None:
    body = b'{"recipients_text": "' + b"1" * (16 * 2**20) + b'"}'
    answer = await gateway.post(QUICK, data=body)
    assert (answer.status, answer.body["error"]) == (413, "Payload too large")

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 2**20):
            yield body[start : start + 2**20]

    async with gateway.http.post(gateway.url + QUICK, data=chunks()) as response:
        assert (response.status, (await response.json())["error"]) == (413, "Payload too large")
    assert await jobs_in(pool) == 0


async def test_a_large_body_within_the_limit_is_taken(gateway: Running) -> None:
    text = "\n".join(numbers(1000)) + "\n" * (15 * 2**20)
    answer = await gateway.post(QUICK, data=msgspec.json.encode(quick([], recipients_text=text)))
    assert answer.status in (201, 413)  # a newline takes two bytes of JSON
    text = "\n".join(numbers(1000)) + "\n" * (7 * 2**20)
    answer = await gateway.post(QUICK, data=msgspec.json.encode(quick([], recipients_text=text)))
    assert (answer.status, answer.body["accepted"]) == (201, 1000)


async def test_too_many_submissions_at_once_are_told_to_come_back(gateway: Running) -> None:
    gate = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b'{"phone'
        await gate.wait()
        yield msgspec.json.encode(quick(numbers(1)))[7:]

    async def post() -> int:
        async with gateway.http.post(gateway.url + QUICK, data=slowly()) as response:
            return response.status

    waiting = [asyncio.create_task(post()) for _ in range(16)]
    async with asyncio.timeout(10):
        while not gateway.parts.admission.is_full:
            await asyncio.sleep(0.01)
    answer = await gateway.post(QUICK, quick(numbers(1)))
    assert (answer.status, answer.body["error"]) == (429, "Too many bulk requests")
    assert answer.headers["Retry-After"] == "1"
    assert (await gateway.get("/healthz")).status == 200
    gate.set()
    assert await asyncio.gather(*waiting) == [201] * 16
    assert (await gateway.post(QUICK, quick(numbers(1)))).status == 201


async def test_a_body_that_does_not_arrive_is_given_up(
    gateway: Running, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submit, "BODY_SECONDS", 0.2)

    async def stuck() -> AsyncIterator[bytes]:
        yield b'{"phone'
        await asyncio.sleep(30)

    async with gateway.http.post(gateway.url + QUICK, data=stuck()) as response:
        assert (response.status, (await response.json())["error"]) == (408, "Request Timeout")
    assert await jobs_in(pool) == 0


async def test_the_lane_gets_its_turn_with_the_jobs_order(gateway: Running, broker: Broker) -> None:
    made = await gateway.post(QUICK, quick(numbers(3)), X_Request_Id="checkout-17")
    job_id = made.body["jobId"]
    turn = await broker.js.get_last_msg("BULK_JOBS", f"bulk.jobs.{PHONE}")
    assert turn.data is not None
    assert msgspec.json.decode(turn.data) == {
        "jobId": job_id, "phoneNumberId": PHONE, "template": "order_update", "total": 3, "v": 1,
        "trace": "checkout-17",
    }  # fmt: skip
    assert (await gateway.post(QUICK, quick(numbers(1)))).status == 201  # it has its turn already


async def test_a_retried_submission_gets_the_first_ones_answer(
    gateway: Running, pool: Pool
) -> None:
    body = quick([*numbers(3), "nobody", *numbers(1)])
    first = await gateway.post(QUICK, body, Idempotency_Key="k-1")
    again = await gateway.post(QUICK, body, Idempotency_Key="k-1")
    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    other = await gateway.post(QUICK, quick(numbers(4)), Idempotency_Key="k-1")
    assert (other.status, other.body["error"]) == (422, "Idempotency key reused")
    assert await jobs_in(pool) == 1


async def test_submissions_with_one_key_at_the_same_moment_make_one_job(
    gateway: Running, pool: Pool
) -> None:
    body = quick(numbers(2000))
    answers: list[Answer] = await asyncio.gather(
        *(gateway.post(QUICK, body, Idempotency_Key="k-2") for _ in range(8))
    )
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["jobId"] for answer in answers}) == 1
    replayed = [answer for answer in answers if "Idempotency-Replayed" in answer.headers]
    assert len(replayed) == 7
    assert await jobs_in(pool) == 1
    assert await pool.fetchval("SELECT count(*) FROM messages") == 2000


async def test_an_unusable_key_is_a_bad_request(gateway: Running) -> None:
    for key in ("", "x" * 256, "\u00fc"):
        answer = await gateway.post(QUICK, quick(numbers(1)), Idempotency_Key=key)
        assert (answer.status, answer.body["error"]) == (400, "Bad Request"), key


async def test_keys_of_two_owners_do_not_meet(
    database_url: str, nats_url: str, log: Log, pool: Pool
) -> None:
    keys = parse_api_keys("ann:ann-key-1,bob:bob-key-1")
    async with serving(database_url, nats_url, log, api_keys=keys) as gateway:
        for key in ("ann-key-1", "bob-key-1"):
            answer = await gateway.post(
                QUICK, quick(numbers(1)), Idempotency_Key="k", X_API_Key=key
            )
            assert answer.status == 201
    assert await pool.fetchval("SELECT array_agg(owner ORDER BY owner) FROM jobs") == ["ann", "bob"]


async def test_a_submission_is_logged_once_and_shows_no_number(
    database_url: str, nats_url: str
) -> None:
    lines = LogCapture()
    log: Log = structlog.wrap_logger(None, processors=[lines], wrapper_class=structlog.BoundLogger)
    async with serving(database_url, nats_url, log) as gateway:
        job_id = await gateway.submit(3)
    submitted = [line for line in lines.entries if line["event"] == "job submitted"]
    assert [(line["job_id"], line["owner"], line["accepted"]) for line in submitted] == [
        (job_id, "local", 3)
    ]
    assert "49170" not in repr(lines.entries)


@pytest.mark.parametrize("form", ["text", "rows"])
async def test_50_000_recipients_go_in_while_everything_else_goes_on(
    gateway: Running, pool: Pool, form: str
) -> None:
    phones = numbers(50_000)
    path, body = (QUICK, quick(phones)) if form == "text" else (CUSTOMIZE, rows(phones))
    data = msgspec.json.encode(body)
    ticker = asyncio.create_task(_longest_stall())
    started = time.monotonic()
    answer = await gateway.post(path, data=data)
    seconds = time.monotonic() - started
    ticker.cancel()
    stall = (await asyncio.gather(ticker, return_exceptions=True))[0]
    assert (answer.status, answer.body["accepted"]) == (201, 50_000)
    assert await pool.fetchval("SELECT count(*) FROM messages") == 50_000
    assert await pool.fetchval("SELECT max(loop) FROM loops") == 250
    assert isinstance(stall, Stalled)
    print(f"{form}: accepted in {seconds:.2f} s, longest stall {stall.seconds * 1000:.0f} ms")
    assert stall.seconds < 0.5


class Stalled(Exception):
    """How long the event loop once took to come around."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


async def _longest_stall() -> None:
    longest, last = 0.0, time.monotonic()
    try:
        while True:
            await asyncio.sleep(0.001)
            now = time.monotonic()
            longest, last = max(longest, now - last), now
    except asyncio.CancelledError:
        raise Stalled(longest) from None


async def test_a_ledger_that_is_stuck_in_the_middle_is_a_503_before_long(
    gateway: Running, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "COPY_SECONDS", 0.5)
    copying = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'COPY%' AND state = 'active'"
    async with pool.acquire() as holder, asyncio.timeout(10):
        async with holder.transaction():
            await holder.execute("LOCK TABLE messages IN SHARE MODE")
            submitting = asyncio.create_task(gateway.post(QUICK, quick(numbers(2000))))
            while (pid := await pool.fetchval(copying)) is None:
                await asyncio.sleep(0.01)
            os.kill(pid, signal.SIGSTOP)
        try:
            answer = await submitting
        finally:
            os.kill(pid, signal.SIGCONT)
    assert (answer.status, answer.body["error"]) == (503, "Service Unavailable")
    assert (await gateway.post(QUICK, quick(numbers(1)))).status == 201


async def test_fields_that_are_not_known_are_named_in_the_answer(gateway: Running) -> None:
    body = quick(numbers(3), templat_language="de")
    answers = [await gateway.post(QUICK, body, Idempotency_Key="k") for _ in range(2)]
    for answer in answers:
        assert (answer.status, answer.body["ignoredFields"]) == (201, ["templat_language"])
        assert answer.body["message"] == "3 recipients in 1 loop."


async def test_a_busy_lane_holds_no_submission_up(
    gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plumbing.broker._RETRY_AFTER_SECONDS", 30)
    await gateway.submit(1)
    async with asyncio.timeout(10):
        await gateway.submit(1)


async def test_a_client_that_goes_away_in_the_middle_leaves_nothing_half_made(
    gateway: Running, pool: Pool
) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b'{"phone_number_id": "1"'
        raise OSError("the client has gone")

    with pytest.raises((OSError, aiohttp.ClientError)):
        await gateway.http.post(gateway.url + QUICK, data=broken())
    assert (await gateway.get("/healthz")).status == 200
    assert await jobs_in(pool) == 0


@pytest.mark.parametrize("place", ["unknown", "recipients"])
async def test_json_nested_without_end_is_a_bad_request(gateway: Running, place: str) -> None:
    nest = "[" * 5000 + "]" * 5000
    lists = {"recipients": f'["{ONE}"]', "unknown": "1", place: nest}
    message = '{"kind": "text", "text": {"body": "x"}}'
    body = f'{{"message": {message}, "phone_number_id": "{PHONE}"'
    body += "".join(f', "{name}": {value}' for name, value in lists.items()) + "}"
    answer = await gateway.post(DIRECT, data=body.encode())
    assert (answer.status, answer.body["error"]) == (400, "Bad Request")


async def test_a_body_that_cannot_be_unpacked_is_a_bad_request(gateway: Running) -> None:
    answer = await gateway.post(QUICK, data=b"no gzip", Content_Encoding="gzip")
    assert (answer.status, answer.body["error"]) == (400, "Bad Request")


async def test_a_list_of_nonsense_without_end_is_refused(
    database_url: str, nats_url: str, log: Log
) -> None:
    async with serving(database_url, nats_url, log, hard_cap=100) as gateway:
        answer = await gateway.post(QUICK, quick(["x"] * 1000))
        assert answer.status == 400
        assert "more than 400 entries" in answer.body["message"]


async def test_what_is_no_http_is_answered_in_json_and_repeats_no_key(
    gateway: Running, caplog: pytest.LogCaptureFixture
) -> None:
    url = URL(gateway.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-API-Key: hush-hush-key\r\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 400 " in head
    assert json.loads(body)["error"]
    assert b"hush-hush" not in answer
    assert "hush-hush" not in caplog.text
