"""The doctor as a command, on a whole fleet."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import told
from deploy.programs import CHECKOUT
from tests.e2e.test_local_stack import Stack
from tests.fleet import PHONE, Fleet, Restartable

pytestmark = pytest.mark.timeout(120)

SECRET = "0123456789abcdef0123456789abcdef"
ACCOUNT = {
    "META_PHONE_NUMBER_ID": PHONE, "META_WABA_ID": "102290129340398", "META_APP_SECRET": SECRET,
    "META_VERIFY_TOKEN": "verify", "SANDBOX_APP_SECRET": SECRET,
}  # fmt: skip


def doctor(folder: Path, env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT), **env}
    return subprocess.run(
        [sys.executable, "-m", "deploy.doctor", *arguments], cwd=folder, env=environ,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


async def test_a_fleet_in_order_is_well_and_a_broken_one_is_not(
    fleet: Fleet, own_postgres: Restartable, tmp_path: Path
) -> None:
    hook = f"http://127.0.0.1:{fleet.gateway_port}/webhooks/whatsapp"
    fleet.env.update(ACCOUNT, SANDBOX_WEBHOOK_URL=hook)
    with fleet.sandbox(), fleet.gateway(), fleet.daemon():
        well = doctor(tmp_path, fleet.env)
        told = doctor(tmp_path, fleet.env, "--json", "--quick")
        other = doctor(tmp_path, fleet.env | {"META_ACCESS_TOKEN": "expired"}, "--quick")
    assert (well.stderr, well.returncode) == ("", 0), well.stdout
    assert well.stdout.endswith("\nAll is well.\n")
    for line in ("ok       processes   1 daemon runs.", "ok       ledger      0 jobs, 0 messages:"):
        assert line in well.stdout
    checks = {line["check"] for line in json.loads(told.stdout)["lines"]}
    assert checks == {"settings", "postgres", "nats", "meta", "numbers", "clock", "processes"}
    assert other.returncode == 1
    assert "wrong    meta        META_ACCESS_TOKEN is not taken: 190" in other.stdout
    own_postgres.stop()
    gone = doctor(tmp_path, fleet.env)
    lines = [line.split("  ")[0] for line in gone.stdout.splitlines()]
    assert lines.count("wrong") == 3  # PostgreSQL, Meta, the gateway
    assert gone.returncode == 1
    assert SECRET not in well.stdout + told.stdout + other.stdout + gone.stdout


async def test_the_stack_of_a_folder_is_found_and_well_and_leaves_nothing(tmp_path: Path) -> None:
    stack = Stack(tmp_path, {})
    left = stack.folder / ".data" / told.NAME
    async with stack.up():
        well = doctor(stack.folder, {})
        assert left.exists()
    assert (well.stderr, well.returncode) == ("", 0), well.stdout
    assert well.stdout.endswith("\nAll is well.\n")
    assert not left.exists()
    assert doctor(stack.folder, {}).stderr.startswith("Nothing to look at: no stack runs")


def test_wrong_settings_end_with_78_and_are_not_shown(tmp_path: Path) -> None:
    env = {"DATABASE_URL": "mysql://me:hush@db/x", "META_ACCESS_TOKEN": "t", "PORT": "0"}
    plain, told = doctor(tmp_path, env), doctor(tmp_path, env, "--json")
    assert (plain.stdout, plain.returncode, told.returncode) == ("", 78, 78)
    assert "DATABASE_URL must be a URL such as postgresql://host" in plain.stderr
    assert "PORT must be a whole number" in plain.stderr
    assert [line["level"] for line in json.loads(told.stdout)["lines"]] == ["wrong", "wrong"]
    assert "hush" not in plain.stderr + told.stdout


def test_without_a_stack_and_without_settings_it_says_so(tmp_path: Path) -> None:
    done = doctor(tmp_path, {})
    assert (done.stdout, done.returncode) == ("", 1)
    assert done.stderr.startswith("Nothing to look at: no stack runs in this folder")


def test_an_argument_that_it_does_not_know_is_answered_with_the_usage(tmp_path: Path) -> None:
    done = doctor(tmp_path, {}, "--repair")
    assert done.stderr.startswith("usage: python -m deploy.doctor")
    assert (done.stdout, done.returncode) == ("", 2)
    assert doctor(tmp_path, {}, "--help").returncode == 0
