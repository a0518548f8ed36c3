"""The census: what the whole fleet looks like, read from PostgreSQL and JetStream once in a while.

Every daemon takes it, so that it does not end with one, and says the same as the others. It reads
what is unfinished, by indexes: its cost follows the work under way, not the size of the ledger.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import asyncpg
import nats.errors

from daemon.ledger import BROKEN
from daemon.observe import Observer
from daemon.recount import Recount
from plumbing.broker import Broker, Unavailable
from plumbing.levels import StreamNow, consumer_now, stream_now
from plumbing.postgres import Pool, load_queries
from plumbing.tasks import together
from schemas import fleet_metrics as fleet
from schemas.metrics import CENSUS_SECONDS
from schemas.process_metrics import DEPENDENCY_UP
from schemas.slowing import STEP_SECONDS, STEP_SHARE
from schemas.subjects import MERGERS, RECEIPTS_STREAM, SENDERS, STREAMS

QUERIES: Final = load_queries(Path(__file__).parent / "census.sql")
FLEET_SECONDS: Final = 5.0
STREAMS_SECONDS: Final = 10.0
RECOUNT_SECONDS: Final = 30.0
LONGEST_SECONDS: Final = 10.0  # of one round: a server that says nothing counts as away

_HELD_BY: Final = tuple(by for (by,) in fleet.LANES_HELD_BACK.values)


class Census:
    """Runs until it is canceled. `full_per_second`: what the settings let a number send."""

    def __init__(
        self, *, pool: Pool, broker: Broker, recount: Recount, observer: Observer,
        full_per_second: float,
    ) -> None:  # fmt: skip
        self._pool, self._broker, self._recount = pool, broker, recount
        self._observer, self._meters = observer, observer.meters
        self._full_per_second = full_per_second

    async def run(self) -> None:
        await together(
            self._rounds("fleet", FLEET_SECONDS, self.of_fleet, "postgres"),
            self._rounds("streams", STREAMS_SECONDS, self.of_streams, "nats"),
            self._rounds("recount", RECOUNT_SECONDS, self._recount.next),
        )

    async def _rounds(
        self, of: str, every_seconds: float, read: Callable[[], Awaitable[None]],
        dependency: str | None = None,
    ) -> None:  # fmt: skip
        while True:
            answers = await self._round(of, read)
            if dependency:
                self._meters[DEPENDENCY_UP].labels(dependency).set(answers)
            await asyncio.sleep(every_seconds)

    async def _round(self, of: str, read: Callable[[], Awaitable[None]]) -> bool:
        """Whether whoever was asked has answered; if not, the figures stay as they were."""
        began = time.perf_counter()
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                await read()
        except (*BROKEN, asyncpg.PostgresError, Unavailable, nats.errors.Error) as error:
            self._observer.log.warning("the census has no answer", of=of, error=repr(error))
            return False
        self._meters[CENSUS_SECONDS].labels(of).observe(time.perf_counter() - began)
        return True

    async def of_fleet(self) -> None:
        """Jobs, lanes and daemons, from PostgreSQL."""
        async with self._pool.acquire() as connection:
            lanes = await QUERIES.lanes_now(
                connection, step_seconds=STEP_SECONDS, step_share=STEP_SHARE,
                full_per_second=self._full_per_second,
            )  # fmt: skip
            stopped = {row["scope"]: row async for row in QUERIES.jobs_stopped(connection)}
            now = await QUERIES.fleet_now(connection)
        self._tell_lanes(lanes)
        for (scope,) in fleet.JOBS_STOPPED.values:
            jobs = stopped[scope]["jobs"] if scope in stopped else 0
            self._meters[fleet.JOBS_STOPPED].labels(scope).set(jobs)
        self._meters[fleet.DAEMONS].set(now["daemons"])
        self._meters[fleet.SCHEMA_VERSION].set(now["schema_version"])
        self._meters[fleet.REACHED_PEOPLE].set(now["reached"])
        self._meters[fleet.SETTLING_OVERDUE_SECONDS].set(now["settling_overdue"])

    def _tell_lanes(self, lanes: Any) -> None:
        for (state,) in fleet.LANES.values:
            self._meters[fleet.LANES].labels(state).set(lanes[state])
        for by in _HELD_BY:
            self._meters[fleet.LANES_HELD_BACK].labels(by).set(lanes[by])
        self._meters[fleet.LANES_SLOWED].set(lanes["slowed"])
        self._meters[fleet.LANE_WAIT_SECONDS].set(lanes["longest_wait"])
        self._meters[fleet.STANDSTILL_SECONDS].set(lanes["standstill"])

    async def of_streams(self) -> None:
        """How full the streams are, and what waits in them, from JetStream."""
        for stream in STREAMS:
            self._tell_stream(stream.name, await stream_now(self._broker, stream.name))
        for consumer in (SENDERS, MERGERS):
            now = await consumer_now(self._broker, consumer.stream, consumer.name)
            self._meters[fleet.CONSUMER_PENDING].labels(consumer.name).set(now.pending)
            self._meters[fleet.CONSUMER_UNACKED].labels(consumer.name).set(now.unacked)
            self._meters[fleet.CONSUMER_REDELIVERED].labels(consumer.name).set(now.redelivered)
        waiting_seconds = await self._broker.waiting_seconds(RECEIPTS_STREAM)
        self._meters[fleet.RECEIPTS_WAIT_SECONDS].set(waiting_seconds)

    def _tell_stream(self, name: str, now: StreamNow) -> None:
        self._meters[fleet.STREAM_BYTES].labels(name).set(now.size_bytes)
        self._meters[fleet.STREAM_LIMIT_BYTES].labels(name).set(now.limit_bytes)
        self._meters[fleet.STREAM_MESSAGES].labels(name).set(now.messages)
