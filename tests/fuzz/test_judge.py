"""The judge of a fuzzed ledger can say no: each way to make half a job is seen."""

from uuid import uuid4

from plumbing.postgres import Pool
from tests.campaigns import make_job
from tests.fuzz.judge import judge


async def said(pool: Pool, *, told: int | None = 3) -> list[str]:
    """What the judge says of the one job there is, which was answered for with so many."""
    job_id = await pool.fetchval("SELECT id FROM jobs")
    return await judge(pool, {} if told is None else {job_id: told})


async def test_a_whole_job_that_was_answered_for_is_no_fault(pool: Pool) -> None:
    await make_job(pool, 3, loop_size=2)
    assert await said(pool) == []


async def test_a_job_and_its_answer_go_together(pool: Pool) -> None:
    await make_job(pool, 3)
    assert "never answered for" in (await said(pool, told=None))[0]
    assert "with 4 recipients, and has 3" in (await said(pool, told=4))[0]
    lost = await judge(pool, {uuid4(): 1})
    assert any("there is none" in fault for fault in lost)


async def test_a_job_that_lacks_a_message_or_a_loop_is_seen(pool: Pool) -> None:
    await make_job(pool, 3, loop_size=2)
    await pool.execute("DELETE FROM loops WHERE loop = 2")
    assert "3 messages to 3 people, and 2 of them in loops" in (await said(pool))[0]
    await pool.execute("DELETE FROM messages WHERE seq = 2")
    assert "2 messages to 2 people" in (await said(pool))[0]
