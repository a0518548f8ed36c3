"""`python -m deploy.local`, the real one: comes up, heals, refuses in a sentence, stops clean."""

import contextlib
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from deploy.programs import CHECKOUT
from tests.support import free_port, processes_with, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="counts processes in /proc")
COMMAND = (sys.executable, "-m", "deploy.local")
# Takes the terminal that it is started on as its session's own, as a shell in a new window does.
AT_A_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
# Is told by SIGHUP when its terminal is closed, tells nobody, and waits: `tmux new 'make run'`.
BELOW_MAKE = """
import fcntl, signal, subprocess, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGHUP, lambda *_: None)
sys.exit(subprocess.call(sys.argv[1:]))
"""
STOP_SECONDS = 10


class Stack:
    """One `make run` in a folder of its own, on free ports."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.folder = folder / "stack"
        self.folder.mkdir()
        self.ports = {name: free_port() for name in ("PORT", "DAEMON_PORT", "SANDBOX_PORT")}
        ports = {name: str(port) for name, port in self.ports.items()}
        # Nothing that the machine sets leads this stack elsewhere.
        self.environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT)} | ports | environ
        self.environ["MARK"] = str(self.folder)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / "out").open("ab") as out:
            return subprocess.Popen(
                [*COMMAND, *arguments], cwd=self.folder, env=self.environ, stdout=out, stderr=out
            )

    @contextmanager
    def start_on(
        self, window: "Window", *command: str, leader: str | None = AT_A_TERMINAL
    ) -> Iterator[subprocess.Popen[bytes]]:
        """It writes to the window; with a leader, that is its session's terminal, too."""
        wrapped = (sys.executable, "-c", leader) if leader else ()
        with subprocess.Popen(
            [*wrapped, *COMMAND, *command], cwd=self.folder, env=self.environ,
            stdin=window.end, stdout=window.end, stderr=window.end, start_new_session=True,
        ) as supervisor:  # fmt: skip
            try:
                yield supervisor
            finally:
                supervisor.kill()

    def pids(self, module: str) -> list[int]:
        """The processes that run one of our modules."""
        running = processes_with(str(self.folder)).items()
        return [pid for pid, command in running if command.endswith(f"-m {module} ")]

    def once(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        return subprocess.run(
            [*COMMAND, *arguments], cwd=self.folder, env=self.environ,
            capture_output=True, text=True, check=False, timeout=100,
        )  # fmt: skip

    @property
    def said(self) -> str:
        return (self.folder / "out").read_text()

    def url(self, port: str, path: str) -> str:
        return f"http://127.0.0.1:{self.ports[port]}{path}"

    @asynccontextmanager
    async def up(self) -> AsyncIterator[subprocess.Popen[bytes]]:
        """The stack, all up; stopped by SIGTERM if the block has not ended it."""
        with self.start() as supervisor:
            try:
                await until(lambda: "A first message:" in self.said, "all is up", seconds=60)
                yield supervisor
            finally:
                supervisor.send_signal(signal.SIGTERM)
                supervisor.wait(STOP_SECONDS + 10)


class Window:
    """A terminal or a pipe that we read from, until it is closed."""

    def __init__(self, ours: int, end: int) -> None:
        self._ours, self.end, self._said = ours, end, b""
        os.set_blocking(ours, False)

    @property
    def said(self) -> str:
        with contextlib.suppress(BlockingIOError):
            while said := os.read(self._ours, 2**16):
                self._said += said
        return self._said.decode(errors="replace")

    def close(self) -> None:
        """What is written to it fails from now on; those whose own terminal it is get SIGHUP."""
        for descriptor in (self._ours, self.end) if self._ours >= 0 else ():
            os.close(descriptor)
        self._ours = -1


@contextmanager
def window(made: Callable[[], tuple[int, int]]) -> Iterator[Window]:
    with contextlib.closing(Window(*made())) as opened:
        yield opened


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """The whole stack, with servers of its own."""
    return Stack(tmp_path, {})


@pytest.fixture
def light_stack(tmp_path: Path, database_url: str, nats_url: str) -> Stack:
    """The stack on servers that run already."""
    return Stack(tmp_path, {"DATABASE_URL": database_url, "NATS_URL": nats_url})


async def get(url: str) -> Any:
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        return await answer.json()


async def test_all_comes_up_sends_and_stops_within_ten_seconds(stack: Stack) -> None:
    async with stack.up() as supervisor:
        assert [line.split()[0] for line in stack.said.splitlines() if " up in " in line] == [
            "postgres", "nats", "sandbox", "gateway", "daemon",
        ]  # fmt: skip
        # The curl that is printed, as it is printed.
        lines = stack.said.splitlines()
        (at,) = [number for number, line in enumerate(lines) if "bulk-quick-send" in line]
        answer = subprocess.run(
            "\n".join(lines[at : at + 2]), shell=True, capture_output=True, check=False
        )
        assert b'"success":true' in answer.stdout
        summary = stack.url("SANDBOX_PORT", "/sandbox/ledger/summary")
        await until_accepted(summary, 1)
        began = time.monotonic()
        supervisor.send_signal(signal.SIGTERM)
        assert supervisor.wait(STOP_SECONDS) == 0
        assert time.monotonic() - began < STOP_SECONDS
    assert "killed" not in stack.said
    assert processes_with(str(stack.folder)) == {}


async def until_accepted(summary: str, number: int) -> None:
    deadline = time.monotonic() + 20
    while (await get(summary))["accepted"] != number:
        assert time.monotonic() < deadline


async def test_a_killed_stack_leaves_no_process_and_keeps_its_jobs(stack: Stack) -> None:
    async with stack.up() as supervisor:
        body = {
            "phone_number_id": "1",
            "template_name": "hello_world",
            "recipients_text": "+4915112345678",
        }
        async with (
            aiohttp.ClientSession() as client,
            client.post(stack.url("PORT", "/api/whatsapp/bulk-quick-send"), json=body) as answer,
        ):
            job = (await answer.json())["jobId"]
        supervisor.send_signal(signal.SIGKILL)
        supervisor.wait()
        await until(lambda: processes_with(str(stack.folder)) == {}, "all gone", seconds=30)
    (stack.folder / "out").unlink()
    async with stack.up():
        assert (await get(stack.url("PORT", f"/api/bulk/job/{job}")))["jobId"] == job


async def test_a_gateway_that_is_killed_comes_back(light_stack: Stack) -> None:
    async with light_stack.up():
        assert " up in " in light_stack.said
        assert "postgres " not in light_stack.said
        assert "nats " not in light_stack.said
        (gateway,) = light_stack.pids("gateway")
        os.kill(gateway, signal.SIGKILL)
        await until(lambda: "gateway is up again" in light_stack.said, "it is back", seconds=20)
        assert "gateway ended with signal SIGKILL; starting it again in " in light_stack.said
        assert (await get(light_stack.url("PORT", "/api/bulk/jobs")))["jobs"] == []
    assert processes_with(str(light_stack.folder)) == {}


async def test_a_second_one_in_the_same_folder_is_refused_in_a_sentence(light_stack: Stack) -> None:
    async with light_stack.up():
        second = light_stack.once()
        assert second.returncode == 1
        assert second.stderr.startswith("The stack runs already, with its data in ")
        assert second.stderr.count("\n") == 1


@pytest.mark.parametrize("setting", ["PORT", "DAEMON_PORT", "SANDBOX_PORT"])
def test_a_taken_port_is_one_sentence_and_nothing_is_left(stack: Stack, setting: str) -> None:
    with socket.create_server(("127.0.0.1", stack.ports[setting])):
        done = stack.once()
    assert done.returncode == 1
    assert done.stderr.startswith(f"port {stack.ports[setting]} on 127.0.0.1 is taken by another")
    assert f"set {setting} to" in done.stderr
    assert done.stderr.count("\n") == 1
    assert [path.name for path in (stack.folder / ".data").iterdir()] == ["lock"]
    assert processes_with(str(stack.folder)) == {}


def test_bad_settings_are_one_message_and_nothing_is_started(stack: Stack) -> None:
    stack.environ |= {"PORT": "x", "BULK_LOOP_SIZE": "0"}
    done = stack.once()
    assert done.returncode == 78
    assert "PORT must be" in done.stderr
    assert "BULK_LOOP_SIZE must be" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (stack.folder / ".data").exists()


def test_what_a_process_refuses_at_its_start_stops_the_stack_and_is_said_once(
    light_stack: Stack,
) -> None:
    light_stack.environ["SANDBOX_ERRORS"] = "131026=often"
    done = light_stack.once()
    assert done.returncode in (1, 78)
    refusal, ours = done.stderr.splitlines()
    assert refusal.startswith("sandbox: SANDBOX_ERRORS")
    assert ours == f"sandbox did not start: it ended with exit code {done.returncode}"
    assert processes_with(str(light_stack.folder)) == {}


@pytest.mark.parametrize("leader", [AT_A_TERMINAL, BELOW_MAKE], ids=["alone", "below make"])
async def test_closing_its_terminal_stops_the_stack(light_stack: Stack, leader: str) -> None:
    with (
        window(pty.openpty) as opened,
        light_stack.start_on(opened, leader=leader) as supervisor,
    ):
        await until(lambda: "A first message:" in opened.said, "all is up", seconds=60)
        opened.close()
        assert supervisor.wait(STOP_SECONDS) == 0
    assert processes_with(str(light_stack.folder)) == {}


@pytest.mark.parametrize("made", [pty.openpty, os.pipe])
async def test_a_stack_that_nobody_hears_any_more_heals_and_stops(
    light_stack: Stack, made: Callable[[], tuple[int, int]]
) -> None:
    with window(made) as opened, light_stack.start_on(opened, leader=None) as supervisor:
        await until(lambda: "A first message:" in opened.said, "all is up", seconds=60)
        opened.close()
        (first,) = light_stack.pids("gateway")
        os.kill(first, signal.SIGKILL)
        await until(lambda: light_stack.pids("gateway") not in ([], [first]), "another", seconds=20)
        supervisor.send_signal(signal.SIGTERM)
        assert supervisor.wait(STOP_SECONDS) == 0
    assert processes_with(str(light_stack.folder)) == {}


@pytest.mark.parametrize("leader", [AT_A_TERMINAL, BELOW_MAKE], ids=["alone", "below make"])
async def test_a_demo_whose_terminal_is_closed_leaves_nothing(stack: Stack, leader: str) -> None:
    stack.environ["TMPDIR"] = str(stack.folder)
    with window(pty.openpty) as opened, stack.start_on(opened, "demo", leader=leader) as demo:
        await until(lambda: "recipients accepted" in opened.said, "it sends", seconds=60)
        opened.close()
        assert demo.wait(STOP_SECONDS) == 130
    assert list(stack.folder.iterdir()) == []
    assert processes_with(str(stack.folder)) == {}


def test_the_demo_ends_with_its_proof(stack: Stack) -> None:
    stack.environ |= {
        "BULK_MESSAGES_PER_SECOND": "0", "BULK_LOOP_PAUSE_MS": "100",
        "SANDBOX_LATENCY_MS": "1", "SANDBOX_THROUGHPUT": "0", "TMPDIR": str(stack.folder),
    }  # fmt: skip
    done = stack.once("demo")
    assert done.returncode == 0, done.stdout + done.stderr
    loops = [line.split(" in ")[0] for line in done.stdout.splitlines() if "completed:" in line]
    assert loops == [
        "loop 1/3 completed: 200 sent, 0 failed", "loop 2/3 completed: 200 sent, 0 failed",
        "loop 3/3 completed: 100 sent, 0 failed",
    ]  # fmt: skip
    assert "500 accepted sends, 500 different recipients, nobody twice" in done.stdout
    assert list(stack.folder.iterdir()) == []
    assert processes_with(str(stack.folder)) == {}


def test_a_demo_that_cannot_start_says_why_and_keeps_its_logs(stack: Stack) -> None:
    stack.environ |= {"SANDBOX_ERRORS": "131026=often", "TMPDIR": str(stack.folder)}
    done = stack.once("demo")
    assert done.returncode == 1
    assert "sandbox did not start: it ended with exit code" in done.stdout
    assert done.stdout.count("SANDBOX_ERRORS") == 1
    assert (logs := re.search(r"The logs are in (\S+)", done.stdout))
    assert "SANDBOX_ERRORS" in (Path(logs[1]) / "sandbox.log").read_text()
    assert "Traceback" not in done.stdout + done.stderr
    assert processes_with(str(stack.folder)) == {}


async def test_a_demo_that_is_stopped_leaves_nothing(stack: Stack) -> None:
    stack.environ["TMPDIR"] = str(stack.folder)
    with stack.start("demo") as demo:
        await until(lambda: "recipients accepted" in stack.said, "it sends", seconds=60)
        demo.send_signal(signal.SIGINT)
        assert demo.wait(STOP_SECONDS) == 130
    assert [path.name for path in stack.folder.iterdir()] == ["out"]
    assert processes_with(str(stack.folder)) == {}


@pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("demo", "--help")])
def test_help_is_a_short_usage_and_starts_nothing(stack: Stack, arguments: tuple[str, ...]) -> None:
    done = stack.once(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: python -m deploy.local [demo]\n")
    assert list(stack.folder.iterdir()) == []


@pytest.mark.parametrize("arguments", [("dmeo",), ("--verbose",), ("demo", "500")])
def test_an_unknown_command_says_which_there_are(stack: Stack, arguments: tuple[str, ...]) -> None:
    done = stack.once(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: python -m deploy.local [demo]\n")
    assert list(stack.folder.iterdir()) == []
