"""A session with PostgreSQL for a check, and why there is none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import asyncpg

from deploy.checks.patient import address_of
from plumbing.postgres import Connection

SECONDS: Final = 5.0
BROKEN: Final = (
    OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)  # fmt: skip


class Unreachable(Exception):
    """PostgreSQL cannot be asked."""

    def __init__(self, url: str, error: Exception) -> None:
        self.refusal = Refusal(address_of(url), error)
        super().__init__(self.refusal.said)


@dataclass(frozen=True)
class Refusal:
    """Why, in a sentence, and what to do."""

    address: str
    error: Exception

    @property
    def said(self) -> str:
        reason = str(self.error).splitlines()[0] if str(self.error) else "no answer in time"
        verb = "cannot be reached" if isinstance(self.error, OSError) else "refuses"
        return f"PostgreSQL at {self.address} {verb}: {reason}."

    @property
    def do(self) -> str:
        match self.error:
            case OSError():  # TimeoutError is one
                return "Start it, or correct DATABASE_URL; `make run` brings its own."
            case asyncpg.InvalidCatalogNameError():
                return "Create the database, or correct the name in DATABASE_URL."
            case asyncpg.InvalidPasswordError() | asyncpg.InvalidAuthorizationSpecificationError():
                return "Correct the user and the password in DATABASE_URL."
            case asyncpg.TooManyConnectionsError():
                return "Raise max_connections, or run fewer daemons."
            case _:
                return "Is DATABASE_URL right?"


@asynccontextmanager
async def session(url: str) -> AsyncIterator[Connection]:
    """A connection of its own, with a deadline on each statement. Raises Unreachable."""
    try:
        connection = await asyncpg.connect(
            url, timeout=SECONDS, command_timeout=SECONDS,
            server_settings={"application_name": "loopcast-doctor", "timezone": "UTC"},
        )  # fmt: skip
    except BROKEN as error:
        raise Unreachable(url, error) from error
    try:
        yield connection
    except BROKEN as error:
        raise Unreachable(url, error) from error
    finally:
        connection.terminate()
