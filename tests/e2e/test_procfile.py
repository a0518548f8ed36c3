"""Every line of the Procfile starts what it says, as a platform starts it: by a shell."""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from deploy.programs import CHECKOUT, Program, http_ok, running
from tests.support import free_port

LINES = dict(
    line.split(": ", 1) for line in (CHECKOUT / "Procfile").read_text().splitlines() if line
)
SHELL = "/bin/sh"


def environment(**more: str) -> dict[str, str]:
    """What a platform gives: python on the PATH, and the settings."""
    folder = Path(sys.executable).parent
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "META_ACCESS_TOKEN": "x", **more}


def test_there_is_a_line_for_the_schema_and_for_each_process() -> None:
    assert list(LINES) == ["release", "web", "daemon"]


def test_the_lines_start_in_the_order_of_a_platform(
    empty_database_url: str, nats_url: str, tmp_path: Path
) -> None:
    port, daemon_port = free_port(), free_port()
    env = environment(
        DATABASE_URL=empty_database_url, NATS_URL=nats_url, PORT=str(port),
        API_KEYS="shop:longenough", DAEMON_PORT=str(daemon_port),
    )  # fmt: skip
    done = subprocess.run(
        [SHELL, "-c", LINES["release"]], env=env, cwd=CHECKOUT, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "from nothing to version" in done.stdout
    with ExitStack() as stack:
        for name, at in (("web", port), ("daemon", daemon_port)):
            child = stack.enter_context(
                running(
                    Program(
                        name=name,
                        argv=(SHELL, "-c", LINES[name]),
                        address=f"127.0.0.1:{at}",
                        is_ready=http_ok("127.0.0.1", at, "/readyz"),
                        env=env,
                        log_file=tmp_path / f"{name}.log",
                    )
                )
            )
            child.terminate()  # the shell is gone: a signal reaches the process itself
            assert child.wait(30) == 0
    assert "0.0.0.0" in (tmp_path / "web.log").read_text()


def test_what_installs_from_requirements_txt_gets_the_locked_versions() -> None:
    lines = (CHECKOUT / "requirements.txt").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["-r requirements.lock"]
