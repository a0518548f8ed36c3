"""The schema: which migrations there are, bringing a database up to date, and waiting for that.

Releases run side by side while a fleet is upgraded, so a migration only adds. One that takes away
says since which version no code uses what it takes: `-- contracts since 0005: what`. Older
processes then refuse to start, newer ones go on (docs/upgrades.md has the rules).
"""

import asyncio
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, cast

import asyncpg
import msgspec

from plumbing.logs import Log
from plumbing.postgres import Connection, Pool
from plumbing.process import CannotStart

FOLDER: Final = Path(__file__).parent.parent / "schemas" / "sql"
HOW: Final = "start a gateway of this release, or run python -m deploy.migrate"
_ONE_AT_A_TIME: Final = 0x6C6F6F70  # "loop"
# A statement that waits for a lock stops all who come behind it, so it gives up before a sender
# would notice, and tries again.
LOCK_MS: Final = 500
FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 10.0
STATEMENT_SECONDS: Final = 600
INDEX_SECONDS: Final = 6 * 3600  # built beside the traffic, however large the table is
_LOOK_EVERY_SECONDS: Final = 0.2
_SAY_AGAIN_SECONDS: Final = 10.0

_CONTRACTS: Final = re.compile(r"^-- contracts since (\d{4}): \S", re.MULTILINE)
_BESIDE: Final = re.compile(
    r"^CREATE (?:UNIQUE )?INDEX CONCURRENTLY IF NOT EXISTS (\w+)", re.MULTILINE
)


class Migration(msgspec.Struct, frozen=True):
    """One file of `schemas/sql`."""

    version: int
    name: str
    sql: str

    @property
    def needs(self) -> int:
        """The oldest version whose code works with what this one leaves; 0: any."""
        return max((int(found) for found in _CONTRACTS.findall(self.sql)), default=0)

    @property
    def index(self) -> str | None:
        """The index that it builds beside the traffic, outside of a transaction."""
        found = _BESIDE.search(self.sql)
        return found[1] if found else None


class Migrated(msgspec.Struct, frozen=True):
    """What `migrate` came to: the newest version before and after, and what was applied."""

    before: int
    after: int
    applied: Sequence[str]


class _Standing(msgspec.Struct, frozen=True):
    """How far a database is."""

    applied: frozenset[int]
    needs: int  # the oldest version whose code still fits

    @property
    def version(self) -> int:
        return max(self.applied, default=0)

    def missing(self, known: Sequence[Migration]) -> list[Migration]:
        return [migration for migration in known if migration.version not in self.applied]


def known(folder: Path = FOLDER) -> list[Migration]:
    """The migrations of this release, in order."""
    paths = sorted(folder.glob("*.sql"))
    return [
        Migration(int(path.stem.split("_")[0]), path.stem, path.read_text(encoding="utf-8"))
        for path in paths
    ]


async def migrate(
    pool: Pool, log: Log, *, folder: Path = FOLDER, until: float = float("inf")
) -> Migrated:
    """Apply what is missing; safe beside a fleet at work, and when several start at once.

    `until`, of the monotonic clock, ends the waiting for others, not a migration that runs. Raises
    CannotStart then, and when the schema no longer fits this release.
    """
    mine = known(folder)
    async with pool.acquire() as acquired:
        connection = cast("Connection", acquired)
        before = _fitting(await _standing(connection), mine)
        if not before.missing(mine):
            return Migrated(before.version, before.version, [])
        await _be_alone(connection, log, until)
        try:
            return await _apply_missing(connection, mine, log, until)
        finally:
            if not connection.is_closed():
                await connection.execute("SELECT pg_advisory_unlock($1)", _ONE_AT_A_TIME)


async def schema_is_current(pool: Pool) -> bool:
    """Whether every migration that this release knows has been applied; more may have been."""
    return not (await _standing(pool)).missing(known())


async def wait_for_schema(pool: Pool, log: Log, *, folder: Path = FOLDER) -> None:
    """Return when somebody has applied the migrations; says which it waits for.

    Raises CannotStart when the schema no longer fits this release.
    """
    mine, say_at = known(folder), 0.0
    while True:
        standing = _fitting(await _standing(pool), mine)
        if not (missing := standing.missing(mine)):
            break
        if time.monotonic() >= say_at:
            say_at = time.monotonic() + _SAY_AGAIN_SECONDS
            names = [migration.name for migration in missing]
            log.info("waiting for migrations", missing=names, schema=standing.version, do=HOW)
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
    if standing.version > mine[-1].version:
        log.info("the schema is of a newer release", schema=standing.version, ours=mine[-1].version)


async def _standing(asked: Pool | Connection) -> _Standing:
    """A database of before there was `needs` has no such column."""
    if await asked.fetchval("SELECT to_regclass('schema_migrations')") is None:
        return _Standing(frozenset(), 0)
    rows = await asked.fetch(
        "SELECT version, coalesce((to_jsonb(m) ->> 'needs')::integer, 0) AS needs"
        " FROM schema_migrations m"
    )
    needs = max((row["needs"] for row in rows), default=0)
    return _Standing(frozenset(row["version"] for row in rows), needs)


def _fitting(standing: _Standing, mine: Sequence[Migration]) -> _Standing:
    """A newer schema fits, unless it has let go of what this release uses. Raises CannotStart."""
    if standing.needs > mine[-1].version:
        raise CannotStart(
            f"the schema is at version {standing.version} and has let go of what this release uses:"
            f" it knows versions up to {mine[-1].version}, and {standing.needs} is the oldest that"
            " fits; start a newer release"
        )
    return standing


async def _be_alone(connection: Connection, log: Log, until: float) -> None:
    """Take the lock of all migrations; by asking, because a statement that waits would itself be
    waited for by an index that is built beside the traffic.
    """
    say_at = 0.0
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _ONE_AT_A_TIME):
        if time.monotonic() >= until:
            raise CannotStart("another process is still applying migrations; try again later")
        if time.monotonic() >= say_at:
            say_at = time.monotonic() + _SAY_AGAIN_SECONDS
            log.info("another process applies migrations; waiting for it")
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


async def _apply_missing(
    connection: Connection, mine: Sequence[Migration], log: Log, until: float
) -> Migrated:
    """Each in a transaction of its own."""
    await _make_history(connection)
    before = _fitting(await _standing(connection), mine)
    missing = before.missing(mine)
    for migration in missing:
        if migration.index:
            await _build_beside(connection, migration, migration.index)
        else:
            await _apply_patiently(connection, migration, log, until)
        log.info("migration applied", migration=migration.name)
    after = max((before.version, *(migration.version for migration in missing)))
    return Migrated(before.version, after, [migration.name for migration in missing])


async def _make_history(connection: Connection) -> None:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations"
        " (version integer PRIMARY KEY, name text NOT NULL,"
        "  applied_at timestamptz NOT NULL DEFAULT now())"
    )
    await connection.execute(
        "ALTER TABLE schema_migrations ADD COLUMN IF NOT EXISTS needs integer NOT NULL DEFAULT 0"
    )


async def _apply_patiently(
    connection: Connection, migration: Migration, log: Log, until: float
) -> None:
    """Again and again until its locks are free; what it waited for goes on meanwhile."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            return await _apply(connection, migration)
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as error:
            if time.monotonic() >= until:
                raise CannotStart(
                    f"migration {migration.name} got no lock in time, because a long statement or"
                    " an open transaction is in its way (pg_stat_activity names it); end that one,"
                    " or try again later. Nothing was changed"
                ) from error
            log.info("a migration makes way and tries again", migration=migration.name,
                     in_seconds=pause, reason=str(error))  # fmt: skip
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


async def _apply(connection: Connection, migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute(f"SET LOCAL lock_timeout = {LOCK_MS}")
        await connection.execute(migration.sql, timeout=STATEMENT_SECONDS)
        await _note(connection, migration)


async def _build_beside(connection: Connection, migration: Migration, index: str) -> None:
    """An attempt that was cut short leaves an index that is of no use; it is built anew."""
    if await connection.fetchval(
        "SELECT true FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT indisvalid", index
    ):
        await connection.execute(f"DROP INDEX CONCURRENTLY {index}", timeout=INDEX_SECONDS)
    await connection.execute(migration.sql, timeout=INDEX_SECONDS)
    await _note(connection, migration)


async def _note(connection: Connection, migration: Migration) -> None:
    await connection.execute(
        "INSERT INTO schema_migrations (version, name, needs) VALUES ($1, $2, $3)",
        migration.version, migration.name, migration.needs,
    )  # fmt: skip
