"""Stops in PostgreSQL, side by side with whoever else writes to the same jobs."""

import asyncio
from datetime import UTC, datetime, timedelta

from daemon.stops import Notice, Stops, Target
from daemon.store import QUERIES
from daemon.verdicts import Scope
from plumbing.postgres import Pool
from schemas.jobs import Template
from tests.campaigns import Job, make_job

SALE = Template(name="sale")


async def sales(pool: Pool) -> list[Job]:
    """Two jobs of one template on two numbers, both with a lane."""
    jobs = [
        await make_job(pool, 2, phone_number_id=phone, first=first, content=SALE)
        for phone, first in (("111", 1), ("222", 11))
    ]
    await pool.execute("INSERT INTO lanes (phone_number_id) VALUES ('111'), ('222')")
    return jobs


async def test_a_template_that_is_back_waits_for_writers_of_its_lanes_and_never_in_a_circle(
    pool: Pool,
) -> None:
    """As receipts of both jobs are merged: the lanes first, then the jobs in any order."""
    first, second = await sales(pool)
    stops = Stops(pool)
    await stops.stop(Target(template="sale", language="en_us"), Scope.TEMPLATE, "paused at Meta")
    async with pool.acquire() as merging, merging.transaction():
        async for _ in QUERIES.lock_lanes(merging, job_ids=[first.id, second.id]):
            pass
        await merging.execute("UPDATE jobs SET read = 0 WHERE id = $1", second.id)
        back = asyncio.create_task(
            stops.template_is_back("sale", "en_us", "it is back", None, resumes=False)
        )
        await asyncio.sleep(0.3)
        await merging.execute("UPDATE jobs SET read = 0 WHERE id = $1", first.id)
    assert {moved.job_id for moved in await back} == {first.id, second.id}


async def test_of_news_that_two_daemons_deal_with_at_once_the_newest_is_the_last_word(
    pool: Pool,
) -> None:
    first, second = await sales(pool)
    stops, now = Stops(pool), datetime.now(UTC)
    target = Target(template="sale", language="en_us")
    paused = Notice("template sale en_us", "PAUSED", now)
    back = Notice("template sale en_us", "APPROVED", now + timedelta(seconds=1))
    async with pool.acquire() as writer, writer.transaction():
        await QUERIES.lock_lane(writer, phone_number_id="222")
        older = asyncio.create_task(stops.stop(target, Scope.TEMPLATE, "paused", notice=paused))
        await asyncio.sleep(0.2)
        newer = asyncio.create_task(
            stops.template_is_back("sale", "en_us", "it is back", None, resumes=False, notice=back)
        )
        await asyncio.sleep(0.2)
    assert len(await older) == len(await newer) == 2
    rows = await pool.fetch(
        "SELECT state, reason FROM jobs WHERE id IN ($1, $2)", first.id, second.id
    )
    assert [tuple(row) for row in rows] == [("paused", "it is back")] * 2
    assert await stops.stop(target, Scope.TEMPLATE, "paused", notice=paused) == []
