"""The servers of the stack: they come up empty, keep to this machine, and leave nothing behind."""

from plumbing.broker import Broker
from plumbing.postgres import Pool


async def test_a_test_gets_a_migrated_empty_ledger(pool: Pool) -> None:
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 0


async def test_a_test_gets_empty_streams(broker: Broker) -> None:
    assert (await broker.js.stream_info("BULK_JOBS")).state.messages == 0
