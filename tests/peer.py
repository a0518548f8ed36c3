"""A peer in Meta's place that answers as a test says, and writes down what arrived."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Self

from aiohttp import web

from tests.support import free_port

Answer = web.StreamResponse
Script = Callable[["Arrival"], Awaitable[Answer]]


@dataclass(frozen=True)
class Arrival:
    """One request as it came in."""

    number: int  # from 1
    phone_number_id: str
    to: str
    tag: str
    at: float  # monotonic seconds
    body: dict[str, Any]
    request: web.Request


def accepted(arrival: Arrival) -> web.Response:
    return web.json_response({"messages": [{"id": f"wamid.{arrival.number}"}]})


def error(code: int, http: int = 400, **headers: str) -> web.Response:
    body = {"error": {"code": code, "message": f"(#{code}) said no", "error_data": {"details": ""}}}
    return web.json_response(body, status=http, headers=headers)


async def accept(arrival: Arrival) -> Answer:
    return accepted(arrival)


@dataclass
class Peer:
    """Use it with `async with`; `script` decides each answer and may be changed on the way."""

    script: Script = accept
    port: int = field(default_factory=free_port)
    arrivals: list[Arrival] = field(default_factory=list)
    _numbers: count = field(default_factory=lambda: count(1))  # type: ignore[type-arg]
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def times_to(self) -> Counter[str]:
        """How often each recipient was written to."""
        return Counter(arrival.to for arrival in self.arrivals)

    def busiest_second(self) -> int:
        times = sorted(arrival.at for arrival in self.arrivals)
        return max(sum(1 for at in times if start <= at < start + 1) for start in times)

    async def __aenter__(self) -> Self:
        app = web.Application()
        paths = ("/{version}/{phone_number_id}/messages", "/messages")  # Meta's, and 360dialog's
        app.add_routes([web.post(path, self._on_message) for path in paths])
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _on_message(self, request: web.Request) -> Answer:
        at = time.monotonic()
        body = await request.json()
        arrival = Arrival(
            number=next(self._numbers),
            phone_number_id=request.match_info.get("phone_number_id", ""),
            to=body["to"],
            tag=body["biz_opaque_callback_data"],
            at=at,
            body=body,
            request=request,
        )
        self.arrivals.append(arrival)
        return await self.script(arrival)


async def hang(_: Arrival) -> Answer:
    """No answer, ever."""
    await asyncio.Event().wait()
    raise AssertionError


async def hang_up(arrival: Arrival) -> Answer:
    """The connection is closed without an answer."""
    assert arrival.request.transport is not None
    arrival.request.transport.abort()
    return web.Response()
