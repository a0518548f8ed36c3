"""Jobs that start at a time, within windows and at rates of their own, on real daemons."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from daemon.starts import QUERIES
from plumbing.postgres import Pool
from schemas.messages import MessageTag
from schemas.windows import DAYS, Window
from tests.campaigns import PHONE, Job, counters, finished, make_job, states, told
from tests.daemons import Stack

INDIA, UTAH = "919876500001", "18015551234"


async def plan(pool: Pool, job: Job, **columns: object) -> None:
    for name, value in columns.items():
        await pool.execute(f"UPDATE jobs SET {name} = $2 WHERE id = $1", job.id, value)


async def row(pool: Pool, job: Job) -> dict[str, Any]:
    found = await pool.fetchrow("SELECT * FROM jobs WHERE id = $1", job.id)
    assert found is not None
    return dict(found)


async def until(pool: Pool, job: Job, **wanted: object) -> dict[str, Any]:
    async with asyncio.timeout(15):
        while True:
            now = await row(pool, job)
            if all(now[name] == value for name, value in wanted.items()):
                return now
            await asyncio.sleep(0.01)


async def now_of(pool: Pool) -> datetime:
    now: datetime = await pool.fetchval("SELECT clock_timestamp()")
    return now


async def alive(pool: Pool, at: datetime) -> None:
    """A daemon was able to start jobs until then."""
    await pool.execute("UPDATE pulse SET beat_at = $1", at)


def window(opens: datetime, closes: datetime, zone: str = "UTC") -> bytes:
    """One whose hours are those of the zone's clock at these moments."""
    return msgspec.json.encode(Window(f"{opens:%H:%M}", f"{closes:%H:%M}", zone, DAYS))


async def test_a_job_starts_at_its_time_by_the_databases_clock_and_not_before(
    stack: Stack,
) -> None:
    job = await make_job(stack.pool, 3)
    at = await now_of(stack.pool) + timedelta(seconds=2.5)
    await plan(stack.pool, job, scheduled_at=at)
    async with stack.daemon():
        await stack.wake(job)  # which finds nothing to run
        await asyncio.sleep(1)
        assert stack.peer.arrivals == []
        assert await finished(stack.pool, job) == "completed"
    started: datetime = (await row(stack.pool, job))["started_at"]
    assert timedelta() <= started - at < timedelta(seconds=1)


async def test_a_job_that_is_planned_holds_no_other_of_its_number_up(stack: Stack) -> None:
    planned = await make_job(stack.pool, 2)
    other = await make_job(stack.pool, 2, first=100)
    await plan(stack.pool, planned, scheduled_at=await now_of(stack.pool) + timedelta(hours=1))
    async with stack.daemon():
        await stack.wake(other)
        assert await finished(stack.pool, other) == "completed"
    assert await states(stack.pool, planned) == {"queued": 2}


async def test_a_start_that_came_due_while_nothing_ran_asks_and_goes_when_it_is_resumed(
    stack: Stack,
) -> None:
    job = await make_job(stack.pool, 2)
    now = await now_of(stack.pool)
    await alive(stack.pool, now - timedelta(hours=3))
    await plan(stack.pool, job, scheduled_at=now - timedelta(hours=1))
    async with stack.daemon():
        await stack.wake(job)
        held = await until(stack.pool, job, state="paused")
        assert held["stopped_by"] == "late"
        assert held["reason"].startswith("It was to start at ")
        await asyncio.sleep(1.5)
        assert stack.peer.arrivals == []
        await stack.pool.execute("UPDATE jobs SET wanted_no = wanted_no + 1")
        await stack.wake(job)
        assert await finished(stack.pool, job) == "completed"
    frames = [frame["type"] for _, frame in await told(stack.broker, job)]
    assert frames[:2] == ["job_state", "job_state"]
    trail = await stack.pool.fetch("SELECT what, who FROM audit ORDER BY no")
    assert [tuple(line) for line in trail][1:3] == [("paused", None), ("running", None)]


async def test_a_start_that_is_late_by_less_than_the_grace_goes_at_once(stack: Stack) -> None:
    job = await make_job(stack.pool, 2)
    now = await now_of(stack.pool)
    await alive(stack.pool, now - timedelta(hours=3))
    await plan(stack.pool, job, scheduled_at=now - timedelta(minutes=10))
    async with stack.daemon():
        assert await finished(stack.pool, job) == "completed"


async def test_a_start_that_waited_behind_another_job_while_daemons_lived_is_not_late(
    stack: Stack,
) -> None:
    job = await make_job(stack.pool, 2)
    now = await now_of(stack.pool)
    await alive(stack.pool, now)
    await plan(stack.pool, job, scheduled_at=now - timedelta(hours=1))
    async with stack.daemon():
        assert await finished(stack.pool, job) == "completed"


async def test_of_two_jobs_only_the_one_that_is_late_is_held(stack: Stack) -> None:
    late = await make_job(stack.pool, 2)
    soon = await make_job(stack.pool, 2, first=100)
    now = await now_of(stack.pool)
    await plan(stack.pool, late, scheduled_at=now - timedelta(hours=1))
    await plan(stack.pool, soon, scheduled_at=now + timedelta(seconds=1))
    async with stack.daemon():
        assert await finished(stack.pool, soon) == "completed"
        await until(stack.pool, late, state="paused", stopped_by="late")


async def test_the_next_start_is_found_by_its_index_among_ten_thousand(stack: Stack) -> None:
    job = await make_job(stack.pool, 1)
    await plan(stack.pool, job, scheduled_at=await now_of(stack.pool) + timedelta(days=1))
    columns = "owner, phone_number_id, content, submission, loop_size, total, queued, scheduled_at"
    await stack.pool.execute(
        f"INSERT INTO jobs (id, {columns}) SELECT gen_random_uuid(), {columns}"
        " FROM jobs, generate_series(1, 10000)"
    )
    await stack.pool.execute("ANALYZE jobs")
    for query in (QUERIES.next_due_seconds.sql, QUERIES.jobs_come_due.sql):
        steps = [line[0] for line in await stack.pool.fetch(f"EXPLAIN {query}")]
        assert any("jobs_due" in step for step in steps), steps


async def test_outside_a_window_of_a_zone_the_whole_job_rests_and_goes_when_it_opens(
    stack: Stack,
) -> None:
    """The hours end before now and begin in a moment: no test can wait for a minute of a clock."""
    job = await make_job(stack.pool, 40, loop_size=10)
    now = await now_of(stack.pool)
    closed = window(now + timedelta(hours=2), now + timedelta(hours=3))
    await plan(stack.pool, job, send_window=closed)
    async with stack.daemon():
        await stack.wake(job)
        resting = await until(stack.pool, job, limited_by="window")
        opens = (now + timedelta(hours=2)).replace(second=0, microsecond=0)
        assert resting["rests_until"] == resting["limited_until"] == opens
        assert stack.peer.arrivals == []
        open_now = window(now - timedelta(hours=1), now + timedelta(hours=1))
        await plan(stack.pool, job, send_window=open_now, rests_until=now + timedelta(seconds=3))
        assert await finished(stack.pool, job) == "completed"
    assert await counters(stack.pool, job) == {"sent": 40}
    turns = await stack.pool.fetchval("SELECT max(idle_turns) FROM loops")
    assert turns == 0


async def test_by_the_recipients_clock_those_who_are_awake_get_theirs_and_the_others_wait(
    stack: Stack,
) -> None:
    both = [INDIA[:-2] + f"{n:02d}" for n in range(6)] + [UTAH[:-2] + f"{n:02d}" for n in range(6)]
    job = await make_job(stack.pool, 12, loop_size=4, recipients=both)
    now = (await now_of(stack.pool)).astimezone(UTC)
    in_india = now + timedelta(hours=5, minutes=30)
    hours = window(in_india - timedelta(hours=2), in_india + timedelta(hours=2), "recipient")
    await plan(stack.pool, job, send_window=hours)
    async with stack.daemon():
        await stack.wake(job)
        resting = await until(stack.pool, job, limited_by="window")
        assert {arrival.to[:2] for arrival in stack.peer.arrivals} == {"91"}
        assert await counters(stack.pool, job) == {"sent": 6, "queued": 6}
        assert resting["rests_until"] - now > timedelta(hours=5)  # until Utah's clock is there
        await stack.pool.execute("UPDATE messages SET zone = 'Asia/Kolkata'")
        await stack.pool.execute("UPDATE loops SET due_at = NULL")
        await plan(stack.pool, job, rests_until=None)
        assert await finished(stack.pool, job) == "completed"
    assert stack.peer.times_to() == dict.fromkeys(both, 1)
    assert await stack.pool.fetchval("SELECT max(idle_turns) FROM loops") == 0


async def test_a_job_goes_at_its_own_rate_and_follows_a_change_within_a_second(
    stack: Stack,
) -> None:
    job = await make_job(stack.pool, 60)
    await plan(stack.pool, job, messages_per_second=4)
    async with stack.daemon(messages_per_second=100):
        await stack.wake(job)
        async with asyncio.timeout(15):
            while len(stack.peer.arrivals) < 8:
                await asyncio.sleep(0.01)
        await plan(stack.pool, job, messages_per_second=40)
        assert await finished(stack.pool, job) == "completed"
    times = [arrival.at for arrival in stack.peer.arrivals]
    assert all(later - earlier > 0.2 for earlier, later in pairwise(times[:8]))
    slow = [n for n, (earlier, later) in enumerate(pairwise(times)) if later - earlier > 0.2]
    assert max(slow) <= 7 + 4  # what a second at the old rate can hold


async def test_a_rate_that_is_lowered_on_the_way_is_kept_from_there_on(stack: Stack) -> None:
    job = await make_job(stack.pool, 45)
    await plan(stack.pool, job, messages_per_second=40)
    async with stack.daemon(messages_per_second=100):
        await stack.wake(job)
        async with asyncio.timeout(15):
            while len(stack.peer.arrivals) < 30:
                await asyncio.sleep(0.005)
        await plan(stack.pool, job, messages_per_second=5)
        assert await finished(stack.pool, job) == "completed"
    times = [arrival.at for arrival in stack.peer.arrivals]
    last = times[-6:]
    assert all(later - earlier > 0.15 for earlier, later in pairwise(last))


async def test_jobs_of_different_rates_that_alternate_never_exceed_the_numbers_rate(
    stack: Stack,
) -> None:
    fast = await make_job(stack.pool, 60, loop_size=15)
    slow = await make_job(stack.pool, 8, loop_size=2, first=100)
    await plan(stack.pool, slow, messages_per_second=4)
    async with stack.daemon(messages_per_second=20):
        await stack.wake(fast, slow)
        for job in (fast, slow):
            assert await finished(stack.pool, job) == "completed"
    assert stack.peer.busiest_second() <= 20
    tags = [MessageTag.decode(arrival.tag) for arrival in stack.peer.arrivals]
    times = [arrival.at for arrival in stack.peer.arrivals]
    for place, tag in enumerate(tags):
        if tag and tag.job_id == slow.id and place >= 4:
            assert times[place] - times[place - 4] > 0.95


async def test_a_longer_pause_is_the_jobs_own_and_others_of_the_number_go_on(stack: Stack) -> None:
    patient = await make_job(stack.pool, 4, loop_size=2)
    other = await make_job(stack.pool, 6, loop_size=2, first=100)
    await plan(stack.pool, patient, loop_pause_ms=2500)
    async with stack.daemon():
        await stack.wake(patient, other)
        assert await finished(stack.pool, other) == "completed"
        assert await counters(stack.pool, patient) == {"sent": 2, "queued": 2}
        assert (await row(stack.pool, patient))["limited_by"] == "pause"
        assert await finished(stack.pool, patient) == "completed"
    ended = await stack.pool.fetchval(
        "SELECT finished_at FROM loops WHERE job_id = $1 AND loop = 1", patient.id
    )
    began = await stack.pool.fetchval(
        "SELECT started_at FROM loops WHERE job_id = $1 AND loop = 2", patient.id
    )
    assert began - ended >= timedelta(seconds=2.4)
    pauses = [frame["pauseMs"] for _, frame in await told(stack.broker, patient)
              if frame["type"] == "loop_completed"]  # fmt: skip
    assert pauses == [2500, 0]


async def test_a_test_goes_before_everything_that_waits_for_its_number(stack: Stack) -> None:
    waiting = await make_job(stack.pool, 3)
    test = await make_job(stack.pool, 1, first=100)
    await plan(stack.pool, test, is_test=True)
    async with stack.daemon():
        await stack.wake(waiting)
        for job in (waiting, test):
            assert await finished(stack.pool, job) == "completed"
    tags = [MessageTag.decode(arrival.tag) for arrival in stack.peer.arrivals]
    assert tags[0] is not None
    assert tags[0].job_id == test.id


@pytest.mark.parametrize("stopped_by", ["brake", "person"])
async def test_a_job_that_a_person_held_at_its_time_is_not_late_when_it_is_released(
    stack: Stack, stopped_by: str
) -> None:
    job = await make_job(stack.pool, 2)
    await plan(
        stack.pool, job, scheduled_at=await now_of(stack.pool) - timedelta(hours=5),
        state="paused", stopped_by=stopped_by, wanted_no=1,
    )  # fmt: skip
    async with stack.daemon():
        await stack.wake(job)
        assert await finished(stack.pool, job) == "completed"


async def test_the_messaging_limit_is_noted_for_those_who_plan(stack: Stack) -> None:
    job = await make_job(stack.pool, 2)
    async with stack.daemon(messaging_limit=250):
        await stack.wake(job)
        assert await finished(stack.pool, job) == "completed"
    limit = "SELECT people_limit FROM lanes WHERE phone_number_id = $1"
    assert await stack.pool.fetchval(limit, PHONE) == 250
