"""One id finds a request in the logs of every process, and no line tells whom it was about."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.e2e.test_campaign import finished
from tests.fleet import PHONE, Fleet

pytestmark = pytest.mark.timeout(120)

TRACE = "shop-2026.checkout:17"
KEYS = {"API_KEYS": "shop:a-key-of-a-shop,other:another-key"}
SECRETS = (
    "a-key-of-a-shop",
    "another-key",
    "wrong-key-wrong",
    "an-app-secret-of-32-digits",
    "a-token-of-meta",
)
SETTINGS = {
    **KEYS, "META_ACCESS_TOKEN": "a-token-of-meta", "META_APP_SECRET": "an-app-secret-of-32-digits",
    "LOG_LEVEL": "debug",
}  # fmt: skip
ALWAYS = {"at", "level", "event", "process"}


def lines_of(folder: Path, process: str) -> list[dict[str, Any]]:
    """Each line of each process of this name; fails where one is no JSON object."""
    texts = [path.read_text() for path in sorted(folder.glob(f"{process}-*.log"))]
    found = [json.loads(line) for text in texts for line in text.splitlines()]
    assert all(isinstance(line, dict) and line.keys() >= ALWAYS for line in found)
    return found


def rows(fates: list[int]) -> list[dict[str, str]]:
    """People, some of whom the sandbox refuses, and lines that are no number at all."""
    taken = [{"phone": f"+49 1511 {seq:07d}", "name": "Ann"} for seq in fates]
    return [*taken, {"phone": "+49 1511 1234567890123", "name": "Bob"}, {"phone": "Ann"}]


async def test_one_id_finds_a_request_in_all_processes_and_nobody_is_named(fleet: Fleet) -> None:
    fleet.env.update(SETTINGS)
    body = {
        "templateName": "order_update", "phoneNumberId": PHONE, "recipientColumn": "phone",
        "data": rows(list(range(1, 51))), "variableMappings": {"1": "name", "2": "name"},
    }  # fmt: skip
    url = f"{fleet.api}/whatsapp/bulk-customize-send"
    mine = {"X-API-Key": "a-key-of-a-shop"}
    fleet.http.headers.update(mine)
    errors = "131026=0.3,131047=0.1"
    with fleet.sandbox(SANDBOX_ERRORS=errors), fleet.gateway(), fleet.daemon():
        async with fleet.http.post(url, json=body, headers={"X-Request-Id": TRACE}) as answer:
            made, told = await answer.json(), answer.headers["X-Request-Id"]
        job = await finished(fleet, made["jobId"])
        refusals = await refused_requests(fleet, made["jobId"])
    gateway, daemon = lines_of(fleet.folder, "gateway"), lines_of(fleet.folder, "daemon")
    assert (told, job["requestId"], made["rejectedTotal"]) == (TRACE, TRACE, 2)
    assert job["failed"] > 0
    assert [line["event"] for line in gateway if line.get("trace") == TRACE] == [
        "job submitted", "request",
    ]  # fmt: skip
    about_it = [line for line in daemon if line.get("job_id") == made["jobId"]]
    assert {line["trace"] for line in about_it} == {TRACE}
    assert {line["phone_number_id"] for line in about_it} == {PHONE}
    assert [line["event"] for line in about_it] == [
        "loop started", "loop completed", "loop started", "loop completed", "job finished",
    ]  # fmt: skip
    assert [line["loop"] for line in about_it[:4]] == [1, 1, 2, 2]
    requests = [line for line in gateway if line["event"] == "request"]
    assert {(line["route"], line["status"]) for line in requests} >= refusals
    assert all(line["trace"] and line["ms"] >= 0 for line in requests)
    assert len({line["trace"] for line in requests}) == len(requests)
    assert_nobody_is_named(fleet.folder)


async def refused_requests(fleet: Fleet, job_id: str) -> set[tuple[str, int]]:
    """Requests that name people and keys, and are refused or look somebody up."""
    person = "+4915110000001"
    asked: list[tuple[str, str, dict[str, Any], str, int]] = [
        ("GET", f"/suppressions/{person}", {}, "/api/suppressions/{number}", 404),
        ("DELETE", f"/suppressions/{person}", {}, "/api/suppressions/{number}", 404),
        ("POST", "/suppressions", {"json": {"numbers": [person]}}, "/api/suppressions", 200),
        ("DELETE", f"/suppressions/{person}", {}, "/api/suppressions/{number}", 200),
        ("GET", f"/nothing/{person}?key=another-key", {}, "none", 404),
        ("GET", f"/bulk/job/{person}", {}, "/api/bulk/job/{job_id}", 404),
        ("GET", f"/bulk/job/{job_id}", {"headers": {"X-API-Key": "another-key"}},
         "/api/bulk/job/{job_id}", 403),
        ("GET", f"/bulk/job/{job_id}", {"headers": {"X-API-Key": "wrong-key-wrong"}},
         "/api/bulk/job/{job_id}", 401),
        ("POST", "/bulk/send", {"data": b'{"recipients": ["%s"' % person.encode()},
         "/api/bulk/send", 400),
    ]  # fmt: skip
    seen = set()
    for method, path, options, route, status in asked:
        async with fleet.http.request(method, f"{fleet.api}{path}", **options) as answer:
            assert (path, answer.status) == (path, status)
            UUID(answer.headers["X-Request-Id"])
        seen.add((route, status))
    async with fleet.http.post(
        f"{fleet.api}/../webhooks/whatsapp", data=b'{"messages": [{"from": "4915110000001"}]}'
    ) as answer:
        assert answer.status == 401
    return seen


def assert_nobody_is_named(folder: Path) -> None:
    said = "".join(path.read_text() for path in folder.glob("*-*.log"))
    assert "********0001" in said  # of whom the operator lifted; and nothing more of anybody
    assert re.findall(r"(?<!\d)(?:\+?49|0)\s?1511[\s\d]{4,}", said) == []
    assert [secret for secret in SECRETS if secret in said] == []


async def test_what_is_no_http_at_all_is_answered_with_an_id_too(fleet: Fleet) -> None:
    with fleet.gateway():
        reader, writer = await asyncio.open_connection("127.0.0.1", fleet.gateway_port)
        writer.write(b"GET / HTTP/1.1\r\nbad header\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
    assert answer.startswith(b"HTTP/1.0 400 ")
    assert re.search(rb"\r\nX-Request-Id: [0-9a-f]{32}\r\n", answer)
