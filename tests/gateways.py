"""A gateway in the test's own process, on real servers, and a client that reads its streams."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp

from gateway.__main__ import assemble, serve_with
from gateway.parts import Parts
from plumbing.life import Life
from plumbing.logs import Log
from schemas.settings import Gateway
from tests.description import Described, frame_fault
from tests.support import free_port

PHONE = "106540352242922"
QUICK = "/api/whatsapp/bulk-quick-send"
CUSTOMIZE = "/api/whatsapp/bulk-customize-send"
DIRECT = "/api/bulk/send"


class Answer(NamedTuple):
    status: int
    body: Any
    headers: Mapping[str, str]


class Event(NamedTuple):
    """One server-sent event."""

    id: str
    data: dict[str, Any]

    @property
    def type(self) -> str:
        return str(self.data["type"])


class Stream:
    """An open event stream; each read has a deadline."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.comments: list[str] = []

    async def next(self, seconds: float = 5) -> Event | None:
        """The next event, or None at the end of the stream."""
        event_id = ""
        async with asyncio.timeout(seconds):
            while line := (await self.response.content.readline()).decode():
                if line.startswith("id: "):
                    event_id = line[4:-1]
                elif line.startswith("data: "):
                    frame = json.loads(line[6:])
                    assert (fault := frame_fault(frame)) is None, fault
                    return Event(event_id, frame)
                elif line.startswith(":"):
                    self.comments.append(line.strip())
        return None

    async def take(self, count: int) -> list[Event]:
        """The next `count` events; fails when the stream ends before."""
        events: list[Event] = []
        for _ in range(count):
            event = await self.next()
            assert event, f"the stream ended after {len(events)} of {count} events"
            events.append(event)
        return events

    async def rest(self) -> list[Event]:
        """Everything until the stream ends."""
        events = []
        while event := await self.next():
            events.append(event)
        return events


class Running(NamedTuple):
    """A gateway that serves, and a client for it."""

    parts: Parts
    url: str
    http: aiohttp.ClientSession

    async def post(
        self, path: str, body: Any = None, data: bytes | None = None, **headers: str
    ) -> Answer:
        """Post JSON, or raw bytes; `X_API_Key="…"` becomes a header."""
        stream = None if data is None else io.BytesIO(data)
        return await self.ask("POST", path, headers, json=body, data=stream)

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.ask("GET", path, headers)

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], **kwargs: Any
    ) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {key: value for key, value in kwargs.items() if value is not None}
        async with self.http.request(method, self.url + path, headers=named, **given) as response:
            is_json = response.content_type == "application/json"
            body = await response.json() if is_json else await response.text()
            return Answer(response.status, body, response.headers)

    async def submit(self, recipients: int = 3, **more: Any) -> str:
        """Make a job; returns its id."""
        answer = await self.post(QUICK, quick(numbers(recipients), **more))
        assert answer.status == 201, answer.body
        return str(answer.body["jobId"])

    @asynccontextmanager
    async def watch(
        self, job_id: str, last_event_id: str | None = None, query: str = ""
    ) -> AsyncIterator[Stream]:
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        path = f"{self.url}/api/bulk/realtime/{job_id}{query}"
        async with self.http.get(path, headers=headers) as response:
            yield Stream(response)


def numbers(count: int, first: int = 0) -> list[str]:
    """German mobile numbers, as a person would paste them."""
    return [f"+49 170 {i:07d}" for i in range(first, first + count)]


def quick(recipients: list[str], **more: Any) -> dict[str, Any]:
    """The body of a quick send."""
    return {
        "phone_number_id": PHONE,
        "template_name": "order_update",
        "recipients_text": "\n".join(recipients),
        **more,
    }


@asynccontextmanager
async def serving(
    database_url: str, nats_url: str, log: Log, *,
    wait_ready: bool = True, life: Life | None = None, **settings: Any,
) -> AsyncIterator[Running]:  # fmt: skip
    """A gateway that serves until the block ends; then it must stop within seconds."""
    read = Gateway(database_url=database_url, nats_url=nats_url, port=free_port(), **settings)
    parts, stop = assemble(read, log, life), asyncio.Event()
    process = asyncio.create_task(serve_with(parts, stop))
    url = f"http://127.0.0.1:{read.port}"
    try:
        timeout, held = aiohttp.ClientTimeout(total=60), Described(read.port)
        async with aiohttp.ClientSession(timeout=timeout, middlewares=(held,)) as http:
            running = Running(parts, url, http)
            await _answers(running, process, "/readyz" if wait_ready else "/healthz")
            yield running
    finally:
        stop.set()
        async with asyncio.timeout(5):
            await asyncio.shield(process)


async def _answers(running: Running, process: asyncio.Task[None], path: str) -> None:
    async with asyncio.timeout(20):
        while not process.done():
            try:
                if (await running.get(path)).status == 200:
                    return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.02)
    await process
