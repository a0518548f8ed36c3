"""The daemon's parts, started in order and stopped in reverse."""

import asyncio
from contextlib import AsyncExitStack
from typing import Final
from urllib.parse import urlsplit

import asyncpg
import nats.errors
from aiohttp import web
from nats.js import api

from daemon.census import Census
from daemon.closer import Closer
from daemon.cloud_api import CloudApi
from daemon.doubts import Doubts
from daemon.house import House
from daemon.ledger import BROKEN
from daemon.limits import MessagingLimits
from daemon.observe import Check, Observer, health_app
from daemon.optouts import OptOuts
from daemon.presence import Presence
from daemon.progress import Progress
from daemon.receipts import MOST_BODIES, Receipts
from daemon.recount import Recount
from daemon.runner import Runner, slots
from daemon.starts import Starts
from daemon.stops import Stops
from daemon.store import Store
from daemon.strangers import Strangers
from daemon.sweeper import Sweeper
from daemon.tidings import Tidings
from daemon.turns import MOST_LANES, Turns
from daemon.wishes import Wishes
from plumbing.book_keeper import BookKeeper
from plumbing.broker import Broker
from plumbing.condition import feel, watch_pool
from plumbing.life import Life
from plumbing.logs import Log
from plumbing.meters import Meters
from plumbing.migrations import wait_for_schema
from plumbing.postgres import Pool, open_pool
from plumbing.process import CannotStart
from plumbing.puller import Handler, Puller
from schemas import metrics, subjects
from schemas.lease import answer_seconds
from schemas.settings import Daemon
from schemas.subjects import ConsumerDef
from schemas.suppressions import StopWords
from schemas.vitals import Part
from schemas.wire import READS, Reads

POOL_SIZE: Final = 20
DRAIN_SECONDS: Final = 28.0  # 25 for the answers, the rest to write them down
_RETRY_SECONDS: Final = 1.0


async def serve(
    settings: Daemon, log: Log, stop: asyncio.Event, life: Life | None = None, reads: Reads = READS
) -> None:
    """Run until `stop`. Then begin no new message, record what is in flight, give turns back.

    `reads` says which versions of the wire format it knows.

    Raises CannotStart, also when a part ends that should not: whoever supervises starts it anew.
    """
    meters, life = Meters(metrics.DAEMON), life or Life()
    most_seconds = answer_seconds(settings.request_timeout_ms)
    observer = Observer(meters, log, life.vitals, answer_seconds=most_seconds)
    async with AsyncExitStack() as stack:
        house = House(settings, observer, Strangers(observer, reads), stop, stack, life)
        house.checks["daemon"] = lambda: "starting"
        await _listen(stack, settings, health_app(meters, house.checks, life.vitals))
        house.own(asyncio.create_task(stop.wait(), name="the wait for a signal"))
        house.own(asyncio.create_task(feel(meters), name="the measure of the event loop"))
        house.own(asyncio.create_task(_start(house), name="the start"))
        await house.until_something_ends()
        log.info("stopping; messages in flight are waited for")


async def _start(house: House) -> None:
    settings, stack, log = house.settings, house.stack, house.observer.log
    life, vitals = house.life, house.life.vitals
    pool = await open_pool(
        settings.database_url, name="daemon", size=POOL_SIZE,
        on_failure=lambda error: vitals.postgres_is_away() if isinstance(error, BROKEN) else None,
    )  # fmt: skip
    stack.push_async_callback(_close_pool, pool)
    life.starting("waiting for PostgreSQL, and for the gateway's migrations")
    watch_pool(house.observer.meters, pool)
    await _wait_for_ledger(pool, settings, log)
    broker = Broker(settings.nats_url, "loopcast-daemon", log, replicas=settings.nats_replicas)
    stack.push_async_callback(broker.close)
    broker.start()
    life.starting("waiting for NATS with JetStream")
    await broker.ready()
    house.own(asyncio.create_task(broker.closed.wait(), name="the connection to NATS"))
    turns = await _work(house, pool, broker)
    life.ready(turns.status)
    log.info(
        "ready", loop_size=settings.loop_size, pause_ms=settings.pause_ms,
        messages_per_second=settings.messages_per_second, graph=settings.provider.base_url,
    )  # fmt: skip


async def _work(house: House, pool: Pool, broker: Broker) -> Turns:
    """The parts that send, from the one that all lean on to the one that brings them turns."""
    settings, observer, stop, stack = house.settings, house.observer, house.stop, house.stack
    store, doubts, stops = _ledger(settings, pool, observer.meters)
    keeper = await _keep_book(house, pool)
    cloud = await stack.enter_async_context(CloudApi(settings, keeper))
    progress = Progress(broker, observer)
    limits = MessagingLimits(
        cloud.number, observer.log,
        fixed=lambda number: keeper.book.messaging_limit(number, settings.messaging_limit),
    )  # fmt: skip
    house.own(asyncio.create_task(progress.run(), name="the publisher of progress"))
    tidings = Tidings(
        opt_outs=OptOuts(pool), stops=stops, limits=limits, progress=progress, observer=observer,
        words=StopWords(settings.opt_out_words), keeper=keeper,
        auto_resume=settings.auto_resume,
    )  # fmt: skip
    await _merge(house, broker, Receipts(doubts, tidings, progress, observer, house.strangers))
    runner = Runner(
        settings, store=store, stops=stops, limits=limits, cloud=cloud, progress=progress,
        observer=observer, stop=stop,
    )  # fmt: skip
    presence = await stack.enter_async_context(Presence(settings.database_url, observer))
    turns = Turns(
        settings, store=store, broker=broker, runner=runner, presence=presence,
        observer=observer, strangers=house.strangers, stop=stop,
    )  # fmt: skip
    presence.on_lost = turns.end_leases
    house.own(asyncio.create_task(presence.keep(), name="the keeper of the session"))
    await _pull(
        house, broker, subjects.SENDERS, turns.on_turn,
        credit=MOST_LANES, ack_wait_seconds=settings.ack_wait_seconds,
    )  # fmt: skip
    _mind(house, pool, broker, turns, store, doubts, progress)
    _watch(house, pool, broker)
    _be_ready(house.checks, presence, broker)
    return turns


def _mind(
    house: House, pool: Pool, broker: Broker, turns: Turns, store: Store, doubts: Doubts,
    progress: Progress,
) -> None:  # fmt: skip
    """What looks after all jobs, whoever sends them: each daemon does, side by side."""
    settings, observer = house.settings, house.observer
    sweeper = Sweeper(
        settings, pool=pool, broker=broker, turns=turns, observer=observer,
        strangers=house.strangers,
    )  # fmt: skip
    house.own(asyncio.create_task(sweeper.run(), name="the sweeper"))
    closer = Closer(
        pool=pool, broker=broker, store=store, doubts=doubts, progress=progress, observer=observer
    )
    house.own(asyncio.create_task(closer.run(), name="the closer"))
    wishes = Wishes(pool=pool, broker=broker, store=store, progress=progress, observer=observer)
    house.own(asyncio.create_task(wishes.run(), name="the follower of wishes"))
    starts = Starts(
        pool=pool, broker=broker, progress=progress, observer=observer,
        grace_seconds=settings.schedule_grace_seconds,
    )  # fmt: skip
    house.own(asyncio.create_task(starts.run(), name="the starter of jobs"))


async def _keep_book(house: House, pool: Pool) -> BookKeeper:
    """With which token each number sends, read before the first does."""
    keeper = BookKeeper(house.settings, house.observer.log)
    await keeper.read(pool)
    house.own(asyncio.create_task(keeper.run(pool), name="the keeper of the numbers"))
    return keeper


def _be_ready(checks: dict[str, Check], presence: Presence, broker: Broker) -> None:
    """From here on /readyz says whether what the daemon stands on is there."""
    checks.clear()
    checks["postgres"] = lambda: None if presence.number else "no session with PostgreSQL"
    checks["jetstream"] = lambda: None if broker.is_connected else "no connection to NATS"


def _watch(house: House, pool: Pool, broker: Broker) -> None:
    """What Prometheus is told: this daemon's limits, and what the fleet looks like."""
    settings, meters = house.settings, house.observer.meters
    meters[metrics.PACE_LIMIT].set(settings.messages_per_second)
    meters[metrics.IN_FLIGHT_LIMIT].set(slots(settings))
    meters[metrics.LANES_LIMIT].set(MOST_LANES)
    census = Census(
        pool=pool, broker=broker, recount=Recount(pool, house.observer), observer=house.observer,
        full_per_second=settings.messages_per_second,
    )  # fmt: skip
    house.own(asyncio.create_task(census.run(), name="the census"))


def _ledger(settings: Daemon, pool: Pool, meters: Meters) -> tuple[Store, Doubts, Stops]:
    """What is written: turns, receipts, and what concerns more than one job."""
    doubt_seconds, resends = settings.doubt_seconds, settings.resends
    store = Store(
        pool, doubt_seconds=doubt_seconds, resends=resends,
        answer_seconds=answer_seconds(settings.request_timeout_ms),
        timed=meters[metrics.LEDGER_SECONDS].time,
        schedule_grace_seconds=settings.schedule_grace_seconds,
    )  # fmt: skip
    doubts = Doubts(
        pool, doubt_seconds=doubt_seconds, max_retries=settings.max_retries, resends=resends
    )
    return store, doubts, Stops(pool)


async def _merge(house: House, broker: Broker, receipts: Receipts) -> None:
    house.own(asyncio.create_task(receipts.run(), name="the merger of receipts"))
    await _pull(
        house, broker, subjects.MERGERS, receipts.on_message,
        credit=MOST_BODIES, ack_wait_seconds=subjects.MERGE_ACK_WAIT_SECONDS,
    )  # fmt: skip


async def _pull(
    house: House, broker: Broker, definition: ConsumerDef, handler: Handler,
    *, credit: int, ack_wait_seconds: int,
) -> None:  # fmt: skip
    log = house.observer.log
    await ensure_consumer(broker, definition, ack_wait_seconds)
    puller = Puller(
        broker.client, definition.stream, definition.name, handler, credit=credit, log=log,
        pulse=house.life.vitals.part(Part.PULLER, definition.name),
    )  # fmt: skip
    house.stack.push_async_callback(puller.stop, DRAIN_SECONDS)
    await puller.start()
    mend = _mend_consumer(broker, definition, ack_wait_seconds, puller, log)
    house.own(asyncio.create_task(mend, name=f"the mender of {definition.name}"))


async def _mend_consumer(
    broker: Broker, definition: ConsumerDef, ack_wait_seconds: int, puller: Puller, log: Log
) -> None:
    """A consumer that is gone (a server that lost its disk) is made anew, and so are its turns."""
    while True:
        await puller.gone.wait()
        await asyncio.sleep(_RETRY_SECONDS)
        try:
            await broker.ensure_streams()
            await ensure_consumer(broker, definition, ack_wait_seconds)
        except (nats.errors.Error, TimeoutError) as error:
            log.warning("a consumer is gone", consumer=definition.name, error=repr(error))
        else:
            puller.gone.clear()


async def ensure_consumer(broker: Broker, definition: ConsumerDef, ack_wait_seconds: int) -> None:
    """A durable pull consumer that all daemons share; one that exists is brought up to date."""
    await broker.js.add_consumer(
        definition.stream,
        api.ConsumerConfig(
            durable_name=definition.name,
            filter_subject=definition.filter_subject,
            ack_policy=api.AckPolicy.EXPLICIT,
            ack_wait=ack_wait_seconds,
            max_deliver=-1,
            max_ack_pending=definition.max_ack_pending,
            max_waiting=definition.max_waiting,
        ),
    )


async def _wait_for_ledger(pool: Pool, settings: Daemon, log: Log) -> None:
    """Wait for PostgreSQL and its schema: a fleet starts in any order."""
    server = urlsplit(settings.database_url).netloc.rpartition("@")[2]
    while True:
        try:
            return await wait_for_schema(pool, log)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("waiting for PostgreSQL", server=server, error=str(error) or repr(error))
            await asyncio.sleep(_RETRY_SECONDS)


async def _close_pool(pool: Pool) -> None:
    try:
        async with asyncio.timeout(2):
            await pool.close()
    except TimeoutError:
        pool.terminate()


async def _listen(stack: AsyncExitStack, settings: Daemon, app: web.Application) -> None:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    stack.push_async_callback(runner.cleanup)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.daemon_port).start()
    except OSError as error:
        raise CannotStart(
            f"port {settings.daemon_port} on {settings.host} cannot be opened"
            f" ({error.strerror}); set DAEMON_PORT to a free one"
        ) from error
