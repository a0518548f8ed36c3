"""A file and NDJSON know of plans, dry runs and test sends what the three forms know."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from plumbing.logs import Log
from plumbing.postgres import Pool
from tests.gateways import CUSTOMIZE, PHONE, Running, serving

UPLOAD = "/api/bulk/upload"
NDJSON = "/api/bulk/send.ndjson"
TEST = "/api/whatsapp/test-send"
LIST = """\
Name;Phone;Zone
Ann;+49 170 1234567;Asia/Kolkata
Bo;+49 170 1234568;
Cy;0170;
Di;+49 170 1234569;Nowhere/At all
"""
ORDER: dict[str, Any] = {
    "phoneNumberId": PHONE, "templateName": "order_update", "recipientColumn": "Phone",
    "variableMappings": {"1": "Name"},
}  # fmt: skip
BY_THEIR_CLOCK = {
    "window": {"from": "00:00", "to": "24:00", "zone": "recipient"}, "zoneColumn": "Zone",
}  # fmt: skip


@pytest.fixture
async def gateway(database_url: str, nats_url: str, log: Log) -> AsyncIterator[Running]:
    async with serving(database_url, nats_url, log) as running:
        yield running


@pytest.fixture
async def upload_id(gateway: Running) -> str:
    answer = await gateway.post(UPLOAD, data=LIST.encode())
    assert answer.status == 201, answer.body
    return str(answer.body["id"])


def rows() -> list[dict[str, str]]:
    names, *lines = (line.split(";") for line in LIST.splitlines())
    return [dict(zip(names, line, strict=True)) for line in lines]


def lines(**more: Any) -> bytes:
    return "\n".join(json.dumps(line) for line in ({**ORDER, **more}, *rows())).encode()


def tomorrow() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


async def test_a_file_is_planned_with_the_zones_of_a_column(
    gateway: Running, pool: Pool, upload_id: str
) -> None:
    body = {**ORDER, **BY_THEIR_CLOCK, "uploadId": upload_id, "scheduledAt": tomorrow()}
    made = await gateway.post(CUSTOMIZE, body)
    assert (made.status, made.body["accepted"], made.body["rejectedTotal"]) == (201, 2, 2)
    assert await zones(pool, made.body["jobId"]) == ["Asia/Kolkata", None]
    job = (await gateway.get(f"/api/bulk/job/{made.body['jobId']}")).body
    assert job["limitedBy"] == "schedule"


async def test_ndjson_is_planned_with_the_zones_of_a_column(gateway: Running, pool: Pool) -> None:
    made = await gateway.post(NDJSON, data=lines(**BY_THEIR_CLOCK, messagesPerSecond=3))
    assert (made.status, made.body["accepted"], made.body["rejectedTotal"]) == (201, 2, 2)
    assert await zones(pool, made.body["jobId"]) == ["Asia/Kolkata", None]
    job = (await gateway.get(f"/api/bulk/job/{made.body['jobId']}")).body
    assert job["messagesPerSecond"] == 3


async def test_a_column_of_zones_that_the_file_lacks_is_named(
    gateway: Running, upload_id: str
) -> None:
    body = {**ORDER, **BY_THEIR_CLOCK, "uploadId": upload_id, "zoneColumn": "Clock"}
    answer = await gateway.post(CUSTOMIZE, body)
    assert answer.status == 400
    assert '"Clock"' in answer.body["message"]


async def test_a_dry_run_of_a_file_and_of_ndjson_is_that_of_the_rows_and_makes_nothing(
    gateway: Running, pool: Pool, upload_id: str
) -> None:
    plans = [
        await gateway.post(f"{CUSTOMIZE}?dryRun=true", {**ORDER, "data": rows()}),
        await gateway.post(f"{CUSTOMIZE}?dryRun=true", {**ORDER, "uploadId": upload_id}),
        await gateway.post(f"{NDJSON}?dryRun=true", data=lines()),
    ]
    assert [(plan.status, plan.body["dryRun"]) for plan in plans] == [(200, True)] * 3
    told = [{name: plan.body[name] for name in ("accepted", "rejectedTotal", "examples")}
            for plan in plans]  # fmt: skip
    assert told[0]["accepted"] == 3
    assert told[1] == told[2] == told[0]
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 0


async def test_a_dry_run_of_ndjson_says_what_would_be_refused(gateway: Running) -> None:
    other = json.dumps(ORDER).encode() + b'\n{"Name": "x"}'
    plan = await gateway.post(f"{NDJSON}?dryRun=true", data=other)
    assert (plan.status, plan.body["success"], plan.body["refused"]["status"]) == (200, False, 400)
    unclear = await gateway.post(f"{NDJSON}?dryRun=maybe", data=lines())
    assert unclear.status == 400
    broken = await gateway.post(f"{NDJSON}?dryRun=true", data=b"{")
    assert broken.status == 400


async def test_a_test_send_takes_a_row_of_a_file(
    gateway: Running, pool: Pool, upload_id: str
) -> None:
    """Also a row whose own number cannot be sent to: another one gets it."""
    body = {**ORDER, "uploadId": upload_id, "to": "+49 170 9999999", "row": 3}
    made = await gateway.post(TEST, body)
    assert (made.status, made.body["accepted"]) == (201, 1), made.body
    sent = await pool.fetch(
        "SELECT recipient, variables::text FROM messages WHERE job_id = $1",
        UUID(made.body["jobId"]),
    )
    assert [(row[0], json.loads(row[1])) for row in sent] == [("491709999999", {"1": "Cy"})]


@pytest.mark.parametrize(("row", "says"), [(0, "row must be 1"), (5, "row must be from 1 to 4")])
async def test_a_row_that_a_file_does_not_have_is_refused(
    gateway: Running, pool: Pool, upload_id: str, row: int, says: str
) -> None:
    body = {**ORDER, "uploadId": upload_id, "to": "+49 170 9999999", "row": row}
    answer = await gateway.post(TEST, body)
    assert answer.status == 400
    assert says in answer.body["message"]
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 0


async def zones(pool: Pool, job_id: str) -> list[str | None]:
    found = await pool.fetch("SELECT zone FROM messages WHERE job_id = $1 ORDER BY seq", job_id)
    return [row["zone"] for row in found]
