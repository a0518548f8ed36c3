"""The sandbox's routes as one table, and the process around them."""

import asyncio
import errno
import secrets
import time
from random import Random
from typing import Final

from aiohttp import web

from plumbing.logs import Log
from plumbing.process import CannotStart
from sandbox import console, lookups, sends
from sandbox.desk import Arrival, Desk
from sandbox.faults import from_settings
from schemas.settings import Sandbox

_VERSION: Final = r"/{version:v\d+\.\d+}"
_STOP_SECONDS: Final = 0.1  # then answers under way are cut off, those that never come too

ROUTES: Final = (
    web.post(_VERSION + "/{object_id}/messages", sends.send),
    web.get(_VERSION + "/{object_id}/message_templates", lookups.message_templates),
    web.get(_VERSION + "/{object_id}", lookups.phone_number),
    web.get("/sandbox/ledger", console.ledger),
    web.get("/sandbox/ledger/summary", console.summary),
    web.delete("/sandbox/ledger", console.forget),
    web.get("/sandbox/receipts", console.receipts),
    web.get("/sandbox/requests", console.requests),
    web.get("/sandbox/faults", console.faults),
    web.put("/sandbox/faults", console.change_faults),
    web.get("/healthz", console.healthz),
    web.get("/", console.index),
    web.route("*", "/{path:.*}", lookups.unknown_path),
)


def application(desk: Desk) -> web.Application:
    """The sandbox as a web application; everything it knows is on the desk."""
    app = web.Application()
    app[sends.DESK] = desk
    app.add_routes(ROUTES)
    return app


async def serve(settings: Sandbox, log: Log, stop: asyncio.Event) -> None:
    """Answer until told to stop; then stop at once. Raises CannotStart."""
    try:
        faults = from_settings(settings)
    except ValueError as error:
        raise CannotStart(f"SANDBOX_ERRORS {error}") from error
    dice = Random(settings.seed)  # noqa: S311  # decides faults, guards nothing
    desk = Desk(faults, now=_now, dice=dice, run=secrets.token_hex(4).upper())
    runner = web.AppRunner(
        application(desk),
        access_log=None,
        handler_cancellation=True,  # a client that leaves takes its unfinished answer along
        shutdown_timeout=_STOP_SECONDS,
    )
    await runner.setup()
    try:
        await _listen(runner, settings.host, settings.port)
        log.info("sandbox ready", url=f"http://{settings.host}:{settings.port}")
        await stop.wait()
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port, backlog=1024).start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotStart(
                f"port {port} of {host} is taken; stop what uses it, or set SANDBOX_PORT to a free"
                " port"
            ) from error
        raise CannotStart(
            f"cannot listen on {host}:{port} ({error.strerror}); look at SANDBOX_HOST and"
            " SANDBOX_PORT"
        ) from error


def _now() -> Arrival:
    return Arrival(time.monotonic_ns(), time.time())
