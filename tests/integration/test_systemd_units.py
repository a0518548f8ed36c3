"""The units are what systemd understands, word by word, and it rates them as hardly exposed."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
NAMES = ["loopcast-gateway.service", "loopcast-daemon@9101.service", "loopcast-nats.service"]
# What a system has anyway, as far as units can tell.
THERE = ("sysinit", "basic", "shutdown", "network-online", "multi-user")
PROGRAMS = (
    "opt/loopcast/.venv/bin/python", "opt/loopcast/.venv/bin/nats-server", "usr/bin/env",
)  # fmt: skip

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A file system with the units, and all that they name."""
    units = tmp_path / "etc" / "systemd" / "system"
    units.mkdir(parents=True)
    for path in [*UNITS.glob("*.service"), *UNITS.glob("*.target")]:
        shutil.copy(path, units)
    for name in THERE:
        (units / f"{name}.target").write_text("[Unit]\nDefaultDependencies=no\n")
    for program in PROGRAMS:
        path = tmp_path / program
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    return tmp_path


def analyze(*words: str) -> tuple[int, str]:
    done = subprocess.run(
        ["systemd-analyze", *words], capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


def test_systemd_has_nothing_to_say_against_any_unit(root: Path) -> None:
    assert analyze("verify", f"--root={root}", *NAMES, "loopcast.target") == (0, "")


def test_a_word_that_systemd_does_not_know_would_be_found(root: Path) -> None:
    unit = root / "etc/systemd/system/loopcast-gateway.service"
    unit.write_text(unit.read_text().replace("PrivateTmp=", "PrivatTmp="))
    assert "Unknown key 'PrivatTmp'" in analyze("verify", f"--root={root}", unit.name)[1]


@pytest.mark.parametrize("name", NAMES)
def test_each_unit_is_hardly_exposed(root: Path, name: str) -> None:
    _, said = analyze("security", "--offline=true", f"--root={root}", "--no-pager", name)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert found is not None, said
    assert float(found[1]) < 1.5
