"""The demo as a client of the HTTP side: submits a campaign, follows its event stream."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

import aiohttp
import msgspec

from deploy.campaign import FRAME, Ledger
from schemas.api import Submitted
from schemas.events import JobCompleted

# The stream pings every 15 s: silence of 40 s is a broken connection.
STREAM_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=40)
_AGAIN_AFTER_SECONDS: Final = 0.5


class Refused(Exception):
    """The gateway, or the sandbox, answered something that the demo cannot go on with."""


class Receipts(msgspec.Struct, frozen=True):
    """What the webhooks of a job's messages have said so far."""

    delivered: int
    read: int


def submission(recipients: int, phone_number_id: str) -> dict[str, Any]:
    """A campaign for made-up customers, as the customize form takes it."""
    rows = [
        {
            "phone": f"+49151{20_000_000 + number}",
            "name": f"Customer {number}",
            "order": f"A-{number}",
        }
        for number in range(1, recipients + 1)
    ]
    return {
        "templateName": "order_update",
        "phoneNumberId": phone_number_id,
        "recipientColumn": "phone",
        "variableMappings": {"1": "name", "2": "order"},
        "campaign_name": "Demo",
        "data": rows,
    }


async def submit(client: aiohttp.ClientSession, url: str, body: dict[str, Any]) -> Submitted:
    """POST the campaign. Raises Refused."""
    async with client.post(f"{url}/api/whatsapp/bulk-customize-send", json=body) as answer:
        text = await answer.read()
        if answer.status != 201:
            raise Refused(f"The gateway refused the campaign ({answer.status}): {text.decode()}")
    return msgspec.json.decode(text, type=Submitted)


async def frames(client: aiohttp.ClientSession, url: str, job_id: str) -> AsyncIterator[object]:
    """Every frame of the job until job_completed; a broken stream is taken up where it broke."""
    last_id = ""
    while True:
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async for event_id, data in _stream(client, url, job_id, last_id):
                frame = FRAME.decode(data)
                last_id = event_id or last_id
                yield frame
                if isinstance(frame, JobCompleted):
                    return
        await asyncio.sleep(_AGAIN_AFTER_SECONDS)


async def ledger_summary(client: aiohttp.ClientSession, url: str) -> Ledger:
    """What the sandbox says that it accepted. Raises Refused."""
    async with client.get(f"{url}/sandbox/ledger/summary") as answer:
        text = await answer.read()
        if answer.status != 200:
            raise Refused(f"The sandbox's ledger cannot be read ({answer.status}): {text.decode()}")
    return msgspec.json.decode(text, type=Ledger)


async def receipts(client: aiohttp.ClientSession, url: str, job_id: str) -> Receipts:
    """How far the job's receipts have come. Raises Refused."""
    async with client.get(f"{url}/api/bulk/job/{job_id}") as answer:
        text = await answer.read()
        if answer.status != 200:
            raise Refused(f"The job cannot be read ({answer.status}): {text.decode()}")
    return msgspec.json.decode(text, type=Receipts)


async def _stream(
    client: aiohttp.ClientSession, url: str, job_id: str, last_id: str
) -> AsyncIterator[tuple[str, bytes]]:
    """The id and the data of each frame on one connection."""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    path = f"{url}/api/bulk/realtime/{job_id}"
    async with client.get(path, headers=headers, timeout=STREAM_TIMEOUT) as answer:
        if answer.status != 200:
            raise Refused(f"The event stream answered {answer.status}")
        event_id = ""
        async for line in answer.content:
            name, _, value = line.rstrip(b"\r\n").partition(b": ")
            if name == b"id":
                event_id = value.decode()
            elif name == b"data":
                yield event_id, value
