"""A program of the stack: its command, how it is known to be ready, how it is told to stop."""

import contextlib
import ctypes
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from plumbing.process import CannotStart

CHECKOUT: Final = Path(__file__).parent.parent
_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_READY_EVERY_SECONDS: Final = 0.02


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to start and how to deal with it; `is_ready` may block, for two seconds at most."""

    name: str
    argv: tuple[str, ...]
    address: str  # where it answers, for people
    is_ready: Callable[[], bool]
    env: Mapping[str, str] = field(default_factory=dict)  # on top of ours
    log_file: Path | None = None  # where its output goes; None: to our standard error
    stop_signal: signal.Signals = signal.SIGTERM
    when_killed: str = ""  # what it means, for people, when it does not stop and has to be killed
    stop_seconds: float = 10  # `running` kills it then; a supervisor shares its time among all


def spawn_options(program: Program) -> dict[str, Any]:
    """How a child is started, for subprocess and asyncio alike.

    In a process group of its own: a terminal's Ctrl-C reaches the supervisor alone, which stops
    its children in order. On Linux it is told to stop when we die, by whatever signal; that
    follows the thread which starts it, so start children from the main thread.
    """
    options: dict[str, Any] = {
        "cwd": CHECKOUT,
        "env": {**os.environ, **program.env},
        "stdin": subprocess.DEVNULL,
        "process_group": 0,
    }
    if sys.platform == "linux":
        options["preexec_fn"] = _die_with(os.getpid(), ctypes.CDLL(None).prctl)
    return options


@contextlib.contextmanager
def running(program: Program, *, ready_seconds: float = 30) -> Iterator[subprocess.Popen[bytes]]:
    """The program, started and ready, for as long as the block lasts; needs a log file.

    Raises CannotStart with its last line when it ends before it is ready, or is not ready in time.
    """
    assert program.log_file is not None
    with program.log_file.open("wb") as log:
        child = subprocess.Popen(program.argv, stdout=log, stderr=log, **spawn_options(program))
    try:
        _wait_until_ready(program, child, time.monotonic() + ready_seconds)
        yield child
    finally:
        stop(child, program)


def stop(child: subprocess.Popen[bytes], program: Program) -> None:
    """Tell the child to stop; kill it when it takes longer than it may."""
    if child.poll() is None:
        child.send_signal(program.stop_signal)
    try:
        child.wait(program.stop_seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def last_line(text: str) -> str:
    """The last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def python_module(name: str) -> tuple[str, ...]:
    """The command that runs one of our processes; `-u`: its last line is out before it dies."""
    return (sys.executable, "-u", "-m", name)


def http_ok(host: str, port: int, path: str) -> Callable[[], bool]:
    """A check: GET `path` answers 200 within two seconds."""

    def check() -> bool:
        connection = http.client.HTTPConnection(host, port, timeout=2)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return check


def _wait_until_ready(program: Program, child: subprocess.Popen[bytes], deadline: float) -> None:
    while not program.is_ready():
        late = time.monotonic() > deadline
        if late or child.poll() is not None:
            assert program.log_file is not None
            said = last_line(program.log_file.read_text(errors="replace"))
            what = "is not ready in time" if late else f"ended with exit code {child.poll()}"
            raise CannotStart(f"{program.name} {what}: {said}")
        time.sleep(_READY_EVERY_SECONDS)


def _die_with(parent: int, prctl: Callable[[int, int], int]) -> Callable[[], None]:
    def set_up() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # died between fork and prctl
            os._exit(1)

    return set_up
