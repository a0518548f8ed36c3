"""The ledger's statements: fenced by the epoch, moving only from the state that they name."""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec
import pytest

from daemon.entries import Entry
from daemon.ledger import ClaimRefused, Closed, Crashed, Ledger
from daemon.presence import LOCK_CLASS
from daemon.progress import message_frames
from daemon.rows import Holding, Work, Written
from daemon.store import QUERIES, REACH_LOCK, LaneLost, Store
from plumbing.logs import Log
from plumbing.postgres import Pool
from schemas.events import Frame, MessageFailed
from tests.campaigns import PHONE, Job, begun, counters, make_job, message, recipient, states

CLAIM: dict[str, Any] = {"claim_seconds": 2.0, "limited_by": None}


@pytest.fixture
def store(pool: Pool) -> Store:
    return Store(pool)


async def take(store: Store) -> tuple[Holding, Work]:
    """The lane and its next loop, as a daemon that got the turn takes them."""
    holding = await store.acquire(PHONE, 1, "reply")
    work = await begun(store, holding)
    assert work is not None
    return holding, work


async def claim(store: Store, holding: Holding, work: Work, *seqs: int) -> Written | None:
    return await store.write(holding, work, [], claim_seqs=list(seqs), **CLAIM)


async def record(store: Store, holding: Holding, work: Work, *entries: Entry) -> Written | None:
    return await store.write(holding, work, entries, claim_seqs=[], **CLAIM)


def sent(seq: int, attempt: int = 1) -> Entry:
    return Entry(seq, "49151", attempt, "sent", 0, message_id=f"wamid.{seq}")


def throttled(seq: int) -> Entry:
    return Entry(seq, "49151", 1, "queued", 0, code=130429, title="Rate limit", wait_seconds=1.0)


async def test_a_message_is_claimed_once(store: Store, pool: Pool) -> None:
    await make_job(pool, 3)
    holding, work = await take(store)
    first = await claim(store, holding, work, 1, 2)
    second = await claim(store, holding, work, 2, 3)
    assert first is not None
    assert second is not None
    assert first.claimed == frozenset({1, 2})
    assert second.claimed == frozenset({3})


async def test_a_holder_that_lost_its_lane_can_neither_claim_nor_record(
    store: Store, pool: Pool
) -> None:
    job = await make_job(pool, 3)
    holding, work = await take(store)
    await claim(store, holding, work, 1)
    await store.acquire(PHONE, 2, "reply")
    assert await claim(store, holding, work, 2) is None
    assert await record(store, holding, work, sent(1)) is None
    for move in (store.complete_loop(holding, work), store.begin_loop(holding)):
        with pytest.raises(LaneLost):
            await move
    assert await states(pool, job) == {"queued": 2, "sending": 1}


async def test_an_outcome_of_another_attempt_changes_nothing(store: Store, pool: Pool) -> None:
    job = await make_job(pool, 1)
    holding, work = await take(store)
    await claim(store, holding, work, 1)
    written = await record(store, holding, work, sent(1, attempt=2))
    assert written is not None
    assert written.recorded == frozenset()
    assert await states(pool, job) == {"sending": 1}


async def crashed_with(store: Store, *seqs: int) -> tuple[Holding, Work]:
    """A holder that claimed these and lost its lane; its successor has settled them."""
    holding, work = await take(store)
    await claim(store, holding, work, *seqs)
    successor = await store.acquire(PHONE, 2, "reply")
    assert await store.settle(successor) == len(seqs)
    return holding, work


async def test_what_a_dead_holder_left_in_sending_is_unknown(store: Store, pool: Pool) -> None:
    job = await make_job(pool, 4)
    await crashed_with(store, 1, 2)
    assert await counters(pool, job) == {"queued": 2, "unknown": 2}
    assert await pool.fetchval("SELECT unknown FROM loops") == 2


async def test_a_fact_whose_turn_is_lost_is_still_recorded(store: Store, pool: Pool) -> None:
    job = await make_job(pool, 4)
    holding, _ = await crashed_with(store, 1, 2)
    written = await store.record_late(holding, job.id, sent(1))
    assert written is not None
    assert (written.sent, written.newly_sent) == (1, 1)
    assert await counters(pool, job) == {"queued": 2, "sent": 1, "unknown": 1}
    assert (await message(pool, job, 1))["message_id"] == "wamid.1"
    assert await pool.fetchval("SELECT ARRAY[sent, unknown] FROM loops") == [1, 1]


async def test_a_fact_is_recorded_once(store: Store, pool: Pool) -> None:
    job = await make_job(pool, 1)
    holding, _ = await crashed_with(store, 1)
    await store.record_late(holding, job.id, sent(1))
    assert await store.record_late(holding, job.id, sent(1)) is None
    assert await counters(pool, job) == {"sent": 1}


async def test_what_was_not_accepted_goes_back_to_the_queue_when_its_turn_is_lost(
    store: Store, pool: Pool
) -> None:
    job = await make_job(pool, 2)
    holding, _ = await crashed_with(store, 1)
    await store.record_late(holding, job.id, throttled(1))
    assert await counters(pool, job) == {"queued": 2}


async def test_a_completed_loop_goes_on_when_a_message_of_it_turns_out_not_accepted(
    store: Store, pool: Pool
) -> None:
    job = await make_job(pool, 2, loop_size=1)
    holding, work = await crashed_with(store, 1)
    successor = await store.acquire(PHONE, 2, "reply")
    assert await store.complete_loop(successor, work) is not None
    await store.record_late(holding, job.id, throttled(1))
    again = await begun(store, successor)
    assert again is not None
    assert (again.loop, [message.seq for message, _ in again.waiting]) == (1, [1])
    assert again.started_no is None
    assert await counters(pool, job) == {"queued": 2}


async def test_what_was_not_accepted_is_failed_when_its_job_is_finished(
    store: Store, pool: Pool
) -> None:
    job = await make_job(pool, 1)
    holding, work = await crashed_with(store, 1)
    successor = await store.acquire(PHONE, 2, "reply")
    end = await store.complete_loop(successor, work)
    assert end is not None
    assert end.job is not None
    await store.record_late(holding, job.id, throttled(1))
    assert await counters(pool, job) == {"failed": 1}
    assert (await message(pool, job, 1))["error_code"] == 130429


async def test_a_loop_with_something_left_to_send_is_not_completed(
    store: Store, pool: Pool
) -> None:
    await make_job(pool, 2)
    holding, work = await take(store)
    await claim(store, holding, work, 1)
    assert await store.complete_loop(holding, work) is None
    await record(store, holding, work, sent(1))
    assert await store.complete_loop(holding, work) is None


async def test_the_last_loop_finishes_the_job(store: Store, pool: Pool) -> None:
    await make_job(pool, 2, loop_size=1)
    ends = []
    for _ in range(2):
        holding, work = await take(store)
        await claim(store, holding, work, work.first_seq)
        await record(store, holding, work, sent(work.first_seq))
        end = await store.complete_loop(holding, work)
        assert end is not None
        ends.append(end.job and end.job.state)
    assert ends == [None, "completed"]
    assert await store.next_order(PHONE) is None


async def test_a_completed_job_is_not_begun_again(store: Store, pool: Pool) -> None:
    await test_the_last_loop_finishes_the_job(store, pool)
    holding = await store.acquire(PHONE, 3, "reply")
    assert await store.begin_loop(holding) is None


async def test_a_successor_waits_for_what_a_living_holder_has_claimed(
    store: Store, pool: Pool, database_url: str
) -> None:
    await make_job(pool, 1)
    living = await asyncpg.connect(database_url)
    await living.execute("SELECT pg_advisory_lock($1, $2)", LOCK_CLASS, 77)
    holding = await store.acquire(PHONE, 77, "reply")
    work = await begun(store, holding)
    assert work is not None
    await claim(store, holding, work, 1)
    assert 1.0 < (await store.acquire(PHONE, 77, "reply")).wait_seconds <= 2.0
    await living.close()
    await asyncio.sleep(0.2)
    assert (await store.acquire(PHONE, 78, "reply")).wait_seconds == 0.0


async def test_a_released_lane_tells_its_next_holder_when_messages_left(
    store: Store, pool: Pool
) -> None:
    await make_job(pool, 1)
    holding, work = await take(store)
    await claim(store, holding, work, 1)
    await store.release(holding, [0.5, 0.1])
    after = await store.acquire(PHONE, 2, "reply")
    assert not after.was_held
    assert after.leave_ages == pytest.approx([0.5, 0.1], abs=0.09)


async def test_a_lane_that_was_not_released_tells_only_of_its_last_claim(
    store: Store, pool: Pool
) -> None:
    await make_job(pool, 1)
    holding, work = await take(store)
    await claim(store, holding, work, 1)
    after = await store.acquire(PHONE, 2, "reply")
    assert after.was_held
    assert after.leave_ages is None
    assert after.claimed_seconds_ago is not None


async def test_postgres_itself_refuses_counts_that_do_not_add_up(pool: Pool) -> None:
    await make_job(pool, 2)
    with pytest.raises(asyncpg.CheckViolationError, match="conservation"):
        await pool.execute("UPDATE jobs SET sent = sent + 1")


class CountingStore(Store):
    """Counts its writes, and takes as long as a disk would."""

    writes = 0

    async def write(
        self, holding: Holding, work: Work, entries: Sequence[Entry], **claim: Any
    ) -> Written | None:
        self.writes += 1
        await asyncio.sleep(0.005)
        return await super().write(holding, work, entries, **claim)


def ignore(_entries: Sequence[Entry], _written: Written) -> None:
    """Nobody is told."""


async def test_one_statement_carries_the_outcomes_that_gathered(pool: Pool, log: Log) -> None:
    job = await make_job(pool, 100)
    store = CountingStore(pool)
    holding, work = await take(store)
    async with Ledger(store, holding, work, tell=ignore, log=log) as ledger:
        claims = await ledger.claim([message for message, _ in work.waiting])
        await asyncio.gather(*(ledger.record(sent(message.seq)) for message in claims.claimed))
    assert await counters(pool, job) == {"sent": 100}
    assert store.writes <= 3


async def test_a_ledger_without_its_lane_takes_no_claims_and_says_why(
    store: Store, pool: Pool, log: Log
) -> None:
    job = await make_job(pool, 2)
    holding, work = await take(store)
    async with Ledger(store, holding, work, tell=ignore, log=log) as ledger:
        await store.acquire(PHONE, 2, "reply")
        with pytest.raises(ClaimRefused):
            await ledger.claim([message for message, _ in work.waiting])
        assert ledger.closed is Closed.FENCED
    assert await states(pool, job) == {"queued": 2}


class BreakingStore(Store):
    """Its first write is done, and its answer lost."""

    broken = False

    async def write(
        self, holding: Holding, work: Work, entries: Sequence[Entry], **claim: Any
    ) -> Written | None:
        written = await super().write(holding, work, entries, **claim)
        if not self.broken:
            self.broken = True
            raise ConnectionResetError
        return written


async def test_a_claim_whose_answer_was_lost_is_taken_back(pool: Pool, log: Log) -> None:
    job = await make_job(pool, 2)
    store = BreakingStore(pool)
    holding, work = await take(store)
    async with Ledger(store, holding, work, tell=ignore, log=log) as ledger:
        with pytest.raises(ClaimRefused):
            await ledger.claim([message for message, _ in work.waiting])
    assert await counters(pool, job) == {"queued": 2}


async def test_an_outcome_whose_answer_was_lost_is_recorded_once(pool: Pool, log: Log) -> None:
    job: Job = await make_job(pool, 1)
    store = BreakingStore(pool)
    holding, work = await take(store)
    await Store(pool).write(holding, work, [], claim_seqs=[1], **CLAIM)
    async with Ledger(store, holding, work, tell=ignore, log=log) as ledger:
        await ledger.record(sent(1))
    assert await counters(pool, job) == {"sent": 1}


async def test_a_late_no_of_a_finished_job_is_told_under_its_number(
    store: Store, pool: Pool, log: Log
) -> None:
    """The job's number of frames moves with it: readers know of no gaps."""
    job = await make_job(pool, 1)
    told: list[tuple[int, list[Frame]]] = []
    holding, work = await crashed_with(store, 1)
    successor = await store.acquire(PHONE, 2, "reply")
    assert await store.complete_loop(successor, work) is not None

    def tell(entries: Sequence[Entry], written: Written) -> None:
        told.append(message_frames(work, entries, written))

    late = msgspec.structs.replace(throttled(1), code=None, title=None)
    async with Ledger(store, holding, work, tell=tell, log=log) as ledger:
        await ledger.record(late)
    event_no = await pool.fetchval("SELECT event_no FROM jobs WHERE id = $1", job.id)
    ((first_no, (frame,)),) = told
    assert first_no == event_no
    assert isinstance(frame, MessageFailed)
    assert (frame.failed, frame.error.title) == (1, "Not sent: its turn was lost")


async def test_a_caller_that_stops_waiting_does_not_take_its_fact_back(
    store: Store, pool: Pool, log: Log
) -> None:
    job = await make_job(pool, 2)
    holding, work = await take(store)
    async with Ledger(store, holding, work, tell=ignore, log=log) as ledger:
        await ledger.claim([message for message, _ in work.waiting])
        impatient = asyncio.create_task(ledger.record(sent(1)))
        await asyncio.sleep(0)
        impatient.cancel()
        await ledger.record(sent(2))
    assert await counters(pool, job) == {"sent": 2}


class BuggyStore(Store):
    """Raises what nobody expects."""

    async def write(
        self, holding: Holding, work: Work, entries: Sequence[Entry], **claim: Any
    ) -> Written | None:
        raise ZeroDivisionError


async def test_a_writer_that_breaks_lets_nobody_wait(pool: Pool, log: Log) -> None:
    await make_job(pool, 1)
    store = BuggyStore(pool)
    holding, work = await take(store)
    async with Ledger(store, holding, work, tell=ignore, log=log) as ledger:
        with pytest.raises(ClaimRefused):
            await ledger.claim([message for message, _ in work.waiting])
        with pytest.raises(Crashed):
            await ledger.record(sent(1))
        assert ledger.closed is Closed.CRASHED


async def test_a_late_fact_waits_for_a_successor_that_is_just_settling_it(
    store: Store, pool: Pool
) -> None:
    job = await make_job(pool, 1)
    holding, work = await take(store)
    await claim(store, holding, work, 1)
    successor = await store.acquire(PHONE, 2, "reply")
    async with pool.acquire() as connection, connection.transaction():
        await QUERIES.lock_lane(connection, phone_number_id=PHONE)
        await QUERIES.settle(
            connection, phone_number_id=PHONE, epoch=successor.epoch,
            doubt_seconds=0, answer_seconds=0,
        )  # fmt: skip
        late = asyncio.create_task(store.record_late(holding, job.id, sent(1)))
        await asyncio.sleep(0.1)
    assert await late is not None
    assert await counters(pool, job) == {"sent": 1}


async def test_a_loop_is_not_completed_over_what_goes_back_to_its_queue_meanwhile(
    store: Store, pool: Pool
) -> None:
    job = await make_job(pool, 1)
    holding, _ = await crashed_with(store, 1)
    successor, work = await take(store)
    async with pool.acquire() as connection, connection.transaction():
        await QUERIES.lock_lane(connection, phone_number_id=PHONE)
        fields = msgspec.structs.asdict(throttled(1))
        del fields["to"]
        await QUERIES.record_late(
            connection, job_id=job.id, epoch=holding.epoch, doubt_seconds=0, stopped_code=131050,
            **fields,
        )  # fmt: skip
        completing = asyncio.create_task(store.complete_loop(successor, work))
        await asyncio.sleep(0.1)
    assert await completing is None
    assert await counters(pool, job) == {"queued": 1}


async def test_zombies_and_holders_write_side_by_side_without_a_deadlock(
    store: Store, pool: Pool
) -> None:
    job = await make_job(pool, 60)
    zombie, _ = await crashed_with(store, *range(1, 31))
    holding, work = await take(store)
    late = [store.record_late(zombie, job.id, sent(seq)) for seq in range(1, 31)]
    claims = [claim(store, holding, work, seq) for seq in range(31, 61)]
    await asyncio.gather(*late, *claims)
    assert await counters(pool, job) == {"sent": 30, "sending": 30}


async def test_a_turn_with_nothing_to_run_leaves_the_pace_as_it_was(
    store: Store, pool: Pool
) -> None:
    await make_job(pool, 1)
    holding, work = await take(store)
    await claim(store, holding, work, 1)
    await record(store, holding, work, sent(1))
    await store.complete_loop(holding, work)
    await store.release(holding, [0.5])
    idle = await store.acquire(PHONE, 1, "reply")
    assert await store.begin_loop(idle) is None
    await store.release_unused(idle)
    after = await store.acquire(PHONE, 1, "reply")
    assert after.leave_ages == pytest.approx([0.5], abs=0.3)


async def test_outcomes_alone_do_not_queue_up_for_the_messaging_limit(
    store: Store, pool: Pool
) -> None:
    """They take no place and give none back; all lanes of the fleet would wait for one another."""
    job = await make_job(pool, 2)
    holding, work = await take(store)
    await claim(store, holding, work, 1)
    async with pool.acquire() as another, another.transaction():
        await QUERIES.lock_reach(another, lock=REACH_LOCK)
        async with asyncio.timeout(5):
            await store.write(holding, work, [sent(1)], claim_seqs=[], people_limit=9, **CLAIM)
        claims = asyncio.create_task(
            store.write(holding, work, [], claim_seqs=[2], people_limit=9, **CLAIM)
        )
        await asyncio.sleep(0.2)
        assert not claims.done()
    assert await claims is not None
    assert await counters(pool, job) == {"sent": 1, "sending": 1}


async def test_opt_outs_are_written_in_the_order_in_which_all_write_them(
    store: Store, pool: Pool
) -> None:
    """An import of the same people, in the order of their numbers, and no waiting in a circle."""
    people = [recipient(2), recipient(1)]
    job = await make_job(pool, 2, recipients=people)
    holding, work = await take(store)
    await claim(store, holding, work, 1, 2)
    stop = (
        "INSERT INTO suppressions (number, source, scope, reason, at)"
        " VALUES ($1, 'meta', 'marketing', 'imported', now())"
    )
    no = [Entry(seq, people[seq - 1], 1, "failed", 0, code=131050, title="no") for seq in (1, 2)]
    async with pool.acquire() as importing, importing.transaction():
        await importing.execute(stop, recipient(1))
        writing = asyncio.create_task(record(store, holding, work, *no))
        await asyncio.sleep(0.3)
        await importing.execute(stop, recipient(2))
    assert await writing is not None
    assert await counters(pool, job) == {"failed": 2}


async def test_nothing_limits_a_job_that_stands_still(store: Store, pool: Pool) -> None:
    job = await make_job(pool, 2)
    holding, work = await take(store)
    await claim(store, holding, work, 1)
    await pool.execute("UPDATE jobs SET state = 'paused'")
    limited = {**CLAIM, "limited_by": "rate", "limited_seconds": 5.0}
    written = await store.write(holding, work, [sent(1)], claim_seqs=[2], **limited)
    assert written is not None
    assert (written.wanted, written.claimed) == ("pause", frozenset())
    told = await pool.fetchrow("SELECT limited_by, limited_until FROM jobs WHERE id = $1", job.id)
    assert told is not None
    assert tuple(told) == (None, None)


async def to_wake(pool: Pool) -> list[tuple[str, bool]]:
    """Each lane that needs waking, and whether it is overdue."""
    rows = QUERIES.lanes_to_wake(pool, grace_seconds=1.0, lease_seconds=30.0, overdue_seconds=1.5)
    return [(row["phone_number_id"], row["is_overdue"]) async for row in rows]


async def woken(pool: Pool) -> list[str]:
    return [phone_number_id for phone_number_id, _ in await to_wake(pool)]


async def test_a_lane_is_woken_when_it_has_work_and_nobody_holds_it(pool: Pool) -> None:
    await make_job(pool, 1)
    assert await woken(pool) == []
    await pool.execute("UPDATE jobs SET created_at = now() - interval '2 seconds'")
    assert await woken(pool) == [PHONE]


async def test_a_lane_is_woken_when_its_holder_lives_and_does_nothing(
    store: Store, pool: Pool
) -> None:
    await make_job(pool, 1)
    await pool.execute("UPDATE jobs SET created_at = now() - interval '1 hour'")
    await store.acquire(PHONE, 1, "reply")
    assert await woken(pool) == []
    await pool.execute("UPDATE lanes SET taken_at = now() - interval '31 seconds'")
    assert await woken(pool) == [PHONE]


async def test_a_lane_is_overdue_when_its_turn_was_due_and_nobody_has_taken_it(
    store: Store, pool: Pool
) -> None:
    await make_job(pool, 1)
    await pool.execute("UPDATE jobs SET created_at = now() - interval '1 hour'")
    holding = await store.acquire(PHONE, 1, "reply")
    await store.release(holding, [])
    await store.let_go(holding, due_in_seconds=60)
    await pool.execute("UPDATE lanes SET released_at = now() - interval '30 seconds'")
    assert await to_wake(pool) == []
    await pool.execute("UPDATE lanes SET turn_due_at = now() - interval '1.2 seconds'")
    assert await to_wake(pool) == [(PHONE, False)]
    await pool.execute("UPDATE lanes SET turn_due_at = now() - interval '2 seconds'")
    assert await to_wake(pool) == [(PHONE, True)]
    await store.acquire(PHONE, 2, "reply")
    assert await to_wake(pool) == []
