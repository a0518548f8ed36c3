"""The next release: its migrations are applied in mid-job, under the processes of this one."""

import asyncio
import contextlib
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from plumbing import migrations
from tests.chaos.campaigns import Slot, finished, reaches, restarting
from tests.chaos.conftest import Chaos
from tests.fleet import Fleet

pytestmark = pytest.mark.timeout(180)

# Every table that a campaign writes to gets a column, and one of them an index.
NEXT = """
ALTER TABLE jobs ADD COLUMN hue text;
ALTER TABLE loops ADD COLUMN hue text NOT NULL DEFAULT 'grey';
ALTER TABLE messages ADD COLUMN hue text, ADD COLUMN depth integer NOT NULL DEFAULT 0;
ALTER TABLE lanes ADD COLUMN hue text;
ALTER TABLE contacts ADD COLUMN hue text;
ALTER TABLE suppressions ADD COLUMN hue text;
"""
INDEX = "CREATE INDEX CONCURRENTLY IF NOT EXISTS messages_hue ON messages (hue);"


async def test_a_migration_in_mid_job_stops_nobody_and_older_processes_go_on(
    chaos: Chaos, full: bool, tmp_path: Path
) -> None:
    chaos.about("10.0", "the schema is migrated in mid-loop; then older processes are restarted")
    fleet, total = chaos.fleet, 400 if full else 160
    fleet.env |= {"BULK_MESSAGES_PER_SECOND": "20", "BULK_LOOP_SIZE": "20"}
    with fleet.sandbox(), contextlib.ExitStack() as stack, restarting(fleet, 2) as daemons:
        gateway = Slot(stack, fleet.gateway)
        gateway.start()
        job_id = (await fleet.submit(total))["jobId"]
        async with asked_all_the_time(fleet, job_id) as answers:
            await reaches(fleet, job_id, 30)
            began_ns = time.monotonic_ns()
            applied = await migrations.migrate(
                fleet.pool, structlog.get_logger(), folder=next_release(tmp_path)
            )
            ended_ns = time.monotonic_ns()
            await reaches(fleet, job_id, 60)
        for daemon in daemons:
            assert daemon.child is not None
            daemon.child.terminate()
            await asyncio.to_thread(daemon.child.wait, 30)
            await asyncio.to_thread(daemon.start)
        gateway.kill()
        await asyncio.to_thread(gateway.start)
        later_id = (await fleet.submit(10, first=total + 1))["jobId"]
        await finished(fleet, job_id, later_id)
        await chaos.silences([(began_ns, ended_ns)])
        account = await chaos.account()
    assert len(applied.applied) == 2
    assert set(answers) == {200}
    assert (account.sent, account.unknown) == (total + 10, 0)


def next_release(folder: Path) -> Path:
    """The migrations of the release after this one."""
    number = migrations.known()[-1].version + 1
    shutil.copytree(migrations.FOLDER, folder / "sql")
    (folder / "sql" / f"{number:04}_hue.sql").write_text(NEXT)
    (folder / "sql" / f"{number + 1:04}_index.sql").write_text(INDEX)
    return folder / "sql"


@contextlib.asynccontextmanager
async def asked_all_the_time(fleet: Fleet, job_id: str) -> AsyncIterator[list[int]]:
    """Somebody looks at jobs and opt-outs all the while; yields the codes of the answers."""
    answers: list[int] = []

    async def ask() -> None:
        while True:
            for path in (f"/bulk/job/{job_id}", "/bulk/jobs", "/suppressions"):
                async with fleet.http.get(fleet.api + path) as answer:
                    answers.append(answer.status)
            await asyncio.sleep(0.02)

    asking = asyncio.create_task(ask())
    yield answers
    asking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asking
