"""PostgreSQL: the pool, and queries by name."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import aiosql
import asyncpg
from asyncpg.connection import LoggedQuery

COMMAND_TIMEOUT_SECONDS = 15
POOL_SIZE: Final = 10

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
    url: str, *, name: str, size: int = POOL_SIZE, on_failure: OnFailure | None = None
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
