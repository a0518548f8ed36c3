"""Whether the process lives, whether it can work, and its metrics."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

import msgspec
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from gateway.answers import answer
from gateway.parts import PARTS, Parts
from gateway.store import LedgerUnavailable
from plumbing.broker import Unavailable
from plumbing.vitals import health
from schemas.service_api import Health, Readiness

READY_SECONDS: Final = 2.0  # an orchestrator that asks waits little longer


async def healthz(request: web.Request) -> web.Response:
    """`GET /healthz`: the event loop answers, and no part hangs; else 503 with what does."""
    status, body = health(request.app[PARTS].life.vitals.hung())
    return answer(msgspec.convert(body, Health), status)


async def readyz(request: web.Request) -> web.Response:
    """`GET /readyz`: 200, or 503 with what does not answer."""
    parts = request.app[PARTS]
    asked = (_in_time(parts, _postgres(parts)), _in_time(parts, _jetstream(parts)))
    postgres, jetstream = await asyncio.gather(*asked)
    ready = postgres == jetstream == "ok"
    status = "ready" if ready else "not ready"
    body = Readiness(status, postgres=postgres, jetstream=jetstream)
    return answer(body, 200 if ready else 503)


async def metrics(request: web.Request) -> web.Response:
    """`GET /metrics`, for Prometheus."""
    text = request.app[PARTS].meters.exposition()
    return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _in_time(parts: Parts, check: Coroutine[Any, Any, str]) -> str:
    """What the check says; a late one is not waited for: asyncpg takes 5 s to be canceled."""
    asked = asyncio.create_task(check)
    parts.checks.add(asked)
    asked.add_done_callback(parts.checks.discard)
    done, _ = await asyncio.wait((asked,), timeout=READY_SECONDS)
    if done:
        return asked.result()
    asked.cancel()
    return f"no answer within {READY_SECONDS:.0f} s"


async def _postgres(parts: Parts) -> str:
    try:
        await parts.store.check()
    except LedgerUnavailable as error:
        return str(error)
    return "ok"


async def _jetstream(parts: Parts) -> str:
    try:
        await parts.broker.check()
    except Unavailable as error:
        return str(error)
    return "ok"
