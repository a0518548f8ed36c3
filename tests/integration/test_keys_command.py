"""The command for keys: an operator makes the first one with nothing but the database."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.programs import CHECKOUT
from plumbing.postgres import Pool


def keys(folder: Path, database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT)}
    return subprocess.run(
        [sys.executable, "-m", "deploy.keys", *arguments], cwd=folder,
        env=environ | {"DATABASE_URL": database_url}, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip


async def test_a_key_is_made_listed_and_revoked(
    pool: Pool, database_url: str, tmp_path: Path
) -> None:
    made = keys(tmp_path, database_url, "make", "shop", "--scopes", "send, read")
    assert (made.returncode, made.stdout[:3], len(made.stdout)) == (0, "lc_", 47), made.stderr
    assert "shop may read, send with this key" in made.stderr
    key_id = str(await pool.fetchval("SELECT id FROM api_keys"))
    listed = keys(tmp_path, database_url, "list").stdout
    assert listed == (f"{key_id}  shop  …{made.stdout[-5:-1]}  read,send  for ever  never used\n")
    revoked = keys(tmp_path, database_url, "revoke", key_id)
    assert (revoked.returncode, "opens nothing any more" in revoked.stderr) == (0, True)
    assert "revoked 20" in keys(tmp_path, database_url, "list").stdout
    assert await pool.fetchval("SELECT made_by LIKE 'shell%' FROM api_keys")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [(("make", "a b", "--scopes", "read"), 1, "name must be"),
     (("make", "a", "--scopes", "write"), 1, "no scope"),
     (("revoke", "0b8f6c1e-6d1c-4c55-9c2b-6a3d1f2f9a11"), 1, "there is no key"),
     (("revoke", "me"), 2, "invalid UUID"), ((), 2, "usage:")],
)  # fmt: skip
def test_what_cannot_be_done_is_said(
    pool: Pool, database_url: str, tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = keys(tmp_path, database_url, *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr


def test_a_database_without_a_schema_is_named(empty_database_url: str, tmp_path: Path) -> None:
    done = keys(tmp_path, empty_database_url, "list")
    assert done.returncode == 1
    assert "python -m deploy.migrate" in done.stderr
