"""`python -m deploy.keys`: keys made, listed and revoked by whoever can reach PostgreSQL.

Exit code 0 when it was done, 1 when it could not be, 78 when settings are wrong, 2 when the command
is.
"""

import argparse
import asyncio
import getpass
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from deploy import told
from gateway.errors import Refusal
from gateway.key_store import ApiKeys
from gateway.keyring import ASK_AGAIN_SECONDS, new_key
from gateway.keys import row_of
from gateway.store import LedgerUnavailable, Store
from plumbing.migrations import schema_is_current
from plumbing.postgres import open_pool
from plumbing.process import EXIT_CONFIG, CannotStart
from schemas.environment import SettingsError
from schemas.key_api import KeyView, NewKey
from schemas.loading import load
from schemas.scopes import Scope
from schemas.settings import Common

DATA: Final = Path(".data")  # of the stack that `make run` has in this folder
EXAMPLES: Final = """\
examples:
  python -m deploy.keys make shop --scopes send,read
  python -m deploy.keys make report --scopes read --expires 2027-01-31T00:00:00Z
  python -m deploy.keys list
  python -m deploy.keys revoke 0b8f6c1e-6d1c-4c55-9c2b-6a3d1f2f9a11"""


def main(arguments: list[str]) -> int:
    """Do what is asked; returns the exit code."""
    options = _options(arguments)
    try:
        return asyncio.run(_run(options))
    except SettingsError as error:
        return _said(str(error), EXIT_CONFIG)
    except (CannotStart, LedgerUnavailable, OSError, asyncpg.PostgresError) as error:
        return _said(f"keys: {error}", 1)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.keys", epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Keys that PostgreSQL keeps, beside those of API_KEYS. The database is that of"
        " DATABASE_URL, or of the stack of this folder.",
    )  # fmt: skip
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="make a key; it is shown this once, on stdout")
    make.add_argument("name", help="whose it is: its jobs belong to this name")
    make.add_argument("--scopes", required=True, help=f"what it may: {','.join(Scope)}")
    make.add_argument("--expires", help="until when, as 2027-01-31T00:00:00Z; else for ever")
    make.add_argument("--per-minute", type=int, help="submissions a minute; 0: no limit")
    commands.add_parser("list", help="all that were made")
    revoke = commands.add_parser("revoke", help="have a key open nothing any more")
    revoke.add_argument("id", type=UUID, help="as list shows it")
    return parser.parse_args(arguments)


async def _run(options: argparse.Namespace) -> int:
    environ = os.environ if os.environ.get("DATABASE_URL") else told.read(DATA) or os.environ
    settings = load(Common, environ)
    async with await open_pool(settings.database_url, name="keys", size=1) as pool:
        if not await schema_is_current(pool):
            raise CannotStart("the schema is another release's: run python -m deploy.migrate")
        store = Store(pool)
        match options.command:
            case "make":
                return await _make(ApiKeys(store), options)
            case "list":
                return await _list(ApiKeys(store))
            case _:
                return await _revoke(ApiKeys(store), options.id)


async def _make(keys: ApiKeys, options: argparse.Namespace) -> int:
    key = new_key()
    asked = NewKey(
        name=options.name, scopes=[scope.strip() for scope in options.scopes.split(",")],
        expires_at=options.expires, submissions_per_minute=options.per_minute,
    )  # fmt: skip
    row = row_of(msgspec.json.encode(asked), key, _who(), datetime.now(UTC))
    if isinstance(row, Refusal):
        return _said(f"keys: {row.message}", 1)
    await keys.add(row)
    _said(f"{row.name} may {', '.join(row.scopes)} with this key, which is not shown again:", 0)
    sys.stdout.write(f"{key}\n")
    return 0


async def _list(keys: ApiKeys) -> int:
    views = await keys.newest()
    lines = [_line(view) for view in views] or ["No key was made yet."]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


async def _revoke(keys: ApiKeys, key_id: UUID) -> int:
    await keys.revoke(key_id, _who())
    view = await keys.read(key_id)
    if view is None:
        return _said(f"keys: there is no key {key_id}; list shows those there are", 1)
    return _said(
        f"{view.name}'s key …{view.hint} opens nothing any more, on each gateway within"
        f" {ASK_AGAIN_SECONDS:.0f} s.", 0,
    )  # fmt: skip


def _line(view: KeyView) -> str:
    if view.revoked_at:
        state = f"revoked {view.revoked_at:%Y-%m-%d} by {view.revoked_by}"
    elif not view.is_live:
        state = f"expired {view.expires_at:%Y-%m-%d}"
    else:
        state = f"until {view.expires_at:%Y-%m-%d}" if view.expires_at else "for ever"
    used = f"used {view.last_used_at:%Y-%m-%d %H:%M} UTC" if view.last_used_at else "never used"
    return f"{view.id}  {view.name}  …{view.hint}  {','.join(view.scopes)}  {state}  {used}"


def _who() -> str:
    """Whoever is at the shell, as the trail of a key names them."""
    try:
        return f"shell:{getpass.getuser()}"
    except (KeyError, OSError):
        return "shell"


def _said(sentence: str, code: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
