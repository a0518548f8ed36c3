"""`python -m deploy.doctor`: looks at what Loopcast stands on, and says what is wrong.

Exit code 0 when all is well, 1 when it is not, 78 when settings are wrong, 2 when the command is.
It changes nothing, and may be run beside a campaign.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

import asyncpg
import msgspec

from deploy import reconcile, servers
from deploy.terminal import Terminal
from plumbing.migrations import schema_is_current
from plumbing.postgres import Pool, open_pool
from plumbing.process import EXIT_CONFIG, CannotStart
from schemas.environment import SettingsError
from schemas.loading import load
from schemas.settings import Common

USAGE: Final = """\
usage: python -m deploy.doctor

Counts every message anew and names each difference to what jobs and loops say; it changes nothing,
and a campaign may run meanwhile. The database is that of DATABASE_URL; when that is unset, the one
of `make run` in this folder."""


class Finding(Protocol):
    """Something that is wrong, in a sentence that says what to do."""

    @property
    def sentence(self) -> str: ...


@dataclass(frozen=True)
class Report:
    """What a check came to: what is wrong, and what is well."""

    findings: Sequence[Finding]
    well: Sequence[str] = ()


@dataclass(frozen=True)
class NoAnswer:
    """PostgreSQL cannot be reached, or refuses to be asked."""

    address: str
    error: Exception

    @property
    def sentence(self) -> str:
        reason = str(self.error) or "no answer in time"
        if isinstance(self.error, OSError):
            return (
                f"PostgreSQL at {self.address} cannot be reached: {reason}. Start it (`make run`"
                " brings its own), or set DATABASE_URL."
            )
        return f"PostgreSQL at {self.address} refuses: {reason}. Is DATABASE_URL right?"


@dataclass(frozen=True)
class NoSchema:
    """There is no ledger yet, or one of an older version."""

    address: str

    @property
    def sentence(self) -> str:
        return (
            f"The database at {self.address} has no schema, or an older one than this Loopcast:"
            " start the gateway (`make run` does), which makes it."
        )


async def database(settings: Common) -> Report:
    """Whether PostgreSQL keeps what it confirms, and every count in it agrees with the rows."""
    address = address_of(settings.database_url)
    try:
        async with await open_pool(settings.database_url, name="doctor", size=1) as pool:
            return await _ledger(pool, address)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return Report([NoAnswer(address, error)])


async def _ledger(pool: Pool, address: str) -> Report:
    lost = await reconcile.durability(pool)
    if not await schema_is_current(pool):
        return Report([*lost, NoSchema(address)])
    counted = await reconcile.recount(pool)
    well = [] if counted.differences else [agrees(counted.jobs, counted.messages)]
    return Report([*counted.differences, *lost], well)


CHECKS: Final[tuple[Callable[[Common], Awaitable[Report]], ...]] = (database,)


def agrees(jobs: int, messages: int) -> str:
    """What is said of a ledger without a difference."""
    counted = f"{jobs:,} job{'s' * (jobs != 1)}, {messages:,} message{'s' * (messages != 1)}"
    return f"{counted}: every count agrees with its rows."


def main(arguments: list[str]) -> int:
    """Make every check and say what they found; returns the exit code."""
    if not {"-h", "--help"}.isdisjoint(arguments):
        Terminal(sys.stdout).write(f"{USAGE}\n")
        return 0
    if arguments:
        return _said(USAGE, 2)
    try:
        return asyncio.run(examine(settings_of(os.environ, Path.cwd() / ".data")))
    except SettingsError as error:
        return _said(str(error), EXIT_CONFIG)
    except CannotStart as error:
        return _said(str(error), 1)
    except KeyboardInterrupt:
        return _said("Stopped.", 130)


def settings_of(environ: Mapping[str, str], data: Path) -> Common:
    """The settings, with the database that runs in `data` when none is named.

    Raises SettingsError or CannotStart.
    """
    settings = load(Common, environ)
    if environ.get("DATABASE_URL", "").strip():
        return settings
    found = servers.running_postgres(data)
    return msgspec.structs.replace(settings, database_url=found) if found else settings


def address_of(url: str) -> str:
    """Where a URL leads, without the name and the password that it may have."""
    return urlsplit(url).netloc.rpartition("@")[2]


async def examine(settings: Common) -> int:
    """Print what each check found, a line each; 1 when anything is wrong, else 0."""
    out, is_wrong = Terminal(sys.stdout), False
    for check in CHECKS:
        report = await check(settings)
        for line in [*report.well, *(finding.sentence for finding in report.findings)]:
            out.write(f"{line}\n")
        is_wrong = is_wrong or bool(report.findings)
    return int(is_wrong)


def _said(sentence: str, code: int) -> int:
    Terminal(sys.stderr).write(f"{sentence}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
