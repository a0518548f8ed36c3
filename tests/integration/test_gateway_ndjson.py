"""NDJSON straight into a job: line by line, and all or nothing."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway import bodies, ndjson
from plumbing.logs import Log
from plumbing.postgres import Pool
from tests.gateways import PHONE, Answer, Running, serving

SEND = "/api/bulk/send.ndjson"
ORDER: dict[str, Any] = {
    "phoneNumberId": PHONE, "templateName": "order_update", "recipientColumn": "to",
    "variableMappings": {"1": "name"},
}  # fmt: skip
A, B = "+49 170 1234567", "+49 170 1234568"


@pytest.fixture
async def gateway(database_url: str, nats_url: str, log: Log) -> AsyncIterator[Running]:
    async with serving(database_url, nats_url, log) as running:
        yield running


def lines(*rows: object, order: dict[str, Any] | None = None) -> bytes:
    return "\n".join(json.dumps(row) for row in (order or ORDER, *rows)).encode()


async def send(gateway: Running, body: bytes, **headers: str) -> Answer:
    return await gateway.post(SEND, data=body, **headers)


async def jobs(pool: Pool) -> int:
    return int(await pool.fetchval("SELECT count(*) FROM jobs"))


async def test_each_line_is_a_recipient(gateway: Running, pool: Pool) -> None:
    rows = ({"to": A, "name": "Ann"}, {"to": A, "name": "x"}, {"to": "0170"}, {"to": B, "name": 7})
    answer = await send(gateway, lines(*rows) + b"\r\n\n")
    assert answer.status == 201, answer.body
    counts = [answer.body[name] for name in ("accepted", "duplicates", "rejectedTotal")]
    assert counts == [2, 1, 1]
    assert answer.body["rejected"][0]["line"] == 4
    found = await pool.fetch("SELECT recipient, variables::text FROM messages ORDER BY seq")
    assert [(row[0], json.loads(row[1])) for row in found] == [
        ("491701234567", {"1": "Ann"}), ("491701234568", {"1": "7"}),
    ]  # fmt: skip


async def test_lines_may_be_cut_anywhere(gateway: Running) -> None:
    body = b"\xef\xbb\xbf" + lines(*({"to": A, "name": "Jürgen"},) * 20)

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 7):
            yield body[at : at + 7]

    async with gateway.http.post(gateway.url + SEND, data=pieces()) as response:
        said = await response.json()
    assert (response.status, said["accepted"], said["duplicates"]) == (201, 1, 19)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "The body is empty"),
        (b"\n\n", "The body is empty"),
        (b"{", "Line 1: The body is not valid JSON"),
        (b"[]", "Line 1: The body must be an object"),
        (lines({"to": A, "name": "x"}) + b"\n{", "Line 3 cannot be read"),
        (lines({"to": A, "name": "x"}, []), "Line 3 cannot be read"),
        (lines({"to": A, "name": "x"}) + b'\n\n{"to": "\xff"}', "Line 4 cannot be read"),
        (lines({"to": A, "name": "a\0b"}), "Line 2 has a NUL character"),
        (lines({"to": A, "x": 1}), 'The rows have no column "name"; its columns are: to, x'),
        (lines(), "at least one phone number"),
        (lines(order=ORDER | {"data": []}), "do not belong into it"),
        (lines(order=ORDER | {"uploadId": "x"}), "do not belong into it"),
        (lines(order={"templateName": "x"}), "phoneNumberId, recipientColumn"),
        (lines({"to": A, "name": "x" * 300_000}), "Line 2 has more than 256 KiB"),
        (lines({"to": "0170", "name": "x"}), "None of the 1 recipients"),
    ],
)
async def test_what_cannot_be_read_is_told_by_its_line_and_makes_no_job(
    gateway: Running, pool: Pool, body: bytes, says: str
) -> None:
    answer = await send(gateway, body)
    assert answer.status == 400, answer.body
    assert says in answer.body["message"]
    assert await jobs(pool) == 0


async def test_misspelt_fields_of_the_order_are_told(gateway: Running) -> None:
    answer = await send(gateway, lines({"to": A, "name": "x"}, order=ORDER | {"langauge": "de"}))
    assert answer.body["ignoredFields"] == ["langauge"]


async def test_a_key_makes_one_job_of_the_same_body(gateway: Running, pool: Pool) -> None:
    body = lines({"to": A, "name": "x"})
    first, second = [await send(gateway, body, Idempotency_Key="k") for _ in range(2)]
    assert (first.status, second.status) == (201, 201)
    assert first.body == second.body
    assert second.headers["Idempotency-Replayed"] == "true"
    other = await send(gateway, body + b"\n" + json.dumps({"to": B}).encode(), Idempotency_Key="k")
    assert other.status == 422
    assert await jobs(pool) == 1


async def test_a_body_that_breaks_off_makes_no_job(gateway: Running, pool: Pool) -> None:
    head = f"POST {SEND} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n".encode()
    _, writer = await asyncio.open_connection("127.0.0.1", gateway.parts.settings.port)
    writer.write(head + lines({"to": A, "name": "x"}) + b"\n")
    await writer.drain()
    async with asyncio.timeout(10):
        while gateway.parts.transfers.inside == 0:
            await asyncio.sleep(0.01)
        writer.close()
        while gateway.parts.transfers.inside > 0:
            await asyncio.sleep(0.01)
    assert await jobs(pool) == 0


async def test_a_client_that_falls_silent_is_refused(
    gateway: Running, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "CHUNK_SECONDS", 0.2)

    async def silent() -> AsyncIterator[bytes]:
        yield lines({"to": A, "name": "x"}) + b"\n"
        await asyncio.sleep(2)

    async with gateway.http.post(gateway.url + SEND, data=silent()) as response:
        assert response.status == 408
    assert await jobs(pool) == 0


async def test_a_body_that_is_too_large_is_refused(
    gateway: Running, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ndjson, "BODY_LIMIT_BYTES", 1000)
    assert (await send(gateway, lines(*({"to": A, "name": "x"},) * 100))).status == 413
    assert await jobs(pool) == 0
