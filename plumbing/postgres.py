"""PostgreSQL: the pool, the migrations, and queries by name."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import aiosql
import asyncpg
from asyncpg.connection import LoggedQuery

from plumbing.logs import Log

MIGRATIONS = Path(__file__).parent.parent / "schemas" / "sql"
COMMAND_TIMEOUT_SECONDS = 15
_MIGRATION_LOCK = 0x6C6F6F70  # "loop": gateways that start together migrate one after another

# A machine that is gone says no goodbye: the server asks after it, and takes its locks back after
# 11 s of silence. The default would be two hours.
NOTICES_A_LOST_HOST: Final = {
    "tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3",
}  # fmt: skip

# The stubs make both generic; at run time neither is.
if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Connection, Pool = asyncpg.Connection, asyncpg.Pool


def load_queries(path: Path) -> Any:
    """The named queries of a `queries.sql`, as aiosql makes them: `await q.name(conn, key=…)`."""
    return aiosql.from_path(path, "asyncpg", encoding="utf-8", mandatory_parameters=False)


OnFailure = Callable[[BaseException], None]


async def open_pool(
    url: str, *, name: str, size: int = 10, on_failure: OnFailure | None = None
) -> Pool:
    """A pool whose jsonb values are bytes of JSON, in both directions.

    `on_failure` is told what a statement on it failed with, beside whoever made it.

    It connects with its first statement; that raises OSError or asyncpg.PostgresError when the
    server does not answer.
    """
    return await asyncpg.create_pool(
        url,
        min_size=0,  # a floor is restored with a traceback in the log while the server is away
        max_size=size,
        timeout=10,
        command_timeout=COMMAND_TIMEOUT_SECONDS,
        init=_reporting(on_failure) if on_failure else prepare,
        reset=_keep_as_it_is,
        server_settings={
            "application_name": f"loopcast-{name}",
            "timezone": "UTC",
            # A process that is stopped within a transaction gives its row locks back.
            "idle_in_transaction_session_timeout": "15s",
            **NOTICES_A_LOST_HOST,
        },
    )


async def prepare(connection: Connection) -> None:
    """Teach a connection that jsonb is bytes (the wire format is a version byte, then the text)."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda text: b"\x01" + bytes(text),
        decoder=lambda data: bytes(data[1:]),
    )


def _reporting(on_failure: OnFailure) -> Callable[[Connection], Coroutine[Any, Any, None]]:
    def look(query: LoggedQuery) -> None:
        if query.exception is not None:
            on_failure(query.exception)

    async def prepare_and_report(connection: Connection) -> None:
        await prepare(connection)
        connection.add_query_logger(look)

    return prepare_and_report


async def _keep_as_it_is(_: object) -> None:
    """No session state is ever set, so the usual RESET, a round trip a statement, is left out."""


def migrations() -> list[tuple[int, Path]]:
    """The migration files by their number, in order."""
    return sorted((int(path.name.split("_")[0]), path) for path in MIGRATIONS.glob("*.sql"))


async def migrate(pool: Pool, log: Log) -> None:
    """Apply what is missing, each file in a transaction of its own; safe when several start."""
    async with pool.acquire() as connection:
        await connection.execute("SELECT pg_advisory_lock($1)", _MIGRATION_LOCK)
        try:
            await _apply_missing(cast("Connection", connection), log)
        finally:
            await connection.execute("SELECT pg_advisory_unlock($1)", _MIGRATION_LOCK)


async def _apply_missing(connection: Connection, log: Log) -> None:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations"
        " (version integer PRIMARY KEY, name text NOT NULL,"
        "  applied_at timestamptz NOT NULL DEFAULT now())"
    )
    rows = await connection.fetch("SELECT version FROM schema_migrations")
    applied = {row["version"] for row in rows}
    for version, path in migrations():
        if version in applied:
            continue
        async with connection.transaction():
            await connection.execute(path.read_text(encoding="utf-8"), timeout=600)
            await connection.execute(
                "INSERT INTO schema_migrations (version, name) VALUES ($1, $2)", version, path.stem
            )
        log.info("migration applied", migration=path.stem)


async def schema_is_current(pool: Pool) -> bool:
    """Whether every migration that this version knows has been applied."""
    if await pool.fetchval("SELECT to_regclass('schema_migrations')") is None:
        return False
    newest = await pool.fetchval("SELECT max(version) FROM schema_migrations")
    return (newest or 0) >= migrations()[-1][0]


async def wait_for_schema(pool: Pool, log: Log) -> None:
    """Return when the gateway has applied the migrations; says so while it waits."""
    said = False
    while not await schema_is_current(pool):
        if not said:
            log.info("waiting for the gateway to apply the migrations")
            said = True
        await asyncio.sleep(0.2)
