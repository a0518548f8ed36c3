"""The supervisor, on small real programs: order, restarts, refusals to start, nothing left."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.programs import CHECKOUT, Program
from deploy.supervisor import NotStarted, Supervisor, next_delay
from tests.support import processes_with, until

# Says that it is up, and how it was stopped, in `journal`.
STEADY = """
import pathlib, signal, sys, time
journal, name = pathlib.Path(sys.argv[1]), sys.argv[2]
def note(what):
    with journal.open("a") as file: file.write(f"{name} {what}\\n")
def stop(*_): note("down"); sys.exit(0)
signal.signal(signal.SIGTERM, stop)
note("up")
while True: time.sleep(0.05)
"""
STUBBORN = STEADY.replace("signal.SIGTERM, stop", "signal.SIGTERM, signal.SIG_IGN")
FORKING = "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'input()'], stdin=-1)\n"
# Comes up, then dies at once with its last words; from the third life on it stays.
FRAIL = """
import pathlib, sys, time
journal = pathlib.Path(sys.argv[1])
with journal.open("a") as file: file.write("frail up\\n")
if journal.read_text().count("frail up") < 3:
    time.sleep(0.3)
    sys.exit("the disk is full")
while True: time.sleep(0.05)
"""


def dying(code: str) -> str:
    """A program that comes up, then runs `code`."""
    return f"""
import os, pathlib, sys, time
pathlib.Path(sys.argv[1]).write_text("frail up")
time.sleep(0.3)
{code}
"""


REFUSING = "import sys; sys.stderr.write('PORT must be a whole number\\n'); sys.exit(78)"

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


class Stage:
    """A folder for programs, and all that the supervisor said."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.journal = folder, folder / "journal"
        self.mark = uuid4().hex
        self.said: list[str] = []
        self.shown: list[tuple[str, str]] = []

    def program(self, name: str, code: str) -> Program:
        return Program(
            name=name,
            argv=(sys.executable, "-c", code, str(self.journal), name),
            address="here",
            is_ready=lambda: f"{name} up" in self.told(),
            env={"MARK": self.mark},
        )

    def told(self) -> list[str]:
        return self.journal.read_text().splitlines() if self.journal.exists() else []

    def supervisor(self, *programs: Program, stop_seconds: float = 9) -> Supervisor:
        return Supervisor(
            programs,
            self.said.append,
            lambda name, line: self.shown.append((name, line)),
            stop_seconds=stop_seconds,
        )

    @asynccontextmanager
    async def up(self, *programs: Program) -> AsyncIterator[None]:
        """The programs under a supervisor, all up; stopped at the end of the block."""
        stop, is_up = asyncio.Event(), asyncio.Event()
        running = asyncio.create_task(self.supervisor(*programs).run(stop, is_up.set))
        try:
            await asyncio.wait_for(is_up.wait(), 20)
            yield
        finally:
            stop.set()
            await asyncio.wait_for(running, 20)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


async def test_programs_start_in_order_and_stop_in_reverse(stage: Stage) -> None:
    async with stage.up(stage.program("first", STEADY), stage.program("second", STEADY)):
        pass
    assert stage.told() == ["first up", "second up", "second down", "first down"]


async def test_each_program_that_is_up_is_one_line(stage: Stage) -> None:
    async with stage.up(stage.program("first", STEADY), stage.program("second", STEADY)):
        first, second = stage.said
    assert first.startswith("first ")
    assert " here " in first
    assert first.endswith(" s")
    assert second.startswith("second ")


async def test_a_program_that_dies_is_started_again_with_growing_delays(stage: Stage) -> None:
    async with stage.up(stage.program("frail", FRAIL)):
        await until(lambda: stage.told().count("frail up") == 3, "its third life", seconds=20)
    assert [line for line in stage.said if "ended" in line] == [
        "frail ended with exit code 1; starting it again in 0.5 s",
        "frail ended with exit code 1; starting it again in 1 s",
    ]
    assert stage.shown.count(("frail", "the disk is full")) == 2


async def test_what_a_program_logged_before_it_failed_is_said_readable(stage: Stage) -> None:
    line = json.dumps({"event": "broke", "exception": "Traceback\nOSError: full"})
    log = stage.folder / "log"
    log.write_text("words of an earlier life\n")
    frail = replace(stage.program("frail", dying(f"print({line!r}); sys.exit(3)")), log_file=log)
    async with stage.up(frail):
        await until(lambda: len(stage.said) > 1, "its death")
    assert stage.said[1] == (
        "frail ended with exit code 3, saying: OSError: full; starting it again in 0.5 s"
    )


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("print('ready'); sys.stdout.flush(); os.kill(os.getpid(), 9)", "signal SIGKILL"),
        ("print('ready'); sys.exit(0)", "exit code 0"),
        ("sys.exit(3)", "exit code 3"),
    ],
)
async def test_last_words_that_are_no_cause_are_not_quoted(
    code: str, how: str, stage: Stage
) -> None:
    log = stage.folder / "log"
    log.write_text("words of an earlier life\n")
    async with stage.up(replace(stage.program("frail", dying(code)), log_file=log)):
        await until(lambda: len(stage.said) > 1, "its death")
    assert stage.said[1] == f"frail ended with {how}; starting it again in 0.5 s"


@pytest.mark.parametrize(
    ("previous", "lived_seconds", "delay"),
    [(None, 1, 0.5), (0.5, 1, 1), (8, 1, 16), (16, 59, 30), (30, 1, 30), (30, 60, 0.5)],
)
def test_delays_double_up_to_30_s_and_begin_anew_after_a_minute_of_health(
    previous: float | None, lived_seconds: float, delay: float
) -> None:
    assert next_delay(previous, lived_seconds) == delay


@linux
async def test_bad_settings_stop_everything_and_are_not_tried_again(stage: Stage) -> None:
    with pytest.raises(NotStarted) as raised:
        await stage.supervisor(
            stage.program("first", STEADY), stage.program("refusing", REFUSING)
        ).run(asyncio.Event(), lambda: None)
    assert raised.value.exit_code == 78
    assert str(raised.value) == "refusing did not start: it ended with exit code 78"
    assert stage.told() == ["first up", "first down"]
    assert stage.shown.count(("refusing", "PORT must be a whole number")) == 1
    assert processes_with(stage.mark) == {}


async def test_what_a_program_prints_is_shown_with_its_name(stage: Stage) -> None:
    async with stage.up(stage.program("chatty", "print('hello', flush=True)\n" + STEADY)):
        await until(lambda: bool(stage.shown), "a line")
    assert stage.shown == [("chatty", "hello")]


@linux
async def test_a_program_that_does_not_stop_is_killed(stage: Stage) -> None:
    stop = asyncio.Event()
    stubborn = replace(stage.program("stubborn", STUBBORN), when_killed="its work is lost")
    programs = (stage.program("first", STEADY), stubborn)
    await asyncio.wait_for(stage.supervisor(*programs, stop_seconds=1).run(stop, stop.set), 20)
    assert stage.said[-1] == "stubborn did not stop in 0.5 s: killed; its work is lost"
    assert stage.told() == ["first up", "stubborn up", "first down"]
    assert processes_with(stage.mark) == {}


@linux
async def test_children_of_a_program_do_not_outlive_it(stage: Stage) -> None:
    async with stage.up(stage.program("forking", FORKING + STEADY)):
        assert len(processes_with(stage.mark)) == 2
    await until(lambda: processes_with(stage.mark) == {}, "all gone")


async def test_a_stop_while_programs_start_stops_what_has_started(stage: Stage) -> None:
    never = replace(stage.program("never", STEADY), is_ready=lambda: False)
    stop = asyncio.Event()
    supervisor = stage.supervisor(stage.program("first", STEADY), never)
    running = asyncio.create_task(supervisor.run(stop, lambda: None))
    await until(lambda: "never up" in stage.told(), "the second one runs")
    stop.set()
    await asyncio.wait_for(running, 20)
    assert stage.told() == ["first up", "never up", "never down", "first down"]


SUPERVISED = """
import asyncio, pathlib, sys
from deploy.programs import Program
from deploy.supervisor import Supervisor
code, journal = sys.argv[1:]
def program(name):
    ready = lambda: f"{name} up" in pathlib.Path(journal).read_text()
    argv = (sys.executable, "-c", code, journal, name)
    return Program(name=name, argv=argv, address="here", is_ready=ready)
supervisor = Supervisor([program("first"), program("second")], print, print)
asyncio.run(supervisor.run(asyncio.Event(), lambda: print("up", flush=True)))
"""


@linux
async def test_a_killed_supervisor_leaves_no_process(stage: Stage) -> None:
    stage.journal.touch()
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISED, STEADY, str(stage.journal)],
        cwd=CHECKOUT, env={**os.environ, "MARK": stage.mark}, stdout=subprocess.PIPE, text=True,
    ) as supervisor:  # fmt: skip
        assert supervisor.stdout
        assert "up\n" in iter(supervisor.stdout.readline, "")
        assert len(processes_with(stage.mark)) == 3
        supervisor.send_signal(signal.SIGKILL)
    await until(lambda: processes_with(stage.mark) == {}, "no process left")
    assert stage.told().count("first down") == 1
