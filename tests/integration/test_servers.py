"""The servers of the stack: real, kept to this machine, their data durable, nothing left behind."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import nats
import pytest

from deploy import servers
from deploy.programs import CHECKOUT, running
from plumbing.broker import Broker
from plumbing.postgres import Pool
from plumbing.process import CannotStart

SECONDS_FOR_INITDB = 60


async def fetch(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_a_test_gets_a_migrated_empty_ledger(pool: Pool) -> None:
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 0


async def test_a_test_gets_empty_streams(broker: Broker) -> None:
    assert (await broker.js.stream_info("BULK_JOBS")).state.messages == 0


def test_what_postgres_was_told_is_there_after_a_restart(tmp_path: Path) -> None:
    first = servers.postgres(tmp_path)
    with running(first.program):
        assert asyncio.run(fetch(first.url, "SHOW fsync")) == "on"
        assert asyncio.run(fetch(first.url, "SHOW server_encoding")) == "UTF8"
        assert asyncio.run(fetch(first.url, "SHOW listen_addresses")) == "127.0.0.1"
        asyncio.run(fetch(first.url, "CREATE TABLE kept AS SELECT 7 AS n"))
    second = servers.postgres(tmp_path)
    with running(second.program):
        assert asyncio.run(fetch(second.url, "SELECT n FROM kept")) == 7


def test_postgres_asks_for_its_password_which_only_its_owner_can_read(
    tmp_path: Path,
) -> None:
    server = servers.postgres(tmp_path, durable=False)
    assert (tmp_path / "postgres.password").stat().st_mode & 0o777 == 0o600
    wrong = urlsplit(server.url)
    wrong_url = wrong._replace(netloc=f"loopcast:wrong@127.0.0.1:{wrong.port}").geturl()
    with running(server.program), pytest.raises(asyncpg.InvalidPasswordError):
        asyncio.run(fetch(wrong_url, "SELECT 1"))


def test_half_made_data_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "postgres.new").mkdir()
    (tmp_path / "postgres.new" / "PG_VERSION").write_text("18")
    with running(servers.postgres(tmp_path, durable=False).program):
        assert not (tmp_path / "postgres.new").exists()


def test_data_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    server = servers.postgres(tmp_path, durable=False)
    (tmp_path / "postgres" / "PG_VERSION").write_text("9.6\n")
    sentence = "postgres ended with exit code 1: .*data directory was initialized by"
    with pytest.raises(CannotStart, match=sentence), running(server.program):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="the whole suite runs as an ordinary user")
def test_an_ordinary_user_runs_postgres_as_oneself(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    program = (
        "import asyncio, os, pathlib, sys; from deploy import servers, programs;"
        "server = servers.postgres(pathlib.Path(sys.argv[1]), durable=False);"
        "assert os.geteuid() == 65534 and 'setpriv' not in server.program.argv;"
        "programs.running(server.program).__enter__(); print('up')"
    )
    # Not root, but able to reach a checkout below folders that are root's own.
    done = subprocess.run(
        [*servers.AS_NOBODY, sys.executable, "-c", program, str(tmp_path)],
        cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=SECONDS_FOR_INITDB,
    )  # fmt: skip
    assert (done.stdout, done.returncode) == ("up\n", 0), done.stderr


async def test_what_nats_was_told_is_there_after_a_restart(tmp_path: Path) -> None:
    server = servers.nats(tmp_path)
    for expected in (1, 2):
        with running(server.program):
            assert await stored(server.url) == expected


async def stored(url: str) -> int:
    """The stream sequence that one more message gets."""
    client = await nats.connect(url)
    try:
        js = client.jetstream()
        await js.add_stream(name="KEPT", subjects=["kept"])
        return int((await js.publish("kept", b"")).seq)
    finally:
        await client.close()


def test_the_configuration_of_nats_is_valid_and_needs_a_place_for_its_data() -> None:
    binary = Path(sys.executable).parent / "nats-server"
    check = [str(binary), "-t", "-c", str(servers.NATS_CONF)]
    environ = {name: value for name, value in os.environ.items() if name != "NATS_STORE_DIR"}
    valid = subprocess.run(
        check, env=environ | {"NATS_STORE_DIR": "/data"}, capture_output=True, check=False
    )
    homeless = subprocess.run(check, env=environ, capture_output=True, check=False)
    assert (valid.returncode, homeless.returncode) == (0, 1)
    assert b"NATS_STORE_DIR" in homeless.stderr
