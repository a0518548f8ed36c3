"""The migrations: safe when several start at once, and in step with what the processes agree on."""

import asyncio
import re
import shutil
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest

from plumbing import migrations, postgres
from plumbing.logs import Log
from plumbing.postgres import Pool
from plumbing.process import CannotStart
from schemas import states
from schemas.states import JobState, LoopState, MessageState, Wanted


class Next(NamedTuple):
    """The migration after those that there are."""

    version: int
    name: str


_NEXT = migrations.known()[-1].version + 1
NEXT = Next(_NEXT, f"{_NEXT:04}_next")


def with_one_more(folder: Path, sql: str) -> Path:
    """The migrations of a release after this one."""
    shutil.copytree(migrations.FOLDER, folder / "sql")
    (folder / "sql" / f"{NEXT.name}.sql").write_text(sql)
    return folder / "sql"


async def test_gateways_that_start_together_migrate_once(empty_database_url: str, log: Log) -> None:
    pools = [await postgres.open_pool(empty_database_url, name="tests", size=2) for _ in range(4)]
    await asyncio.gather(*(migrations.migrate(pool, log) for pool in pools))
    applied = await pools[0].fetch("SELECT version FROM schema_migrations ORDER BY version")
    assert [row["version"] for row in applied] == [
        migration.version for migration in migrations.known()
    ]
    await asyncio.gather(*(pool.close() for pool in pools))


async def test_migrating_again_changes_nothing(pool: Pool, log: Log) -> None:
    before = await pool.fetch("SELECT * FROM schema_migrations")
    await migrations.migrate(pool, log)
    assert await pool.fetch("SELECT * FROM schema_migrations") == before


async def test_a_daemon_waits_until_the_gateway_has_migrated(
    empty_database_url: str, log: Log
) -> None:
    pool = await postgres.open_pool(empty_database_url, name="tests", size=2)
    assert not await migrations.schema_is_current(pool)
    waiting = asyncio.create_task(migrations.wait_for_schema(pool, log))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await migrations.migrate(pool, log)
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


async def test_a_release_says_which_migrations_it_waits_for(
    empty_database_url: str, log: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with await postgres.open_pool(empty_database_url, name="tests", size=2) as pool:
        await migrations.migrate(pool, log)
        newer = with_one_more(tmp_path, "ALTER TABLE jobs ADD COLUMN hue text;")
        waiting = asyncio.create_task(migrations.wait_for_schema(pool, log, folder=newer))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await migrations.migrate(pool, log, folder=newer)
        await asyncio.wait_for(waiting, 10)
    said = capsys.readouterr().out
    assert NEXT.name in said
    assert "python -m deploy.migrate" in said


async def test_an_older_release_goes_on_with_a_newer_schema_and_leaves_it(
    pool: Pool, log: Log, tmp_path: Path
) -> None:
    newer = with_one_more(tmp_path, "ALTER TABLE jobs ADD COLUMN hue text;")
    assert (await migrations.migrate(pool, log, folder=newer)).applied == [NEXT.name]
    done = await migrations.migrate(pool, log)
    assert (done.before, done.after, done.applied) == (NEXT.version, NEXT.version, [])
    await migrations.wait_for_schema(pool, log)
    assert await migrations.schema_is_current(pool)
    await pool.execute("SELECT hue FROM jobs")


async def test_a_release_whose_columns_were_taken_away_refuses_to_start(
    pool: Pool, log: Log, tmp_path: Path
) -> None:
    marker = f"-- contracts since {NEXT.version:04}: jobs.reason\n"
    newer = with_one_more(tmp_path, f"{marker}ALTER TABLE jobs DROP COLUMN reason;")
    await migrations.migrate(pool, log, folder=newer)
    for asked in (migrations.migrate(pool, log), migrations.wait_for_schema(pool, log)):
        with pytest.raises(CannotStart, match=f"{NEXT.version} is the oldest that fits"):
            await asked
    await migrations.wait_for_schema(pool, log, folder=newer)


async def test_a_migration_behind_a_long_statement_makes_way_for_everybody_else(
    pool: Pool, log: Log, tmp_path: Path
) -> None:
    newer = with_one_more(tmp_path, "ALTER TABLE jobs ADD COLUMN hue text;")
    async with pool.acquire() as reader, reader.transaction():
        await reader.execute("SELECT FROM jobs")  # holds its lock until the transaction ends
        migrating = asyncio.create_task(migrations.migrate(pool, log, folder=newer))
        for _ in range(30):  # each would wait for the migration if that waited for the reader
            await pool.fetch("SELECT FROM jobs", timeout=migrations.LOCK_MS / 1000 + 2)
            await asyncio.sleep(0.05)
        assert not migrating.done()
    assert (await asyncio.wait_for(migrating, 20)).applied == [NEXT.name]


async def test_a_migration_that_gets_no_lock_in_its_time_says_so_and_changes_nothing(
    pool: Pool, log: Log, tmp_path: Path
) -> None:
    newer = with_one_more(tmp_path, "ALTER TABLE jobs ADD COLUMN hue text;")
    async with pool.acquire() as reader, reader.transaction():
        await reader.execute("SELECT FROM jobs")
        with pytest.raises(CannotStart, match="got no lock in time"):
            await migrations.migrate(pool, log, folder=newer, until=0.0)
    assert (await migrations.migrate(pool, log)).after == NEXT.version - 1


async def test_an_index_is_built_beside_the_traffic_and_again_when_it_was_cut_short(
    pool: Pool, log: Log, tmp_path: Path
) -> None:
    await pool.execute(
        "INSERT INTO contacts SELECT n::text, gen_random_uuid(), 1, now(), NULL, false"
        " FROM generate_series(1, 2) n"
    )
    with pytest.raises(asyncpg.UniqueViolationError):  # what is left of it is of no use
        await pool.execute("CREATE UNIQUE INDEX CONCURRENTLY contacts_seq ON contacts (seq)")
    sql = "CREATE INDEX CONCURRENTLY IF NOT EXISTS contacts_seq ON contacts (seq);"
    newer = with_one_more(tmp_path, f"-- Built beside the traffic.\n{sql}")
    assert (await migrations.migrate(pool, log, folder=newer)).applied == [NEXT.name]
    assert await pool.fetchval(
        "SELECT indisvalid AND NOT indisunique FROM pg_index"
        " WHERE indexrelid = 'contacts_seq'::regclass"
    )


async def test_a_migration_that_fails_leaves_nothing_of_itself(
    pool: Pool, log: Log, tmp_path: Path
) -> None:
    newer = with_one_more(tmp_path, "CREATE TABLE half (id integer); SELECT 1 / 0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrations.migrate(pool, log, folder=newer)
    assert await pool.fetchval("SELECT to_regclass('half')") is None
    assert (await migrations.migrate(pool, log)).after == NEXT.version - 1
