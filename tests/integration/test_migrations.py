"""The migrations: safe when several start at once, and in step with what the processes agree on."""

import asyncio
import re

import asyncpg
import pytest

from plumbing import postgres
from plumbing.logs import Log
from plumbing.postgres import Pool
from schemas import states
from schemas.states import JobState, LoopState, MessageState, Wanted


async def test_gateways_that_start_together_migrate_once(empty_database_url: str, log: Log) -> None:
    pools = [await postgres.open_pool(empty_database_url, name="tests", size=2) for _ in range(4)]
    await asyncio.gather(*(postgres.migrate(pool, log) for pool in pools))
    applied = await pools[0].fetch("SELECT version FROM schema_migrations ORDER BY version")
    assert [row["version"] for row in applied] == [number for number, _ in postgres.migrations()]
    await asyncio.gather(*(pool.close() for pool in pools))


async def test_migrating_again_changes_nothing(pool: Pool, log: Log) -> None:
    before = await pool.fetch("SELECT * FROM schema_migrations")
    await postgres.migrate(pool, log)
    assert await pool.fetch("SELECT * FROM schema_migrations") == before


async def test_a_daemon_waits_until_the_gateway_has_migrated(
    empty_database_url: str, log: Log
) -> None:
    pool = await postgres.open_pool(empty_database_url, name="tests", size=2)
    assert not await postgres.schema_is_current(pool)
    waiting = asyncio.create_task(postgres.wait_for_schema(pool, log))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await postgres.migrate(pool, log)
    await asyncio.wait_for(waiting, 10)
    await pool.close()


@pytest.mark.parametrize(
    ("table", "column", "agreed"),
    [("messages", "state", MessageState), ("loops", "state", LoopState),
     ("jobs", "state", JobState), ("jobs", "wanted", Wanted)],
)  # fmt: skip
async def test_postgres_knows_the_states_that_the_processes_know(
    pool: Pool,
    table: str,
    column: str,
    agreed: type[MessageState | LoopState | JobState | Wanted],
) -> None:
    constraint = await pool.fetchval(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype = 'c' AND conrelid = $1::text::regclass AND conkey = ARRAY[("
        "   SELECT attnum FROM pg_attribute WHERE attrelid = conrelid AND attname = $2)]",
        table, column,
    )  # fmt: skip
    assert set(re.findall(r"'([a-z]+)'", constraint)) == {str(state) for state in agreed}


@pytest.mark.parametrize(
    ("moves", "agreed", "first"),
    [(states.MESSAGE_MOVES, MessageState, "queued"), (states.LOOP_MOVES, LoopState, "queued"),
     (states.JOB_MOVES, JobState, "queued")],
)  # fmt: skip
def test_every_state_is_reached_by_moves_between_states_that_exist(
    moves: frozenset[tuple[str, str]], agreed: type[MessageState | LoopState | JobState], first: str
) -> None:
    assert {state for move in moves for state in move} <= set(agreed)
    assert {to for _, to in moves} | {first} == set(agreed)


def test_no_move_leaves_a_final_job() -> None:
    assert not {before for before, _ in states.JOB_MOVES} & states.FINISHED_JOB_STATES


async def test_counters_that_do_not_add_up_are_refused(pool: Pool) -> None:
    statement = (
        "INSERT INTO jobs (id, owner, phone_number_id, content, submission, loop_size, total,"
        " queued) VALUES (gen_random_uuid(), 'shop', '1', '{}', '{}', 200, 2, $1)"
    )
    await pool.execute(statement, 2)
    with pytest.raises(asyncpg.CheckViolationError, match="jobs_conservation"):
        await pool.execute(statement, 1)
    with pytest.raises(asyncpg.CheckViolationError, match="jobs_conservation"):
        await pool.execute("UPDATE jobs SET queued = queued - 1")


async def test_json_goes_in_and_comes_out_as_bytes(pool: Pool) -> None:
    assert await pool.fetchval("SELECT $1::jsonb", b'{"a": [1, "\xc3\xa4"]}') == (
        b'{"a": [1, "\xc3\xa4"]}'
    )
