"""`python -m deploy.migrate`: brings the schema up to date and exits; the command of a release.

Exit code 0 when the schema is one that this release works with, 1 when it could not be made so, 78
when settings are wrong, 2 when the command is. It may be run beside a campaign, and twice.
"""

import asyncio
import os
import sys
import time
from typing import Final
from urllib.parse import urlsplit

import asyncpg

from deploy.terminal import Terminal
from plumbing.logs import Log, set_up
from plumbing.migrations import Migrated, known, migrate
from plumbing.postgres import open_pool
from plumbing.process import EXIT_CONFIG, CannotStart
from schemas.environment import SettingsError
from schemas.loading import load
from schemas.settings import Common

WAIT_SECONDS: Final = 60.0
USAGE: Final = f"""\
usage: python -m deploy.migrate [--wait seconds]

Brings the schema of DATABASE_URL up to date, beside a campaign if need be, and says what it did.
For {WAIT_SECONDS:.0f} seconds, or as long as --wait says, it waits for PostgreSQL to answer and for
whatever is in its way."""
_RETRY_SECONDS: Final = 0.5
# To ask again would get the same answer.
_NO: Final = (
    asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError, asyncpg.SyntaxOrAccessError, asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError, asyncpg.ClientConfigurationError,
)  # fmt: skip


def main(arguments: list[str]) -> int:
    """Migrate, and say what came of it; returns the exit code."""
    if not {"-h", "--help"}.isdisjoint(arguments):
        return _said(USAGE, 0)
    wait_seconds = _wait_seconds(arguments)
    if wait_seconds is None:
        return _said(USAGE, 2)
    try:
        settings = load(Common, os.environ)
        log = set_up("migrate", settings.log_level)
        return _said(asyncio.run(brought_up_to_date(settings, log, wait_seconds)), 0)
    except SettingsError as error:
        return _said(str(error), EXIT_CONFIG)
    except CannotStart as error:
        return _said(f"migrate: {error}", 1)
    except KeyboardInterrupt:
        return _said("Stopped; what was begun is taken back.", 130)


async def brought_up_to_date(settings: Common, log: Log, wait_seconds: float) -> str:
    """Migrate, within a while; returns what was done, in a sentence. Raises CannotStart."""
    until = time.monotonic() + wait_seconds
    server = urlsplit(settings.database_url).netloc.rpartition("@")[2]
    while True:
        try:
            async with await open_pool(settings.database_url, name="migrate", size=1) as pool:
                return sentence(await migrate(pool, log, until=until), known()[-1].version)
        except _NO as error:
            raise CannotStart(f"PostgreSQL at {server} refuses: {error}") from error
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            reason = str(error) or "no answer in time"
            if time.monotonic() >= until:
                raise CannotStart(
                    f"PostgreSQL at {server} could not be worked with in {wait_seconds:.0f} s:"
                    f" {reason}. Start it, or set DATABASE_URL"
                ) from error
            log.info("waiting for PostgreSQL", server=server, error=reason)
        await asyncio.sleep(_RETRY_SECONDS)


def sentence(done: Migrated, newest: int) -> str:
    """What was done, for people; `newest` is the version that this release knows."""
    if done.applied:
        names = ", ".join(done.applied)
        was = f"from version {done.before}" if done.before else "from nothing"
        return f"The schema was brought {was} to version {done.after}: {names}."
    if done.after > newest:
        return (
            f"The schema is at version {done.after}, of a newer release than this one, which knows"
            f" {newest} and can work with it: nothing to do."
        )
    return f"The schema is at version {done.after} already: nothing to do."


def _wait_seconds(arguments: list[str]) -> float | None:
    """As the command says; None when it cannot be understood."""
    match arguments:
        case []:
            return WAIT_SECONDS
        case ["--wait", seconds] if seconds.isascii() and seconds.isdecimal():
            return float(seconds)
        case _:
            return None


def _said(sentence: str, code: int) -> int:
    Terminal(sys.stderr if code else sys.stdout).write(f"{sentence}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
