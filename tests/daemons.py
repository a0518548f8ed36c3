"""Daemons within the test's own process, on real servers and a peer in Meta's place."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from daemon.supervisor import serve
from plumbing.broker import Broker
from plumbing.logs import Log
from plumbing.postgres import Pool
from schemas.settings import Daemon
from schemas.wire import READS, Reads
from tests import campaigns
from tests.peer import Peer
from tests.support import free_port


@dataclass
class Stack:
    """PostgreSQL, JetStream and a peer; daemons are started on it, in this process."""

    settings: Daemon
    pool: Pool
    broker: Broker
    peer: Peer
    log: Log
    reads: Reads = READS

    @asynccontextmanager
    async def daemon(self, **changes: object) -> AsyncIterator[asyncio.Event]:
        """A daemon; it stops when the block ends, or when the event is set."""
        fields = {name: getattr(self.settings, name) for name in self.settings.__struct_fields__}
        settings = Daemon(**{**fields, "daemon_port": free_port(), **changes})
        stop = asyncio.Event()
        task = asyncio.create_task(serve(settings, self.log, stop, reads=self.reads))
        try:
            yield stop
        finally:
            stop.set()
            await asyncio.wait_for(task, 35)

    async def wake(self, *jobs: campaigns.Job) -> None:
        for job in jobs:
            await self.broker.wake(job.order)
