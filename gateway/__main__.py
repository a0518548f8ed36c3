"""`python -m gateway`: serves HTTP until it is told to stop."""

import asyncio
import errno
import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import asyncpg
from aiohttp import web

from gateway.app import make_app
from gateway.auth import Keys
from gateway.control_store import Control
from gateway.expiry import Expiry
from gateway.figures import questions
from gateway.follower import Follower
from gateway.hub import Hub
from gateway.intake import Intake
from gateway.kept_numbers import KeptNumbers
from gateway.key_store import ApiKeys
from gateway.keyring import KeyRing
from gateway.lookup import Lookup
from gateway.numbers import Numbers
from gateway.parts import Parts
from gateway.resend_store import Resends
from gateway.standings import Standings
from gateway.store import Store
from gateway.suppression_store import Suppressions
from gateway.templates import TemplatesOf
from gateway.truth_store import Truth
from gateway.upload_store import Uploads
from gateway.wire import Runner
from plumbing.book_keeper import BookKeeper
from plumbing.broker import Broker
from plumbing.condition import ask, feel, watch_pool
from plumbing.life import Life
from plumbing.logs import Log, Seldom
from plumbing.meters import Meters
from plumbing.migrations import migrate
from plumbing.postgres import Pool, open_pool
from plumbing.process import CannotStart, run
from plumbing.tasks import end
from schemas.environment import SettingsError
from schemas.metrics import EVENTS_UNREADABLE, GATEWAY, STREAM_DROPS
from schemas.settings import Gateway

NAME: Final = "gateway"
RETRY_SECONDS: Final = 1.0
SAID_EVERY: Final = 5  # attempts to reach PostgreSQL
SHUTDOWN_SECONDS: Final = 3.0  # for submissions under way; aiohttp may take it twice
CUT_SECONDS: Final = 1.0  # for streams to take their end
CLOSE_SECONDS: Final = 2.0


async def serve(settings: Gateway, log: Log, stop: asyncio.Event, life: Life | None = None) -> None:
    """Listen at once, work when PostgreSQL answers, and stop when told. Raises CannotStart."""
    parts = assemble(settings, log, life or Life())
    gc.freeze()  # what lives as long as the process need not be walked at every big submission
    await serve_with(parts, stop)


async def serve_with(parts: Parts, stop: asyncio.Event) -> None:
    """Serve with parts that are put together already. Raises CannotStart."""
    host, port = parts.settings.host, parts.settings.port
    async with AsyncExitStack() as stack:
        following = await stack.enter_async_context(_connected(parts))
        taking_in = await stack.enter_async_context(_taking_in(parts))
        opening = await stack.enter_async_context(_opening(parts))
        expiring = await stack.enter_async_context(_expiring(parts))
        keeping = await stack.enter_async_context(_keeping(parts, opening))
        await stack.enter_async_context(_asking(parts))
        await stack.enter_async_context(_listening(parts))
        feeling = await stack.enter_async_context(_feeling(parts))
        parts.log.info("listening", url=f"http://{host}:{port}")
        parts.life.starting("listening; waiting for PostgreSQL")
        opening.add_done_callback(lambda opened: _tell_ready(parts, opened))
        if not (parts.settings.app_secrets or parts.settings.is_sandboxed):
            parts.log.warning("META_APP_SECRET is not set: webhooks are refused, no receipts come")
        await _until(stop, following, taking_in, opening, expiring, keeping, *feeling)
        parts.log.info("stopping")


def _tell_ready(parts: Parts, opened: "asyncio.Task[Pool]") -> None:
    """The schema is up to date, and we listen; whether NATS is there or not, jobs are taken."""
    if not (opened.cancelled() or opened.exception()):
        parts.life.ready(lambda: f"{parts.hub.size} open event streams")


async def _until(stop: asyncio.Event, *tasks: asyncio.Task[Any]) -> None:
    """Return when told to stop; raises what a task failed with: the process ends with it."""
    stopped = asyncio.create_task(stop.wait())
    running: set[asyncio.Task[Any]] = {stopped, *tasks}
    try:
        while not stopped.done():
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        await end(stopped)


def assemble(settings: Gateway, log: Log, life: Life | None = None) -> Parts:
    """The parts of a gateway, none of them started. Raises CannotStart."""
    try:
        numbers = Numbers(settings.default_region)
    except ValueError as error:
        raise SettingsError([f"DEFAULT_REGION {error}"]) from error
    meters, seldom, life = Meters(GATEWAY), Seldom(log), life or Life()
    store, keeper = Store(), BookKeeper(settings, log)
    lookup = Lookup(keeper)
    api_keys = ApiKeys(store)
    broker = Broker(settings.nats_url, "loopcast-gateway", log, replicas=settings.nats_replicas)
    return Parts(
        settings=settings,
        log=log,
        seldom=seldom,
        meters=meters,
        store=store,
        suppressions=Suppressions(store),
        uploads=Uploads(store),
        control=Control(store),
        truth=Truth(store),
        resends=Resends(store),
        broker=broker,
        intake=Intake(broker, meters, seldom, life.vitals),
        hub=Hub(on_drop=meters[STREAM_DROPS].inc, on_gap=lambda: _note_gap(meters, seldom)),
        keys=Keys(settings.api_keys),
        api_keys=api_keys,
        ring=KeyRing(api_keys),
        numbers=numbers,
        lookup=lookup,
        templates=TemplatesOf(lookup.ask),
        keeper=keeper,
        standings=Standings(lookup.number),
        kept_numbers=KeptNumbers(store),
        life=life,
    )


def _note_gap(meters: Meters, seldom: Seldom) -> None:
    meters[EVENTS_UNREADABLE].inc()
    seldom.warning("progress is of a newer release; its readers get snapshots")


@asynccontextmanager
async def _connected(parts: Parts) -> AsyncIterator[asyncio.Task[None]]:
    """NATS, in the background, and the events that come from it."""
    parts.broker.start()
    following = asyncio.create_task(
        Follower(parts.broker, parts.hub, parts.log, parts.life.vitals).run()
    )
    try:
        yield following
    finally:
        await end(following)
        await parts.broker.close()


@asynccontextmanager
async def _taking_in(parts: Parts) -> AsyncIterator[asyncio.Task[None]]:
    """Webhooks, into JetStream; ended after the last handler, and before the connection."""
    storing = asyncio.create_task(parts.intake.run())
    try:
        yield storing
    finally:
        await end(storing)


@asynccontextmanager
async def _opening(parts: Parts) -> AsyncIterator[asyncio.Task[Pool]]:
    """PostgreSQL, in the background; closed after the last handler."""
    opening = asyncio.create_task(_open_ledger(parts))
    try:
        yield opening
    finally:
        await end(opening)
        if not (opening.cancelled() or opening.exception()):
            await _close(opening.result())


@asynccontextmanager
async def _keeping(
    parts: Parts, opening: "asyncio.Task[Pool]"
) -> AsyncIterator[asyncio.Task[None]]:
    """The book of sending numbers, read anew as long as PostgreSQL is open."""
    keeping = asyncio.create_task(_keep(parts, opening))
    try:
        yield keeping
    finally:
        await end(keeping)


async def _keep(parts: Parts, opening: "asyncio.Task[Pool]") -> None:
    await asyncio.wait({opening})
    await parts.keeper.run(opening.result())


@asynccontextmanager
async def _expiring(parts: Parts) -> AsyncIterator[asyncio.Task[None]]:
    """Uploads that are over, deleted."""
    sweeping = asyncio.create_task(Expiry(parts.uploads, parts.log).run())
    try:
        yield sweeping
    finally:
        await end(sweeping)


@asynccontextmanager
async def _asking(parts: Parts) -> AsyncIterator[None]:
    """The client that looks templates up; closed after the last handler."""
    async with parts.lookup:
        try:
            yield
        finally:
            await parts.templates.close()


@asynccontextmanager
async def _feeling(parts: Parts) -> AsyncIterator[list[asyncio.Task[None]]]:
    """What Prometheus is told of the process and of what it stands on."""
    tasks = [
        asyncio.create_task(feel(parts.meters)),
        asyncio.create_task(ask(parts.meters, questions(parts))),
    ]
    try:
        yield tasks
    finally:
        await asyncio.gather(*map(end, tasks))


@asynccontextmanager
async def _listening(parts: Parts) -> AsyncIterator[None]:
    runner = Runner(make_app(parts), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await _listen(runner, parts.settings.host, parts.settings.port)
        yield
    finally:
        parts.hub.close()
        cutting = asyncio.get_running_loop().call_later(CUT_SECONDS, parts.hub.cut)
        await runner.cleanup()
        cutting.cancel()


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host.strip("[]"), port).start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotStart(
                f"port {port} on {host} is taken: stop what uses it, or set PORT to another"
            ) from error
        raise CannotStart(f"cannot listen on {host}:{port}: {error.strerror or error}") from error


async def _open_ledger(parts: Parts) -> Pool:
    """Wait for PostgreSQL, bring its schema up to date, and let the handlers have it."""
    attempt = 0
    while True:
        try:
            pool = await _migrated(parts)
        except (OSError, asyncpg.PostgresError, TimeoutError) as error:
            if attempt % SAID_EVERY == 0:
                parts.log.warning("waiting for PostgreSQL", error=str(error) or repr(error))
            attempt += 1
            await asyncio.sleep(RETRY_SECONDS)
        else:
            parts.store.open(pool)
            watch_pool(parts.meters, pool)
            parts.log.info("ready")
            return pool


async def _migrated(parts: Parts) -> Pool:
    pool = await open_pool(parts.settings.database_url, name=NAME)
    try:
        await migrate(pool, parts.log)
        await parts.keeper.read(pool)
    except BaseException:
        pool.terminate()
        raise
    return pool


async def _close(pool: Pool) -> None:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await pool.close()
    except TimeoutError:
        pool.terminate()


if __name__ == "__main__":
    run(NAME, Gateway, serve)
