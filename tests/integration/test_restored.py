"""A restored backup has forgotten what was sent since: nobody gets it a second time."""

import asyncio
import dataclasses
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from deploy.programs import CHECKOUT
from deploy.restored import Came, sentences
from deploy.servers import postgres_binary
from plumbing.postgres import Pool, open_pool
from schemas.environment import Secret
from schemas.settings import Daemon
from tests.campaigns import finished, make_job
from tests.daemons import Stack
from tests.integration.test_receipts import all_dealt_with
from tests.support import until


def tool(name: str, *arguments: str) -> None:
    subprocess.run([str(postgres_binary(name)), *arguments], check=True, timeout=60)


def restored(database_url: str, nats_url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.restored"], cwd=CHECKOUT, text=True, capture_output=True,
        env={**os.environ, "DATABASE_URL": database_url, "NATS_URL": nats_url}, check=False,
        timeout=60,
    )  # fmt: skip


async def test_what_was_sent_after_the_backup_is_not_sent_again(
    stack: Stack, database_url: str, nats_url: str, empty_database_url: str, tmp_path: Path
) -> None:
    settings = {"messages_per_second": 20, "unknown_after_seconds": 60,
                "app_secrets": (Secret("s"),)}  # fmt: skip
    job, backup = await make_job(stack.pool, 60, loop_size=20), str(tmp_path / "backup")
    async with stack.daemon(**settings):
        await stack.wake(job)
        await until(lambda: len(stack.peer.arrivals) >= 10, "some are sent")
        await asyncio.to_thread(tool, "pg_dump", "-Fc", "-f", backup, database_url)
        later = await make_job(stack.pool, 5, phone_number_id="200", first=101)
        await stack.wake(later)
        await until(lambda: len(stack.peer.arrivals) >= 35, "more are sent")
        await finished(stack.pool, later)
    sent = Counter(arrival.to for arrival in stack.peer.arrivals)

    await asyncio.to_thread(tool, "pg_restore", "-d", empty_database_url, backup)
    done = await asyncio.to_thread(restored, empty_database_url, nats_url)
    assert done.returncode == 0, done.stderr
    assert "1 job was paused." in done.stdout
    assert f"Job {later.id} was made after the backup" in done.stdout
    assert "5 messages of it were sent" in done.stdout

    async with await open_pool(empty_database_url, name="tests") as pool:
        again = dataclasses.replace(
            stack, pool=pool, settings=_on(stack, database_url=empty_database_url)
        )
        async with again.daemon(**settings):
            await _merged(pool, job.id, sum(sent.values()) - 5 - 1)  # one may have been in flight
            assert Counter(arrival.to for arrival in stack.peer.arrivals) == sent
            await pool.execute("UPDATE jobs SET wanted_no = wanted_no + 1")
            await again.wake(job)
            assert await finished(pool, job, seconds=60) == "completed"
            await all_dealt_with(stack.broker)
    assert Counter(arrival.to for arrival in stack.peer.arrivals).most_common(1)[0][1] == 1
    assert len(stack.peer.arrivals) == 65


def _on(stack: Stack, **changes: object) -> Daemon:
    fields = {name: getattr(stack.settings, name) for name in stack.settings.__struct_fields__}
    return Daemon(**{**fields, **changes})


async def _merged(pool: Pool, job_id: UUID, least: int) -> None:
    async with asyncio.timeout(20):
        while await pool.fetchval("SELECT sent FROM jobs WHERE id = $1", job_id) < least:
            await asyncio.sleep(0.05)


async def test_while_a_daemon_lives_nothing_is_done(
    stack: Stack, database_url: str, nats_url: str
) -> None:
    job = await make_job(stack.pool, 1)
    async with stack.daemon():
        await stack.wake(job)
        await finished(stack.pool, job)
        done = await asyncio.to_thread(restored, database_url, nats_url)
    assert (done.returncode, "stop all daemons first" in done.stderr) == (1, True)


@pytest.mark.parametrize(("paused", "said"), [(0, "0 jobs were"), (1, "1 job was")])
def test_it_says_what_was_done(paused: int, said: str) -> None:
    stranger = uuid4()
    told = sentences(Came(paused, 3, {stranger: 7}))
    assert told[0] == f"{said} paused."
    assert "3 receipts" in told[1]
    assert f"Job {stranger}" in told[-1]
