"""The real servers for tests: one PostgreSQL a worker with a database a test, nats a test.

They are the ones of `make run`. With TEST_SERVERS=containers, and a Docker engine that answers,
they are containers instead.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import hypothesis
import pytest
import structlog

from deploy import servers
from deploy.programs import running
from plumbing import migrations, postgres
from plumbing.broker import Broker
from plumbing.logs import Log
from plumbing.postgres import Pool

TEMPLATE = "loopcast_template"

# A busy machine is no finding: an example may take as long as it takes.
hypothesis.settings.register_profile("loopcast", deadline=None)
hypothesis.settings.load_profile("loopcast")


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_is_heard() -> None:
    """A shell's job in the background ignores Ctrl-C, and so would every program it starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def use_containers() -> bool:
    """Whether containers serve: asked for, and a Docker engine answers."""
    if os.environ.get("TEST_SERVERS") != "containers":
        return False
    asked = subprocess.run(["docker", "version"], capture_output=True, check=False, timeout=20)
    return asked.returncode == 0


@pytest.fixture(scope="session")
def postgres_url(use_containers: bool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server for this worker, with the migrated template database."""
    if use_containers:
        from testcontainers.postgres import PostgresContainer  # noqa: PLC0415 - slow to import

        with PostgresContainer("postgres:17-alpine", driver=None) as container:
            url = container.get_connection_url()
            asyncio.run(_make_template(url))
            yield url
        return
    server = servers.postgres(tmp_path_factory.mktemp("postgres"), durable=False)
    with running(server.program):
        asyncio.run(_make_template(server.url))
        yield server.url


@pytest.fixture
def empty_database_url(postgres_url: str) -> Iterator[str]:
    """A fresh database without any table of ours."""
    yield from database(postgres_url, template="template0")


@pytest.fixture
def database_url(postgres_url: str) -> Iterator[str]:
    """A fresh, migrated database."""
    yield from database(postgres_url, template=TEMPLATE)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """A pool on a fresh, migrated database."""
    made = await postgres.open_pool(database_url, name="tests")
    yield made
    await asyncio.wait_for(made.close(), 10)


@pytest.fixture
def nats_url(use_containers: bool, tmp_path: Path) -> Iterator[str]:
    """A nats-server with JetStream, empty; it starts in 15 ms, so each test has its own."""
    if use_containers:
        from testcontainers.nats import NatsContainer  # noqa: PLC0415 - slow to import

        with NatsContainer("nats:2.15-alpine").with_command("-js") as container:
            yield container.nats_uri()
        return
    server = servers.nats(tmp_path)
    with running(server.program):
        yield server.url


@pytest.fixture
async def broker(nats_url: str, log: Log) -> AsyncIterator[Broker]:
    """A connected broker with the streams made."""
    made = Broker(nats_url, "tests", log)
    made.start()
    await asyncio.wait_for(made.ready(), 10)
    yield made
    await made.close()


@pytest.fixture
def log() -> Log:
    """A logger whose lines pytest shows when the test fails."""
    made: Log = structlog.wrap_logger(
        structlog.PrintLogger(sys.stdout),
        processors=[structlog.stdlib.add_log_level, structlog.dev.ConsoleRenderer(colors=False)],
        wrapper_class=structlog.make_filtering_bound_logger("debug"),
    )
    return made


def database(server: str, *, template: str) -> Iterator[str]:
    """A database of its own on this server, gone when the generator is closed or ends."""
    name = f"t{uuid4().hex}"
    asyncio.run(_execute(server, f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield urlsplit(server)._replace(path=f"/{name}").geturl()
    asyncio.run(_execute(server, f"DROP DATABASE {name} WITH (FORCE)"))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _make_template(server: str) -> None:
    await _execute(server, f"CREATE DATABASE {TEMPLATE}")
    url = urlsplit(server)._replace(path=f"/{TEMPLATE}").geturl()
    pool = await postgres.open_pool(url, name="tests", size=1)
    await migrations.migrate(pool, structlog.get_logger())
    await pool.close()
