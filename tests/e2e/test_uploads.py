"""A file of recipients outlives the gateway that took it, and reaches each of them once."""

import asyncio
import time

import pytest

from tests.e2e.test_control import until_over
from tests.fleet import PHONE, Fleet
from tests.made_workbooks import table, workbook

pytestmark = pytest.mark.timeout(120)
PEOPLE = 60


def people() -> bytes:
    rows = [[f"+49 1511 {seq:07d}", f"Name {seq}", seq] for seq in range(1, PEOPLE + 1)]
    return workbook({"List": table(["Phone", "Name", "Order"], *rows, ["0170", "Bo", 1], rows[0])})


async def test_a_list_that_one_gateway_took_is_sent_by_another_after_its_death(
    fleet: Fleet,
) -> None:
    with fleet.sandbox(), fleet.daemon_after_gateway() as gateway:
        once = {"Connection": "close"}
        url = f"{fleet.api}/bulk/upload"
        async with fleet.http.post(url, data=people(), headers=once) as answer:
            said = await answer.json()
        assert (said["valid"], said["duplicates"], said["rejectedTotal"]) == (PEOPLE, 1, 1)
        gateway.kill()
        gateway.wait()
        with fleet.gateway(), fleet.daemon():
            order = {
                "templateName": "order_update", "phoneNumberId": PHONE, "uploadId": said["id"],
                "recipientColumn": "Phone", "variableMappings": {"1": "Name", "2": "Order"},
            }  # fmt: skip
            url = f"{fleet.api}/whatsapp/bulk-customize-send"
            async with fleet.http.post(url, json=order) as answer:
                made = await answer.json()
            assert made["accepted"] == PEOPLE, made
            job = await until_over(fleet, made["jobId"])
            summary = await fleet.summary()
    assert job["sent"] == summary["recipients"] == PEOPLE
    assert summary["repeated"] == []


async def test_a_gateway_that_dies_with_a_file_half_taken_leaves_nothing_that_is_seen(
    fleet: Fleet,
) -> None:
    with fleet.gateway() as gateway:
        body = people()
        reader, writer = await asyncio.open_connection("127.0.0.1", fleet.gateway_port)
        head = f"POST /api/bulk/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}"
        writer.write(head.encode() + b"\r\n\r\n" + body[:-10])
        await writer.drain()
        await until_begun(fleet)
        gateway.kill()
        gateway.wait()
        writer.close()
        assert await reader.read() == b""
    assert await fleet.pool.fetchval("SELECT count(*) FROM uploads WHERE answer IS NOT NULL") == 0
    with fleet.gateway():
        listed = await fleet.pool.fetchval("SELECT id::text FROM uploads")
        async with fleet.http.get(f"{fleet.api}/bulk/upload/{listed}") as answer:
            assert answer.status == 404


async def until_begun(fleet: Fleet) -> None:
    deadline = time.monotonic() + 20
    while not await fleet.pool.fetchval("SELECT count(*) FROM uploads"):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
