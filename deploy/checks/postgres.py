"""PostgreSQL: reachable, new enough, with our schema and the rights to use it, and durable."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from daemon.supervisor import POOL_SIZE as DAEMON_POOL
from deploy import reconcile
from deploy.checks.patient import Patient, address_of
from deploy.checks.result import Result, ok, warning, wrong
from deploy.checks.session import Unreachable, session
from deploy.findings import LosesClaims
from deploy.reconcile import QUERIES
from plumbing.migrations import known as migrations
from plumbing.postgres import POOL_SIZE as GATEWAY_POOL
from plumbing.postgres import Connection

OLDEST: Final = 14
PER_DAEMON: Final = DAEMON_POOL + 1  # and the session that shows that it lives


async def postgres(patient: Patient) -> list[Result]:
    """Everything that the server says of itself."""
    url = patient.gateway.database_url
    results: list[Result] = []
    try:
        async with session(url) as connection:
            server = await QUERIES.server(connection)
            results += of_server(server, address_of(url))
            results += of_durability(await reconcile.durability(connection))
            results += await _of_ours(connection, server)
    except Unreachable as error:
        results.append(wrong(error.refusal.said, error.refusal.do))
    return results


async def _of_ours(connection: Connection, server: Any) -> list[Result]:
    """The schema, where there is one, and room for our pools."""
    if not server["has_schema"]:
        return [*of_schema(None), *of_room(server["connections"], 0)]
    missing = [row async for row in QUERIES.tables_out_of_reach(connection)]
    if missing:
        return list(of_rights(missing, server["role"]))
    rows = [row async for row in QUERIES.applied_migrations(connection)]
    daemons = await QUERIES.daemons(connection)
    return [
        *of_schema([row["version"] for row in rows]),
        *of_room(server["connections"], daemons),
    ]


def of_server(server: Any, address: str) -> Iterator[Result]:
    """What it is."""
    if server["version_number"] < OLDEST * 10_000:
        yield wrong(
            f"PostgreSQL at {address} is {server['version']}; Loopcast needs {OLDEST} or newer.",
            "Upgrade it.",
        )
    else:
        yield ok(
            f"PostgreSQL {server['version']} at {address}, database {server['database']}, as"
            f" {server['role']}."
        )
    if server["is_standby"] or server["is_read_only"]:
        yield wrong(
            "It takes no writes: " + ("it is a standby." if server["is_standby"] else "read only."),
            "Point DATABASE_URL at the primary (several hosts: add"
            " ?target_session_attrs=read-write).",
        )
    if server["encoding"] != "UTF8":
        yield wrong(
            f"The database is encoded in {server['encoding']}, which has not every name's letters.",
            "Make a new one: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.",
        )
    if not server["has_schema"] and not server["may_create"]:
        yield wrong(
            f"{server['role']} may not create tables here, so the schema cannot be made.",
            f"GRANT CREATE ON SCHEMA public TO {server['role']}; or have it own the database.",
        )


def of_schema(applied: Sequence[int] | None) -> Iterator[Result]:
    """Our migrations against those of the database; None: it has no schema of ours."""
    known = [migration.version for migration in migrations()]
    if applied is None:
        yield wrong(
            "The database has no schema yet.",
            "Run `python -m deploy.migrate`, or start the gateway, as `make run` does.",
        )
        return
    missing = [number for number in known if number not in applied]
    newer = [number for number in applied if number > known[-1]]
    if missing:
        yield wrong(
            f"The schema is older than this Loopcast: {_numbered(missing)} of {known[-1]} not"
            " applied.",
            "Run `python -m deploy.migrate`, or start a gateway of this version.",
        )
    elif newer:
        yield warning(
            f"The schema is newer than this Loopcast: {_numbered(newer)} known to a later version"
            " alone.",
            "Fine while an upgrade is rolled out; else upgrade this process, too.",
        )
    else:
        yield ok(f"The schema is this version's ({known[-1]} migrations).")


def of_rights(missing: Sequence[Any], role: str) -> Iterator[Result]:
    """`missing`: rows of `tables_out_of_reach`."""
    names = ", ".join(row["name"] for row in missing)
    if all(row["is_owner"] for row in missing):
        yield wrong(
            f"{role} may not read and write {names}.",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {names} TO {role};",
        )
    else:
        yield wrong(
            f"{role} does not own {names}: it cannot migrate them, and may not be able to use"
            " them.",
            f"ALTER TABLE … OWNER TO {role}; or give DATABASE_URL the owner.",
        )


def of_room(connections: int, daemons: int) -> Iterator[Result]:
    """Whether pools of all processes fit into what the server allows."""
    room = (connections - GATEWAY_POOL) // PER_DAEMON
    pools = f"{GATEWAY_POOL} for a gateway, {PER_DAEMON} for a daemon"
    if room < 1:
        yield wrong(
            f"It allows {connections} connections: too few for one gateway and one daemon"
            f" ({pools}).",
            f"Raise max_connections, or the role's limit, to {GATEWAY_POOL + PER_DAEMON} or more.",
        )
    elif room < daemons:
        yield warning(
            f"It allows {connections} connections, and {daemons} daemons run: at full load they"
            f" want more ({pools}).",
            f"Raise max_connections to {10 + 2 * GATEWAY_POOL + daemons * PER_DAEMON}.",
        )
    else:
        many = "a daemon" if room == 1 else f"{room} daemons"
        yield ok(f"Its {connections} connections have room for {many} beside a gateway ({pools}).")


def of_durability(lost: Sequence[LosesClaims]) -> Iterator[Result]:
    """`fsync` and its like: whether what is confirmed outlives a crash."""
    for finding in lost:
        yield wrong(finding.said, finding.do)
    if not lost:
        yield ok("What it confirms outlives a crash (fsync, full_page_writes, synchronous_commit).")


def _numbered(numbers: Sequence[int]) -> str:
    listed = ", ".join(f"{number:04d}" for number in numbers)
    return f"migration {listed} is" if len(numbers) == 1 else f"migrations {listed} are"
