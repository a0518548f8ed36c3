"""The sandbox's routes as one table, and the process around them."""

import asyncio
import errno
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Final

from aiohttp import web

from plumbing.life import Life
from plumbing.logs import Log
from plumbing.process import CannotStart
from plumbing.tasks import end
from sandbox import assets, console, controls, guard, live, lookups, sends
from sandbox.courier import Courier
from sandbox.desk import Arrival, Desk
from sandbox.faults import from_settings
from sandbox.outbox import Outbox
from sandbox.rules import Limits, Rules
from sandbox.script import Script, read
from sandbox.stage import Stage
from sandbox.tally import Tally
from schemas.environment import Secret
from schemas.sandbox_settings import Sandbox

_VERSION: Final = r"/{version:v\d+\.\d+}"
NO_SECRET: Final = Secret("")
_STOP_SECONDS: Final = 0.1  # then answers under way are cut off, those that never come too

ROUTES: Final = (
    web.post(_VERSION + "/{object_id}/messages", sends.send),
    web.get(_VERSION + "/{object_id}/message_templates", lookups.message_templates),
    web.get(_VERSION + "/{object_id}/subscribed_apps", lookups.subscribed_apps),
    web.get(_VERSION + "/{object_id}", lookups.by_id),
    web.get("/sandbox", console.index),
    web.get("/sandbox/ledger", console.ledger),
    web.get("/sandbox/ledger/summary", console.summary),
    web.delete("/sandbox/ledger", console.forget),
    web.get("/sandbox/receipts", console.receipts),
    web.get("/sandbox/requests", console.requests),
    web.get("/sandbox/live", live.live),
    web.get("/sandbox/people", console.people),
    web.get("/sandbox/phone", console.phone),
    web.get("/sandbox/webhooks", controls.webhooks),
    web.post("/sandbox/webhooks", controls.tell),
    web.delete("/sandbox/webhooks", controls.clear_webhooks),
    web.post("/sandbox/inbound", controls.write),
    web.get("/sandbox/script", controls.script),
    web.put("/sandbox/script", controls.put_script),
    web.delete("/sandbox/script", controls.reset_script),
    web.get("/sandbox/faults", controls.faults),
    web.put("/sandbox/faults", controls.change_faults),
    web.delete("/sandbox/faults", controls.calm),
    web.get("/sandbox/templates", controls.templates),
    web.put("/sandbox/templates", controls.put_template),
    web.post("/sandbox/templates", controls.change_template),
    web.delete("/sandbox/templates", controls.remove_template),
    web.post("/sandbox/clock", controls.advance_clock),
    web.get("/healthz", console.healthz),
    web.get("/", console.front),
    web.get("/page/{name}", assets.asset),
    web.route("*", "/{path:.*}", lookups.unknown_path),
)


def application(
    stage: Stage, webhook_url: str, app_secret: Secret = NO_SECRET, own_name: str = ""
) -> web.Application:
    """The sandbox as a web application; everything it knows is on the stage's desk."""
    app = web.Application(middlewares=[guard.guard])
    app[guard.OWN_NAME] = own_name
    app[assets.ASSETS] = assets.load()
    app[live.READERS] = live.Readers(Tally(stage.desk.ledger))
    app[lookups.APP_SECRET] = app_secret
    app[sends.DESK] = stage.desk
    app[controls.STAGE] = stage
    app[controls.URL] = webhook_url
    app.add_routes(ROUTES)
    return app


async def serve(settings: Sandbox, log: Log, stop: asyncio.Event, life: Life | None = None) -> None:
    """Answer until told to stop; then stop at once. Raises CannotStart."""
    stage = _stage(settings)
    runner = web.AppRunner(
        application(stage, settings.webhook_url, settings.app_secret, settings.host),
        access_log=None,
        handler_cancellation=True,  # a client that leaves takes its unfinished answer along
        shutdown_timeout=_STOP_SECONDS,
    )
    await runner.setup()
    try:
        await _listen(runner, settings.host, settings.port)
        log.info("sandbox ready", url=f"http://{settings.host}:{settings.port}")
        async with _posting(stage.desk, settings, log):
            if life:
                life.ready(lambda: "answering in Meta's place")
            await stop.wait()
    finally:
        stage.timeline.begin([])
        await runner.cleanup()


def _stage(settings: Sandbox) -> Stage:
    """Raises CannotStart."""
    try:
        faults = from_settings(settings)
    except ValueError as error:
        raise CannotStart(f"SANDBOX_ERRORS {error}") from error
    run = secrets.token_hex(4).upper()
    desk = Desk(
        Rules(faults, Limits(messaging=settings.messaging_limit)),
        now=_now,
        dice=Random(settings.seed),  # noqa: S311  # decides faults, guards nothing
        run=run,
        outbox=Outbox(run) if settings.webhook_url else None,
    )
    try:
        return Stage(desk, asyncio.get_running_loop().call_later, _script(settings))
    except ValueError as error:
        raise CannotStart(f"SANDBOX_SCRIPT {settings.script}: {error}") from error


def _script(settings: Sandbox) -> Script | None:
    """Raises CannotStart when the file cannot be read, ValueError when it is no script."""
    if not settings.script:
        return None
    try:
        body = Path(settings.script).read_bytes()
    except OSError as error:
        raise CannotStart(
            f"SANDBOX_SCRIPT {settings.script} cannot be read: {error.strerror}"
        ) from error
    return read(body, Script)


@asynccontextmanager
async def _posting(desk: Desk, settings: Sandbox, log: Log) -> AsyncIterator[None]:
    """Webhooks are posted, where an address is set, while the block lasts."""
    outbox = desk.sequel.outbox
    if outbox is None:
        yield
        return
    courier = Courier(
        outbox,
        settings.webhook_url,
        settings.app_secret,
        rules=lambda: desk.rules,
        now_ns=time.monotonic_ns,
        log=log,
    )
    async with asyncio.TaskGroup() as tasks:  # a courier that breaks ends the process
        posting = tasks.create_task(courier.run())
        try:
            yield
        finally:
            await end(posting)


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
