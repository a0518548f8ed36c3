"""A Docker engine for the trial of the containers: one that answers, or a dockerd of our own."""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from deploy.programs import CHECKOUT, Program, last_line, running
from plumbing.process import CannotStart

STARTS_WITHIN_SECONDS: Final = 60
LONGEST_SECONDS: Final = 900  # a build that downloads everything over a slow line


class NoEngine(Exception):
    """There is no engine here, and none can be started; says why."""


class EngineFailed(Exception):
    """A command of the engine failed; has what it said last."""


@dataclass(frozen=True)
class Engine:
    """The commands of one engine. Every call raises EngineFailed when the command fails."""

    compose_command: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)  # on top of ours

    def docker(self, *arguments: str, given: str | None = None) -> str:
        """Run docker; returns what it printed."""
        return self._run(("docker", *arguments), given)

    def compose(self, env_file: Path, *arguments: str) -> str:
        """Run compose with docker-compose.yml, which takes every variable from `env_file`."""
        return self._run((*self.compose_command, "--env-file", str(env_file), *arguments))

    def has_image(self, name: str) -> bool:
        """Whether the engine has the image already."""
        with contextlib.suppress(EngineFailed):
            self.docker("image", "inspect", name)
            return True
        return False

    def _run(self, argv: tuple[str, ...], given: str | None = None) -> str:
        done = subprocess.run(
            argv, input=given, capture_output=True, text=True, check=False, cwd=CHECKOUT,
            env={**_without_settings(os.environ), **self.environ}, timeout=LONGEST_SECONDS,
        )  # fmt: skip
        if done.returncode:
            said = last_line(done.stderr or done.stdout)
            raise EngineFailed(f"`{' '.join(argv)}` failed: {said}")
        return done.stdout.strip()


@contextlib.contextmanager
def found_or_started() -> Iterator[Engine]:
    """An engine that answers; else one of our own, gone with all its data after the block.

    Raises NoEngine.
    """
    if shutil.which("docker") is None:
        raise NoEngine("docker is not installed (Debian: apt-get install docker.io docker-compose)")
    if _answers({}):
        yield Engine(_compose({}))
        return
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        raise NoEngine("no Docker engine answers, and only root can start one, with dockerd")
    with _own() as host:
        environ = {"DOCKER_HOST": host}
        yield Engine(_compose(environ), environ)


@contextlib.contextmanager
def _own() -> Iterator[str]:
    """The address of a dockerd of our own, which shares nothing with one that is started later."""
    # Sockets live below, and their paths must be shorter than 108 bytes.
    folder = Path(tempfile.mkdtemp(prefix="loopcast-dockerd-"))
    data = folder / "data"
    host = f"unix://{folder}/docker.sock"
    program = Program(
        name="dockerd",
        argv=(
            "dockerd", "--host", host, "--data-root", str(data),
            "--exec-root", str(folder / "exec"), "--pidfile", str(folder / "pid"),
        ),
        address=host,
        is_ready=lambda: _answers({"DOCKER_HOST": host}),
        log_file=folder / "log",
        stop_seconds=30,
    )  # fmt: skip
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(_unmount, data)
        try:
            stack.enter_context(running(program, ready_seconds=STARTS_WITHIN_SECONDS))
        except CannotStart as error:
            raise NoEngine(f"a Docker engine cannot be started here: {error}") from error
        yield host


def _unmount(data: Path) -> None:
    """Take away the mount that a dockerd which did not start leaves on its own folder."""
    command = ("umount", "--lazy", str(data))
    subprocess.run(command, capture_output=True, check=False)  # fails where there is none


def _answers(environ: Mapping[str, str]) -> bool:
    command = ("docker", "info", "--format", "{{.ServerVersion}}")
    asked = subprocess.run(
        command, capture_output=True, check=False, env={**os.environ, **environ}, timeout=20
    )
    return asked.returncode == 0 and bool(asked.stdout.strip())


def _compose(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Compose v2, or 1.29. Raises NoEngine."""
    for command in (("docker", "compose"), ("docker-compose",)):
        if shutil.which(command[0]) is None:
            continue
        asked = subprocess.run(
            (*command, "version"), capture_output=True, check=False,
            env={**os.environ, **environ}, timeout=20,
        )  # fmt: skip
        if asked.returncode == 0:
            return command
    raise NoEngine("compose is not installed (Debian: apt-get install docker-compose)")


def _without_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without what compose would read for docker-compose.yml, and prefer."""
    read = set(re.findall(r"\$\{(\w+)", (CHECKOUT / "docker-compose.yml").read_text()))
    return {
        name: value
        for name, value in environ.items()
        if name not in read and not name.startswith("COMPOSE_")
    }
