"""`python -m deploy.migrate`: what it does, what it says, and with which code it ends."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from deploy import migrate, servers
from deploy.programs import CHECKOUT, running
from plumbing.migrations import Migrated, known
from plumbing.postgres import Pool
from tests.support import free_port

NEWEST = known()[-1].version


def run(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.migrate", *arguments], cwd=CHECKOUT, text=True,
        env={**os.environ, "DATABASE_URL": url}, capture_output=True, check=False, timeout=60,
    )  # fmt: skip


def test_it_brings_an_empty_database_up_to_date_and_has_nothing_to_do_the_next_time(
    empty_database_url: str,
) -> None:
    names = ", ".join(migration.name for migration in known())
    done = run(empty_database_url)
    assert done.stdout == f"The schema was brought from nothing to version {NEWEST}: {names}.\n"
    assert done.returncode == 0
    done = run(empty_database_url)
    assert done.stdout == f"The schema is at version {NEWEST} already: nothing to do.\n"
    assert done.returncode == 0


async def test_a_newer_schema_is_well_unless_it_has_let_go_of_what_this_release_uses(
    pool: Pool, database_url: str
) -> None:
    insert = "INSERT INTO schema_migrations (version, name, needs) VALUES ($1, 'x', $2)"
    await pool.execute(insert, NEWEST + 1, 1)
    done = run(database_url)
    assert (done.returncode, "newer release than this one" in done.stdout) == (0, True)
    await pool.execute(insert, NEWEST + 2, NEWEST + 1)
    done = run(database_url)
    assert (done.returncode, "start a newer release" in done.stderr) == (1, True)


@pytest.fixture
def stopped_postgres(tmp_path: Path) -> servers.Server:
    return servers.postgres(tmp_path, durable=False)


def test_it_waits_for_a_postgres_that_is_about_to_start(stopped_postgres: servers.Server) -> None:
    done: list[subprocess.CompletedProcess[str]] = []
    waiting = threading.Thread(target=lambda: done.append(run(stopped_postgres.url)))
    waiting.start()
    with running(stopped_postgres.program):
        waiting.join()
    assert (done[0].returncode, "from nothing" in done[0].stdout) == (0, True)


def test_it_waits_no_longer_than_it_is_told() -> None:
    done = run(f"postgresql://me:secret@127.0.0.1:{free_port()}/x", "--wait", "1")
    assert done.returncode == 1
    assert "could not be worked with in 1 s" in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.parametrize(("url", "arguments", "code", "said"), [
    ("postgresql://a/b", ["--wait", "long"], 2, "usage: "),
    ("postgresql://a/b", ["--help"], 0, ""),
    ("mysql://a/b", [], 78, "DATABASE_URL must be a URL"),
])  # fmt: skip
def test_what_it_is_asked_wrongly_it_says(
    url: str, arguments: list[str], code: int, said: str
) -> None:
    done = run(url, *arguments)
    assert done.returncode == code
    assert said in done.stderr


def test_a_user_who_may_not_change_the_schema_is_told_at_once(empty_database_url: str) -> None:
    wrong = empty_database_url.replace("loopcast:", "nobody:", 1)
    done = run(wrong)
    assert (done.returncode, "refuses" in done.stderr) == (1, True)


@pytest.mark.parametrize(("done", "said"), [
    (Migrated(3, 5, ["0004_a", "0005_b"]), "from version 3 to version 5: 0004_a, 0005_b."),
    (Migrated(0, 1, ["0001_a"]), "from nothing to version 1: 0001_a."),
    (Migrated(5, 5, []), "at version 5 already"),
    (Migrated(6, 6, []), "of a newer release"),
])  # fmt: skip
def test_the_sentence_says_from_which_version_to_which(done: Migrated, said: str) -> None:
    assert said in migrate.sentence(done, newest=5)
