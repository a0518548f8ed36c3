"""The census says of the fleet what PostgreSQL and JetStream say; false counts are found."""

import asyncio
from uuid import UUID

import pytest

from daemon.census import Census
from daemon.observe import Observer
from daemon.presence import Presence
from daemon.recount import Recount
from daemon.supervisor import ensure_consumer
from plumbing.broker import Broker
from plumbing.logs import Log
from plumbing.meters import Meters
from plumbing.postgres import Pool
from plumbing.tasks import end
from schemas import metrics
from schemas.subjects import MERGERS, RECEIPTS_SUBJECT, SENDERS
from tests.campaigns import PHONE, Job, make_job

OTHER = "100000000000002"


class Watch:
    """A census whose rounds a test makes, and what it says."""

    def __init__(self, pool: Pool, broker: Broker, log: Log) -> None:
        self.pool, self.meters = pool, Meters(metrics.DAEMON)
        observer = Observer(self.meters, log)
        self.recount = Recount(pool, observer, begin=lambda: UUID(int=0))
        self.census = Census(
            pool=pool, broker=broker, recount=self.recount, observer=observer, full_per_second=10
        )

    async def fleet(self) -> dict[str, float]:
        """The figures of PostgreSQL that are not 0, by what is not `loopcast_` in their name."""
        await self.census.of_fleet()
        return self.figures()

    def figures(self) -> dict[str, float]:
        lines = self.meters.exposition().decode().splitlines()
        pairs = [line.rsplit(" ", 1) for line in lines if line.startswith("loopcast_")]
        return {name.removeprefix("loopcast_"): float(value) for name, value in pairs}

    async def set_lane(self, assignments: str, phone_number_id: str = PHONE) -> None:
        await self.pool.execute(
            "INSERT INTO lanes (phone_number_id) VALUES ($1) ON CONFLICT DO NOTHING",
            phone_number_id,
        )
        await self.pool.execute(
            f"UPDATE lanes SET {assignments} WHERE phone_number_id = $1", phone_number_id
        )

    async def set_job(self, job: Job, assignments: str) -> None:
        await self.pool.execute(f"UPDATE jobs SET {assignments} WHERE id = $1", job.id)


@pytest.fixture
def watch(pool: Pool, broker: Broker, log: Log) -> Watch:
    return Watch(pool, broker, log)


async def test_an_empty_ledger_is_all_noughts(watch: Watch) -> None:
    told = await watch.fleet()
    assert told["oldest_lane_wait_seconds"] == told["longest_standstill_seconds"] == 0
    assert told["daemons"] == told["messaging_reached_people"] == 0
    assert told["schema_version"] >= 3


async def test_a_job_that_no_daemon_takes_waits_and_stands_still(watch: Watch, pool: Pool) -> None:
    job = await make_job(pool, 3)
    await watch.set_job(job, "created_at = now() - interval '100 seconds'")
    told = await watch.fleet()
    assert told['lanes{state="waiting"}'] == 1
    assert told["oldest_lane_wait_seconds"] == pytest.approx(100, abs=20)
    assert told["longest_standstill_seconds"] == pytest.approx(100, abs=20)


async def test_a_lane_in_its_pause_rests(watch: Watch, pool: Pool) -> None:
    job = await make_job(pool, 3)
    await watch.set_job(job, "created_at = now() - interval '100 seconds'")
    await watch.set_lane("turn_due_at = now() + interval '60 seconds'")
    told = await watch.fleet()
    assert (told['lanes{state="resting"}'], told['lanes{state="waiting"}']) == (1, 0)
    assert told["oldest_lane_wait_seconds"] == told["longest_standstill_seconds"] == 0


async def test_a_job_that_waits_for_its_recipients_is_not_stuck(watch: Watch, pool: Pool) -> None:
    job = await make_job(pool, 3)
    await watch.set_job(job, "created_at = now() - interval '100 seconds'")
    await pool.execute("UPDATE loops SET due_at = now() + interval '60 seconds'")
    assert (await watch.fleet())["longest_standstill_seconds"] == 0


async def test_a_lane_that_is_held_and_claims_nothing_stands_still(
    watch: Watch, pool: Pool
) -> None:
    job = await make_job(pool, 3)
    await watch.set_job(job, "created_at = now() - interval '100 seconds'")
    await watch.set_lane(
        "holder = 7, is_released = false, claimed_at = now() - interval '50 seconds'"
    )
    told = await watch.fleet()
    assert told['lanes{state="held"}'] == 1
    assert told["oldest_lane_wait_seconds"] == 0
    assert told["longest_standstill_seconds"] == pytest.approx(50, abs=20)


async def test_the_number_that_is_worst_off_is_told(watch: Watch, pool: Pool) -> None:
    job = await make_job(pool, 3)
    other = await make_job(pool, 3, phone_number_id=OTHER, first=10)
    await watch.set_job(job, "created_at = now() - interval '100 seconds'")
    await watch.set_job(other, "created_at = now() - interval '500 seconds'")
    assert (await watch.fleet())["oldest_lane_wait_seconds"] == pytest.approx(500, abs=20)


async def test_what_holds_a_number_back_is_told_while_it_has_work(watch: Watch, pool: Pool) -> None:
    await watch.set_lane("held_until = now() + interval '60 seconds', held_by = 'messaging limit'")
    await watch.set_lane(
        "slowed_to = 5, slowed_from = 10, slowed_at = now(), held_by = 'throttled',"
        " held_until = now() + interval '60 seconds'", OTHER,
    )  # fmt: skip
    idle = await watch.fleet()
    assert idle['lanes_held_back{by="throttled"}'] == idle["lanes_slowed"] == 0
    await make_job(pool, 3)
    await make_job(pool, 3, phone_number_id=OTHER, first=10)
    told = await watch.fleet()
    assert told['lanes_held_back{by="messaging_limit"}'] == 1
    assert told['lanes_held_back{by="throttled"}'] == told["lanes_slowed"] == 1
    assert told["longest_standstill_seconds"] == 0


async def test_a_number_that_has_its_pace_back_is_slow_no_more(watch: Watch, pool: Pool) -> None:
    await make_job(pool, 3)
    await watch.set_lane(
        "slowed_to = 5, slowed_from = 10, slowed_at = now() - interval '30 seconds'"
    )
    assert (await watch.fleet())["lanes_slowed"] == 1
    await watch.set_lane("slowed_at = now() - interval '51 seconds'")
    assert (await watch.fleet())["lanes_slowed"] == 0


async def test_stops_in_force_are_told_by_what_they_stop(watch: Watch, pool: Pool) -> None:
    for first, by in ((1, "'number'"), (10, "'number'"), (20, "'account'"), (30, "NULL")):
        job = await make_job(pool, 3, first=first)
        await watch.set_job(job, f"state = 'paused', stopped_by = {by}")
    told = await watch.fleet()
    assert told['jobs_stopped{scope="number"}'] == 2
    assert told['jobs_stopped{scope="account"}'] == told['jobs_stopped{scope="person"}'] == 1
    assert told['jobs_stopped{scope="template"}'] == 0
    await pool.execute("UPDATE jobs SET state = 'running', stopped_by = NULL")
    assert (await watch.fleet())['jobs_stopped{scope="number"}'] == 0


async def test_a_job_that_should_be_over_is_overdue(watch: Watch, pool: Pool) -> None:
    job = await make_job(pool, 3)
    await watch.set_job(
        job, "state = 'settling', queued = 2, unknown = 1,"
        " doubt_until = now() - interval '200 seconds'",
    )  # fmt: skip
    assert (await watch.fleet())["settling_overdue_seconds"] == pytest.approx(200, abs=20)


async def test_people_who_were_reached_a_day_ago_count_no_more(watch: Watch, pool: Pool) -> None:
    await pool.execute(
        "INSERT INTO reach VALUES (now() - interval '1 hour', 5), (now() - interval '2 days', 7)"
    )
    assert (await watch.fleet())["messaging_reached_people"] == 5


async def test_a_daemon_lives_while_its_session_does(
    watch: Watch, database_url: str, log: Log
) -> None:
    async with Presence(database_url, Observer(Meters(metrics.DAEMON), log)):
        assert (await watch.fleet())["daemons"] == 1
    assert (await watch.fleet())["daemons"] == 0


async def test_the_streams_are_told_with_their_limits_and_what_waits(
    watch: Watch, broker: Broker
) -> None:
    for consumer in (SENDERS, MERGERS):
        await ensure_consumer(broker, consumer, ack_wait_seconds=5)
    await broker.publish(RECEIPTS_SUBJECT, b"{}")
    await watch.census.of_streams()
    told = watch.figures()
    assert told['stream_messages{stream="BULK_RECEIPTS"}'] == 1
    assert told['consumer_pending_messages{consumer="mergers"}'] == 1
    assert 0 < told['stream_bytes{stream="BULK_RECEIPTS"}'] < 1000
    assert told['stream_limit_bytes{stream="BULK_JOBS"}'] == 64 * 2**20
    assert told['stream_messages{stream="BULK_JOBS"}'] == 0
    assert told["oldest_receipt_wait_seconds"] > 0


async def test_counters_that_differ_from_their_rows_are_found_and_forgotten_once_set_right(
    watch: Watch, pool: Pool
) -> None:
    jobs = [await make_job(pool, 3, first=10 * n) for n in range(1, 4)]
    await watch.set_job(jobs[1], "queued = 1, sent = 2")
    for _ in range(4):  # the three, and the end of their list
        await watch.recount.next()
    assert watch.figures()["conservation_difference_messages"] == 4
    await watch.set_job(jobs[1], "queued = 3, sent = 0")
    await watch.recount.next()
    told = watch.figures()
    assert told["conservation_difference_messages"] == 0
    assert told["recounts_total"] >= 4


async def test_a_row_that_is_gone_is_a_difference(watch: Watch, pool: Pool) -> None:
    job = await make_job(pool, 3)
    await pool.execute("DELETE FROM messages WHERE job_id = $1 AND seq = 2", job.id)
    await watch.recount.next()
    assert watch.figures()["conservation_difference_messages"] == 2  # of the total, and of queued


async def test_only_unfinished_and_recent_jobs_are_recounted(watch: Watch, pool: Pool) -> None:
    job = await make_job(pool, 3)
    await watch.set_job(
        job, "state = 'completed', finished_at = now(), sent = 3, queued = 0,"
        " created_at = now() - interval '2 days'",
    )  # fmt: skip
    await watch.recount.next()
    assert watch.figures()["recounts_total"] == 0


async def test_a_round_that_swallows_its_cancellation_does_not_keep_the_census_alive(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `asyncio.wait_for` of Python 3.11 does, when an answer comes at that moment."""
    started, swallowed = asyncio.Event(), 0

    async def swallow_once() -> None:
        nonlocal swallowed
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            swallowed += 1
            if swallowed > 1:
                raise

    monkeypatch.setattr(watch.census, "of_fleet", swallow_once)
    task = asyncio.create_task(watch.census.run())
    await started.wait()
    async with asyncio.timeout(10):
        await end(task)
    assert task.cancelled()
