"""What tests of the daemon on real servers start from."""

from collections.abc import AsyncIterator

import pytest

from plumbing.broker import Broker
from plumbing.logs import Log
from plumbing.postgres import Pool
from schemas.environment import Secret
from schemas.settings import Daemon
from tests.daemons import Stack
from tests.peer import Peer


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with Peer() as made:
        yield made


@pytest.fixture
def stack(
    database_url: str, nats_url: str, pool: Pool, broker: Broker, peer: Peer, log: Log
) -> Stack:
    settings = Daemon(
        database_url=database_url,
        nats_url=nats_url,
        access_token=Secret("token"),
        graph_api_base_url=peer.url,
        messages_per_second=0,
        pause_ms=0,
        retry_base_ms=1,
        request_timeout_ms=1000,
        ack_wait_seconds=2,
    )
    return Stack(settings, pool, broker, peer, log)
