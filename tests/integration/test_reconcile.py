"""The recount: a ledger that adds up gives no finding, and each way to break it gives its own."""

import asyncio
from urllib.parse import urlsplit

import asyncpg
import pytest

from deploy import reconcile
from deploy.findings import (
    ConservationMissing,
    Count,
    CountersDiffer,
    Gap,
    LeftOver,
    LosesClaims,
    Overlap,
    Overrun,
    Place,
    RepeatedMessageId,
    RowsDiffer,
    SumDiffers,
)
from deploy.reconcile import differences
from plumbing import postgres
from plumbing.postgres import Connection, Pool
from schemas.states import MessageState
from tests.campaigns import Job, make_job

FINISHED = "state = 'completed', finished_at = now()"


async def job_in_every_state(pool: Pool) -> Job:
    """One message in each of the nine states, three a loop, everything counted as it is."""
    job = await make_job(pool, 9, loop_size=3)
    for seq, state in enumerate(MessageState, start=1):
        await set_message(pool, job, seq, f"state = '{state}'")
    await pool.execute(
        "UPDATE jobs SET queued = 1, sending = 1, sent = 3, failed = 1, unknown = 1, skipped = 1,"
        " canceled = 1, delivered = 2, read = 1 WHERE id = $1", job.id,
    )  # fmt: skip
    for loop, counts in enumerate(
        ("sent = 1", "sent = 2, failed = 1", "unknown = 1, skipped = 1, canceled = 1"), start=1
    ):
        await set_loop(pool, job, loop, counts)
    return job


async def set_job(pool: Pool, job: Job, assignments: str) -> None:
    await pool.execute(f"UPDATE jobs SET {assignments} WHERE id = $1", job.id)


async def set_loop(pool: Pool, job: Job, loop: int, assignments: str) -> None:
    statement = f"UPDATE loops SET {assignments} WHERE job_id = $1 AND loop = $2"
    await pool.execute(statement, job.id, loop)


async def set_message(pool: Pool, job: Job, seq: int, assignments: str) -> None:
    statement = f"UPDATE messages SET {assignments} WHERE job_id = $1 AND seq = $2"
    await pool.execute(statement, job.id, seq)


async def drop_conservation(pool: Pool) -> None:
    await pool.execute("ALTER TABLE jobs DROP CONSTRAINT jobs_conservation")


async def test_a_ledger_that_adds_up_gives_no_difference(pool: Pool) -> None:
    assert await reconcile.recount(pool) == reconcile.Recount(0, 0, [])
    await job_in_every_state(pool)
    await make_job(pool, 5, loop_size=2)
    assert await reconcile.recount(pool) == reconcile.Recount(2, 14, [])


@pytest.mark.parametrize("counter", ["sending", "sent", "failed", "unknown", "skipped", "canceled"])
async def test_a_counter_that_differs_from_its_rows_is_named(pool: Pool, counter: str) -> None:
    job, _ = await make_job(pool, 5), await job_in_every_state(pool)
    await set_job(pool, job, f"queued = queued - 1, {counter} = {counter} + 1")
    wrong = sorted([Count("queued", 4, 5), Count(counter, 1, 0)], key=lambda count: count.name)
    assert await differences(pool) == [CountersDiffer(Place(job.id), tuple(wrong), True)]


@pytest.mark.parametrize(("counter", "told", "counted"), [("delivered", 3, 2), ("read", 2, 1)])
async def test_a_counter_outside_the_sum_that_differs_from_its_rows_is_named(
    pool: Pool, counter: str, told: int, counted: int
) -> None:
    job = await job_in_every_state(pool)
    await set_job(pool, job, f"{counter} = {told}")
    wrong = (Count(counter, told, counted),)
    assert await differences(pool) == [CountersDiffer(Place(job.id), wrong, True)]


@pytest.mark.parametrize(("counter", "counted"), [("sent", 2), ("failed", 1), ("unknown", 0)])
async def test_a_counter_of_a_loop_that_differs_from_its_rows_is_named(
    pool: Pool, counter: str, counted: int
) -> None:
    job = await job_in_every_state(pool)
    await set_loop(pool, job, 2, f"{counter} = 7")
    wrong = (Count(counter, 7, counted),)
    assert await differences(pool) == [CountersDiffer(Place(job.id, 2), wrong, True)]


async def test_counters_are_set_right_by_the_statement_that_the_finding_names(pool: Pool) -> None:
    job = await job_in_every_state(pool)
    await set_message(pool, job, 3, "state = 'failed'")
    of_job, of_loop = await differences(pool)
    assert isinstance(of_job, CountersDiffer)
    assert isinstance(of_loop, CountersDiffer)
    assert of_job.sentence == (
        f"Job {job.id} counts 1 failed and 3 sent, its rows are 2 failed and 2 sent. To count"
        " what is there, stop the daemons and run: UPDATE jobs SET failed = 2, sent = 2 WHERE id ="
        f" '{job.id}';"
    )
    assert of_loop.sentence.startswith(f"Loop 1 of job {job.id} counts 0 failed and 1 sent, its")
    await pool.execute(of_job.remedy)
    await pool.execute(of_loop.remedy)
    assert await differences(pool) == []


async def test_a_row_that_is_lost_is_named_and_no_statement_can_bring_it_back(pool: Pool) -> None:
    job = await make_job(pool, 5)
    await pool.execute("DELETE FROM messages WHERE job_id = $1 AND seq = 3", job.id)
    lost = CountersDiffer(Place(job.id), (Count("queued", 5, 4),), False)
    assert await differences(pool) == [lost, RowsDiffer(job.id, 5, 4)]
    assert lost.sentence == f"Job {job.id} counts 5 queued, its rows are 4 queued."
    assert "has a total of 5 and 4 rows: 1 lost" in RowsDiffer(job.id, 5, 4).sentence


async def test_a_job_without_any_row_is_named(pool: Pool) -> None:
    job = await make_job(pool, 2)
    await pool.execute("DELETE FROM messages")
    lost = CountersDiffer(Place(job.id), (Count("queued", 2, 0),), False)
    assert await differences(pool) == [lost, RowsDiffer(job.id, 2, 0)]


async def test_a_row_too_many_is_named(pool: Pool) -> None:
    job = await make_job(pool, 2)
    await pool.execute("INSERT INTO messages VALUES ($1, 3, '4915199')", job.id)
    counted = CountersDiffer(Place(job.id), (Count("queued", 2, 3),), False)
    assert await differences(pool) == [counted, RowsDiffer(job.id, 2, 3)]
    assert "has a total of 2 and 3 rows: 1 too many" in RowsDiffer(job.id, 2, 3).sentence


async def test_counters_that_do_not_sum_to_the_total_are_named(pool: Pool) -> None:
    job = await make_job(pool, 5)
    await drop_conservation(pool)
    await set_job(pool, job, "queued = 6")
    counted = CountersDiffer(Place(job.id), (Count("queued", 6, 5),), True)
    assert await differences(pool) == [counted, SumDiffers(job.id, 5, 6), ConservationMissing()]
    assert "total of 5 and counters that sum to 6" in SumDiffers(job.id, 5, 6).sentence


async def test_a_missing_constraint_is_named_and_made_again_as_it_was(pool: Pool) -> None:
    definition = (
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'jobs_conservation'"
    )
    before = await pool.fetchval(definition)
    await drop_conservation(pool)
    assert await differences(pool) == [ConservationMissing()]
    await pool.execute(ConservationMissing().remedy)
    assert await pool.fetchval(definition) == before
    assert await differences(pool) == []


async def test_a_finished_job_with_messages_left_is_named_and_can_go_on(pool: Pool) -> None:
    job = await job_in_every_state(pool)
    await set_job(pool, job, FINISHED)
    left = LeftOver(Place(job.id), "completed", (Count("queued", 0, 1), Count("sending", 0, 1)))
    assert await differences(pool) == [left]
    assert f"Job {job.id} is completed, where no message may be" in left.sentence
    assert "and has 1 queued and 1 sending: nobody sends them." in left.sentence
    await pool.execute(left.remedy)
    assert await differences(pool) == []


async def test_what_a_canceled_job_left_is_named_and_not_sent(pool: Pool) -> None:
    job = await make_job(pool, 2)
    await set_job(pool, job, "state = 'canceled', finished_at = now()")
    left = LeftOver(Place(job.id), "canceled", (Count("queued", 0, 2),))
    assert await differences(pool) == [left]
    assert "UPDATE" not in left.sentence


async def test_a_completed_loop_with_messages_left_is_named_and_can_go_on(pool: Pool) -> None:
    job = await job_in_every_state(pool)
    await set_loop(pool, job, 1, "state = 'completed', finished_at = now()")
    left = LeftOver(Place(job.id, 1), "completed", (Count("queued", 0, 1), Count("sending", 0, 1)))
    assert await differences(pool) == [left]
    assert left.sentence.startswith(f"Loop 1 of job {job.id} is completed, where no message may")
    await pool.execute(left.remedy)
    assert await differences(pool) == []


@pytest.mark.parametrize(
    ("lost", "first_seq", "last_seq"),
    [("loop = 1", 1, 3), ("loop = 2", 4, 6), ("loop = 3", 7, 9), ("loop <> 2", 1, 3),
     ("true", 1, 9)],
)  # fmt: skip
async def test_messages_in_no_loop_are_named(
    pool: Pool, lost: str, first_seq: int, last_seq: int
) -> None:
    job, _ = await job_in_every_state(pool), await make_job(pool, 9, loop_size=3)
    await pool.execute(f"DELETE FROM loops WHERE job_id = $1 AND {lost}", job.id)
    found = await differences(pool)
    assert found[0] == Gap(job.id, first_seq, last_seq)
    assert found[1:] == ([Gap(job.id, 7, 9)] if lost == "loop <> 2" else [])
    assert f"Messages {first_seq} to {last_seq} of job {job.id} are in no" in found[0].sentence


async def test_loops_that_overlap_are_named(pool: Pool) -> None:
    job = await make_job(pool, 9, loop_size=3)
    await set_loop(pool, job, 2, "first_seq = 3")
    overlap = Overlap(Place(job.id, 2), 3, 3)
    assert await differences(pool) == [overlap]
    assert "begins with message 3, and those before it end with 3: they overlap" in overlap.sentence


async def test_a_loop_within_another_is_named(pool: Pool) -> None:
    job = await make_job(pool, 9, loop_size=3)
    await set_loop(pool, job, 1, "last_seq = 9")
    found = [Overlap(Place(job.id, 2), 4, 9), Overlap(Place(job.id, 3), 7, 9)]
    assert await differences(pool) == found


@pytest.mark.parametrize("last_seq", [10, 20])
async def test_loops_that_go_beyond_the_total_are_named(pool: Pool, last_seq: int) -> None:
    job = await make_job(pool, 9, loop_size=3)
    await set_loop(pool, job, 3, f"last_seq = {last_seq}")
    overrun = Overrun(job.id, 9, last_seq)
    assert await differences(pool) == [overrun]
    assert f"end with message {last_seq}, and its total is 9" in overrun.sentence


async def test_one_id_of_metas_on_two_messages_is_named(pool: Pool) -> None:
    first, second = await make_job(pool, 2), await make_job(pool, 2)
    await set_message(pool, first, 1, "message_id = 'wamid.A'")
    await set_message(pool, first, 2, "message_id = 'wamid.B'")
    await set_message(pool, second, 2, "message_id = 'wamid.A'")
    where = tuple(sorted([(first.id, 1), (second.id, 2)]))
    repeated = RepeatedMessageId("wamid.A", where)
    assert await differences(pool) == [repeated]
    assert "Meta's id wamid.A is on 2 messages: " in repeated.sentence
    assert f"number 2 of job {second.id}" in repeated.sentence


async def test_of_many_messages_with_one_id_a_few_are_named(pool: Pool) -> None:
    job = await make_job(pool, 1200)
    await pool.execute("UPDATE messages SET message_id = 'wamid.A'")
    (repeated,) = await differences(pool)
    assert "is on 1,200 messages: number 1 of job" in repeated.sentence
    assert f"number 5 of job {job.id} and 1,195 more." in repeated.sentence


async def test_a_running_campaign_gives_no_difference(pool: Pool) -> None:
    job = await make_job(pool, 200, loop_size=50)
    sending = asyncio.create_task(send_all(pool, job))
    found = []
    while not sending.done():
        found += await differences(pool)
    await sending
    assert found == []
    assert await pool.fetchval("SELECT sent FROM jobs") == job.total


async def send_all(pool: Pool, job: Job) -> None:
    """Each message with its counters in a transaction of its own, as the daemon does."""
    for seq in range(1, job.total + 1):
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("UPDATE messages SET state = 'sent' WHERE seq = $1", seq)
            await connection.execute("UPDATE jobs SET queued = queued - 1, sent = sent + 1")
            loop = (seq - 1) // 50 + 1
            await connection.execute("UPDATE loops SET sent = sent + 1 WHERE loop = $1", loop)


async def test_the_recount_can_write_nothing_and_reads_one_snapshot(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, str, str]] = []

    async def look(connection: Connection) -> bool:
        names = ("transaction_isolation", "transaction_read_only", "statement_timeout")
        level, read_only, limit = [await connection.fetchval(f"SHOW {name}") for name in names]
        seen.append((level, read_only, limit))
        return True

    monkeypatch.setattr(reconcile.QUERIES, "has_conservation", look)
    assert await differences(pool) == []
    assert seen == [("repeatable read", "on", "30min")]
    assert await pool.fetchval("SHOW statement_timeout") == "0"


async def test_a_server_that_may_lose_claims_is_named(pool: Pool, use_containers: bool) -> None:
    if use_containers:
        pytest.skip("the container's server is durable")
    found = await reconcile.durability(pool)
    names = ("fsync", "full_page_writes", "synchronous_commit")
    assert found == [LosesClaims(name, "command line") for name in names]
    assert found[0].sentence == (
        "PostgreSQL runs with fsync off (by: command line): a crash may lose claims that it has"
        " confirmed, and a claim that is lost is a message sent twice. Set fsync = on there, or in"
        " postgresql.conf, and reload."
    )


@pytest.mark.parametrize(("value", "is_named"), [("off", True), ("local", False), ("on", False)])
async def test_a_setting_counts_as_this_database_has_it(
    database_url: str, value: str, is_named: bool
) -> None:
    name = urlsplit(database_url).path.strip("/")
    first = await asyncpg.connect(database_url)
    await first.execute(f"ALTER DATABASE {name} SET synchronous_commit = {value}")
    await first.close()
    async with await postgres.open_pool(database_url, name="tests") as pool:
        found = await reconcile.durability(pool)
    assert (LosesClaims("synchronous_commit", "database") in found) is is_named
