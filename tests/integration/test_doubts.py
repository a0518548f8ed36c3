"""Receipts move messages upwards only, doubts end, and every count stays right."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from daemon.doubts import Doubts, Merged
from daemon.entries import Entry
from daemon.rows import Holding, JobEnd, JobMoved, LoopEnd, Work
from daemon.store import Store
from plumbing.postgres import Pool
from schemas.outcomes import ApiError
from schemas.receipts import Standing
from tests.campaigns import PHONE, Job, begun, counters, make_job, message, states

AT = datetime(2026, 1, 1, tzinfo=UTC)
CLAIM: dict[str, Any] = {"claim_seconds": 2.0, "limited_by": None}


@pytest.fixture
def store(pool: Pool) -> Store:
    return Store(pool, doubt_seconds=60)


@pytest.fixture
def doubts(pool: Pool) -> Doubts:
    return Doubts(pool, doubt_seconds=60, max_retries=1)


def said(*statuses: str, of: str = "wamid.1", attempt: int | None = 1) -> Standing:
    """A standing with these statuses, each a second after the one before."""
    times = {f"{status}_at": AT + timedelta(seconds=n) for n, status in enumerate(statuses)}
    error = ApiError(131026, "Undeliverable", "why") if "failed" in statuses else None
    return Standing(of, attempt, error=error, **times)


async def claimed(store: Store, *seqs: int) -> tuple[Holding, Work]:
    holding = await store.acquire(PHONE, 1, "reply")
    work = await begun(store, holding)
    assert work is not None
    await store.write(holding, work, [], claim_seqs=list(seqs), **CLAIM)
    return holding, work


async def recorded(store: Store, **entry: Any) -> tuple[Holding, Work]:
    """Message 1, claimed and with this outcome."""
    holding, work = await claimed(store, 1)
    await store.write(holding, work, [Entry(1, "49151", 1, retries=0, **entry)], claim_seqs=[],
                      **CLAIM)  # fmt: skip
    return holding, work


async def sent(store: Store) -> tuple[Holding, Work]:
    return await recorded(store, state="sent", message_id="wamid.1")


async def in_doubt(store: Store) -> tuple[Holding, Work]:
    return await recorded(store, state="unknown", reason="timeout", details="no answer")


async def completed(store: Store, held: tuple[Holding, Work]) -> LoopEnd:
    end = await store.complete_loop(*held)
    assert end is not None
    return end


async def merge(doubts: Doubts, job: Job, standing: Standing, seq: int = 1) -> Merged:
    return await doubts.merge({(job.id, seq): standing})


@pytest.mark.parametrize(
    ("statuses", "state", "counts"),
    [
        (("sent",), "sent", {"sent": 1}),
        (("delivered",), "delivered", {"sent": 1}),
        (("read",), "read", {"sent": 1}),
        (("failed",), "failed", {"failed": 1}),
        (("sent", "delivered", "read"), "read", {"sent": 1}),
        (("sent", "failed"), "failed", {"failed": 1}),
        (("delivered", "failed"), "delivered", {"sent": 1}),
    ],
)
async def test_a_receipt_with_our_tag_ends_a_doubt(
    store: Store, doubts: Doubts, pool: Pool,
    statuses: tuple[str, ...], state: str, counts: dict[str, int],
) -> None:  # fmt: skip
    job = await make_job(pool, 1)
    await in_doubt(store)
    merged = await merge(doubts, job, said(*statuses))
    row = await message(pool, job, 1)
    assert (row["state"], row["message_id"], row["reason"]) == (state, "wamid.1", None)
    assert await counters(pool, job) == counts
    assert (merged.jobs[0].event_no, len(merged.jobs[0].moved)) == (2, 1)
    loop = await pool.fetchrow("SELECT sent, failed, unknown FROM loops")
    assert loop is not None
    assert dict(loop) == {"sent": counts.get("sent", 0), "failed": counts.get("failed", 0),
                          "unknown": 0}  # fmt: skip


@pytest.mark.parametrize(
    ("first", "then", "state"),
    [("read", "delivered", "read"), ("read", "failed", "read"), ("delivered", "sent", "delivered"),
     ("delivered", "failed", "delivered"), ("failed", "delivered", "delivered"),
     ("failed", "read", "read"), ("failed", "sent", "failed")],
)  # fmt: skip
async def test_no_status_runs_backwards_and_what_arrived_has_not_failed(
    store: Store, doubts: Doubts, pool: Pool, first: str, then: str, state: str
) -> None:
    job = await make_job(pool, 1)
    await sent(store)
    await merge(doubts, job, said(first))
    await merge(doubts, job, said(then))
    assert await states(pool, job) == {state: 1}


async def test_each_status_keeps_its_own_time_whatever_the_order(
    store: Store, doubts: Doubts, pool: Pool
) -> None:
    job = await make_job(pool, 1)
    await sent(store)
    await merge(doubts, job, Standing("wamid.1", 1, read_at=AT + timedelta(seconds=9)))
    await merge(doubts, job, Standing("wamid.1", 1, delivered_at=AT + timedelta(seconds=5)))
    row = await message(pool, job, 1)
    assert (row["delivered_at"], row["read_at"]) == (
        AT + timedelta(seconds=5), AT + timedelta(seconds=9),
    )  # fmt: skip
    assert await pool.fetchval("SELECT ARRAY[delivered, read] FROM jobs") == [1, 1]


async def test_merging_the_same_batch_twice_changes_nothing(
    store: Store, doubts: Doubts, pool: Pool
) -> None:
    job = await make_job(pool, 2)
    await in_doubt(store)
    batch = {(job.id, 1): said("sent", "delivered")}
    await doubts.merge(batch)
    before = [await message(pool, job, 1), await pool.fetchrow("SELECT * FROM jobs")]
    again = await doubts.merge(batch)
    assert again.jobs == []
    assert [await message(pool, job, 1), await pool.fetchrow("SELECT * FROM jobs")] == before


async def test_a_message_that_is_still_being_sent_lets_its_receipt_wait(
    store: Store, doubts: Doubts, pool: Pool
) -> None:
    job = await make_job(pool, 1)
    await claimed(store, 1)
    merged = await merge(doubts, job, said("delivered"))
    assert (merged.jobs, merged.waiting) == ([], frozenset({(job.id, 1)}))
    assert await states(pool, job) == {"sending": 1}


async def test_a_receipt_of_another_id_than_the_known_one_changes_nothing(
    store: Store, doubts: Doubts, pool: Pool
) -> None:
    job = await make_job(pool, 1)
    await sent(store)
    merged = await merge(doubts, job, said("failed", of="wamid.other"))
    assert merged.jobs == []
    assert await states(pool, job) == {"sent": 1}


async def test_a_failure_of_an_earlier_attempt_says_nothing_of_the_one_in_doubt(
    store: Store, doubts: Doubts, pool: Pool
) -> None:
    job = await make_job(pool, 1)
    await in_doubt(store)
    await pool.execute("UPDATE messages SET attempt = 2")
    await merge(doubts, job, said("failed", attempt=1))
    assert await states(pool, job) == {"unknown": 1}
    await merge(doubts, job, said("sent", attempt=1))
    assert await states(pool, job) == {"sent": 1}


async def test_a_receipt_of_nobody_is_found_by_nobody(doubts: Doubts, pool: Pool) -> None:
    job = await make_job(pool, 1)
    merged = await merge(doubts, job, said("read"), seq=99)
    assert (merged.jobs, merged.found) == ([], frozenset())


async def test_receipts_of_several_jobs_and_loops_are_merged_at_once(
    store: Store, doubts: Doubts, pool: Pool
) -> None:
    jobs = [await make_job(pool, 4, loop_size=2) for _ in range(2)]
    await pool.execute("UPDATE messages SET state = 'sent', message_id = 'wamid.' || seq")
    await pool.execute("UPDATE jobs SET queued = 0, sent = 4")
    await pool.execute("UPDATE loops SET sent = 2")
    batch = {(job.id, seq): said("read", of=f"wamid.{seq}") for job in jobs for seq in (1, 3, 4)}
    batch[jobs[0].id, 4] = said("failed", of="wamid.4")
    merged = await doubts.merge(batch)
    assert sorted(len(news.moved) for news in merged.jobs) == [3, 3]
    assert await counters(pool, jobs[0]) == {"sent": 3, "failed": 1}
    rows = await pool.fetch(
        "SELECT sent, failed FROM loops WHERE job_id = $1 ORDER BY loop", jobs[0].id
    )
    assert [tuple(row) for row in rows] == [(2, 0), (1, 1)]


async def test_a_job_with_messages_in_doubt_settles_before_it_is_completed(
    store: Store, doubts: Doubts, pool: Pool
) -> None:
    job = await make_job(pool, 1)
    end = await completed(store, await in_doubt(store))
    assert isinstance(end.job, JobMoved)
    assert (end.job.state, end.job.reason) == (
        "settling", "Messages are in doubt; their receipts, or late answers, are awaited",
    )  # fmt: skip
    assert await doubts.end(job.id, PHONE, 0) is None
    await merge(doubts, job, said("delivered"))
    finished = await doubts.end(job.id, PHONE, 0)
    assert isinstance(finished, JobEnd)
    assert (finished.state, finished.sent, finished.unknown) == ("completed", 1, 0)


async def test_a_doubt_that_had_its_time_stays_and_the_job_is_completed(
    store: Store, doubts: Doubts, pool: Pool
) -> None:
    job = await make_job(pool, 1)
    await completed(store, await in_doubt(store))
    await pool.execute("UPDATE jobs SET doubt_until = now() - interval '5 seconds'")
    finished = await doubts.end(job.id, PHONE, 0)
    assert isinstance(finished, JobEnd)
    assert (finished.state, finished.unknown) == ("completed", 1)


async def test_a_doubt_is_not_over_while_receipts_of_its_time_wait_to_be_read(
    store: Store, doubts: Doubts, pool: Pool
) -> None:
    job = await make_job(pool, 1)
    await completed(store, await in_doubt(store))
    await pool.execute("UPDATE jobs SET doubt_until = now() - interval '5 seconds'")
    assert await doubts.end(job.id, PHONE, 10) is None
    assert await doubts.end(job.id, PHONE, 1) is not None


async def test_without_receipts_to_come_a_job_is_completed_with_its_doubts(pool: Pool) -> None:
    await make_job(pool, 1)
    store = Store(pool, doubt_seconds=0)
    end = await completed(store, await in_doubt(store))
    assert isinstance(end.job, JobEnd)
    assert (end.job.state, end.job.unknown) == ("completed", 1)


@pytest.fixture
def resending(pool: Pool) -> Doubts:
    """Where what stays in doubt is sent again."""
    return Doubts(pool, doubt_seconds=60, max_retries=1, resends=True)


async def resent(pool: Pool, doubts: Doubts) -> tuple[Job, JobMoved]:
    """A job of one message that stayed in doubt and is to be sent again."""
    store = Store(pool, doubt_seconds=60, resends=True)
    job = await make_job(pool, 1)
    await completed(store, await in_doubt(store))
    assert await doubts.end(job.id, PHONE, 0) is None
    await pool.execute("UPDATE messages SET unknown_at = now() - interval '61 seconds'")
    moved = await doubts.end(job.id, PHONE, 0)
    assert isinstance(moved, JobMoved)
    return job, moved


async def test_what_stays_in_doubt_is_sent_again_where_that_is_wanted(
    resending: Doubts, pool: Pool
) -> None:
    job, moved = await resent(pool, resending)
    assert (moved.state, moved.reason) == (
        "running", "1 message stayed in doubt and will be sent again",
    )  # fmt: skip
    assert await counters(pool, job) == {"queued": 1}
    work = await begun(Store(pool), await Store(pool).acquire(PHONE, 2, "reply"))
    assert work is not None
    assert [(m.seq, m.attempt, m.retries) for m, _ in work.waiting] == [(1, 1, 1)]


async def test_a_receipt_before_the_resend_shows_that_none_is_needed(
    resending: Doubts, pool: Pool
) -> None:
    job, _ = await resent(pool, resending)
    await merge(resending, job, said("delivered"))
    assert await counters(pool, job) == {"sent": 1}


async def test_a_message_that_is_never_answered_is_not_sent_for_ever(
    resending: Doubts, pool: Pool
) -> None:
    job, _ = await resent(pool, resending)
    store = Store(pool, doubt_seconds=60, resends=True)
    holding, work = await claimed(store, 1)
    entry = Entry(1, "49151", 2, "unknown", 1, reason="timeout")
    await store.write(holding, work, [entry], claim_seqs=[], **CLAIM)
    await completed(store, (holding, work))
    await pool.execute("UPDATE messages SET unknown_at = now() - interval '61 seconds'")
    await pool.execute("UPDATE jobs SET doubt_until = now() - interval '1 second'")
    finished = await resending.end(job.id, PHONE, 0)
    assert isinstance(finished, JobEnd)
    assert (finished.state, finished.unknown) == ("completed", 1)


async def test_a_late_no_takes_a_settling_job_back_to_running(store: Store, pool: Pool) -> None:
    job = await make_job(pool, 1)
    held = await in_doubt(store)
    await completed(store, held)
    entry = Entry(1, "49151", 1, "queued", 0, code=130429, title="Rate limit")
    assert await store.record_late(held[0], job.id, entry) is not None
    assert await pool.fetchval("SELECT state FROM jobs") == "running"
    assert await counters(pool, job) == {"queued": 1}


async def test_turns_without_an_outcome_are_counted_until_one_comes(
    store: Store, pool: Pool
) -> None:
    await make_job(pool, 2)
    turns = [(await claimed(store))[1].idle_turns for _ in range(3)]
    assert turns == [1, 2, 3]
    await sent(store)
    assert await pool.fetchval("SELECT idle_turns FROM loops") == 0


async def test_a_job_that_is_stopped_says_why_and_loses_nothing(store: Store, pool: Pool) -> None:
    job = await make_job(pool, 2)
    holding = await store.acquire(PHONE, 1, "reply")
    loop = await store.begin_loop(holding)
    assert loop is not None
    moved = await store.stop_job(holding, loop, "because")
    assert moved is not None
    assert (moved.state, moved.reason) == ("paused", "because")
    assert await counters(pool, job) == {"queued": 2}
    assert await store.begin_loop(holding) is None
    assert await store.stop_job(holding, loop, "because") is None


async def test_a_job_that_was_stopped_keeps_its_doubts_as_they_are(
    pool: Pool, resending: Doubts
) -> None:
    job = await make_job(pool, 2)
    store = Store(pool, doubt_seconds=0, resends=True)
    holding, _ = await in_doubt(store)
    loop = await store.begin_loop(holding)
    assert loop is not None
    await store.stop_job(holding, loop, "stuck")
    await pool.execute("UPDATE messages SET unknown_at = now() - interval '61 seconds'")
    assert await resending.in_doubt() == []
    assert await resending.end(job.id, PHONE, 0) is None
    assert await states(pool, job) == await counters(pool, job) == {"queued": 1, "unknown": 1}


async def test_a_job_waits_for_receipts_that_came_in_time_even_when_it_ends_later(
    store: Store, doubts: Doubts, pool: Pool
) -> None:
    job = await make_job(pool, 1)
    held = await in_doubt(store)
    await pool.execute("UPDATE jobs SET doubt_until = now() - interval '5 seconds'")
    end = await completed(store, held)
    assert isinstance(end.job, JobMoved)
    assert await doubts.end(job.id, PHONE, 10) is None
    assert isinstance(await doubts.end(job.id, PHONE, 1), JobEnd)


async def test_a_doubt_of_an_older_version_ends_too(
    store: Store, doubts: Doubts, pool: Pool
) -> None:
    job = await make_job(pool, 1)
    await completed(store, await in_doubt(store))
    await pool.execute("UPDATE jobs SET doubt_until = NULL")
    assert await doubts.in_doubt() == [(job.id, PHONE)]
    assert isinstance(await doubts.end(job.id, PHONE, 0), JobEnd)


async def test_a_settling_job_with_something_to_send_goes_on(
    store: Store, doubts: Doubts, pool: Pool
) -> None:
    job = await make_job(pool, 1)
    await completed(store, await in_doubt(store))
    await pool.execute("UPDATE messages SET state = 'queued'")
    await pool.execute("UPDATE jobs SET queued = 1, unknown = 0")
    moved = await doubts.end(job.id, PHONE, 0)
    assert isinstance(moved, JobMoved)
    assert moved.state == "running"


async def test_a_job_is_not_over_while_a_stopping_holder_may_still_get_its_answers(
    pool: Pool,
) -> None:
    job = await make_job(pool, 1)
    store = Store(pool, doubt_seconds=0, answer_seconds=12)
    holding, work = await claimed(store, 1)
    await store.release(holding, [])
    successor = await store.acquire(PHONE, 2, "reply")
    assert await store.settle(successor) == 1
    end = await completed(store, (successor, work))
    assert isinstance(end.job, JobMoved)
    entry = Entry(1, "49151", 1, "queued", 0, code=130429, title="Rate limit")
    await store.record_late(holding, job.id, entry)
    assert await counters(pool, job) == {"queued": 1}
    assert await pool.fetchval("SELECT state FROM jobs") == "running"


async def test_a_turn_that_its_daemon_gives_back_as_it_stops_does_not_count(
    store: Store, pool: Pool
) -> None:
    await make_job(pool, 1)
    _, work = await claimed(store)
    await store.forgive_turn(work)
    assert await pool.fetchval("SELECT idle_turns FROM loops") == 0


async def test_a_loop_that_cannot_even_be_read_counts_as_begun(store: Store, pool: Pool) -> None:
    await make_job(pool, 1)
    await pool.execute("""UPDATE messages SET variables = '["no", "object"]'""")
    for turns in (1, 2):
        with pytest.raises(msgspec.DecodeError):
            await claimed(store)
        assert await pool.fetchval("SELECT idle_turns FROM loops") == turns
