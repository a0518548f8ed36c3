"""The supervisor: starts programs in order, keeps them alive, stops them in reverse."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from deploy.lines import last_said
from deploy.programs import Program, spawn_options
from plumbing.process import EXIT_CONFIG
from plumbing.tasks import end

FIRST_DELAY_SECONDS: Final = 0.5
LONGEST_DELAY_SECONDS: Final = 30.0
HEALTHY_SECONDS: Final = 60.0  # after so long a life, a death is the first one again
READY_SECONDS: Final = 60.0
STOP_SECONDS: Final = 9.0  # for all programs together; what one does not need is the next one's
RESERVED_SECONDS: Final = 0.5  # that each gets, however long those before it took
_LOOK_EVERY_SECONDS: Final = 0.05
_LONGEST_LINE_BYTES: Final = 2**20
_TAIL_BYTES: Final = 2**16  # a traceback is one line of JSON


class NotStarted(Exception):
    """A program did not come up at the first start; carries the exit code for ours."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


def next_delay(previous: float | None, lived_seconds: float) -> float:
    """How long to wait before a dead program is started again, in seconds.

    `previous` is the wait before its last start, None when that was its first.
    """
    if previous is None or lived_seconds >= HEALTHY_SECONDS:
        return FIRST_DELAY_SECONDS
    return min(previous * 2, LONGEST_DELAY_SECONDS)


class Supervisor:
    """Runs `programs`. `say` gets sentences for people, `show` each line that a program prints.

    Use it from the main thread: its children are told to stop when the thread that started them
    ends.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        say: Callable[[str], None],
        show: Callable[[str, str], None],
        *,
        stop_seconds: float = STOP_SECONDS,
    ) -> None:
        self._keepers = [_Keeper(program, say, show) for program in programs]
        self._say, self._stop_seconds = say, stop_seconds

    async def run(self, stop: asyncio.Event, when_up: Callable[[], None]) -> None:
        """Start all, call `when_up`, wait for `stop`, stop all. Raises NotStarted."""
        stopped = asyncio.create_task(stop.wait())
        starting = asyncio.create_task(self._start())
        try:
            await asyncio.wait({stopped, starting}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                when_up()
                await stopped
        finally:
            await end(starting)
            await end(stopped)
            await self._stop()

    async def _start(self) -> None:
        for keeper in self._keepers:
            began = time.monotonic()
            await keeper.start()
            took = time.monotonic() - began
            program = keeper.program
            self._say(f"{program.name:<9} {program.address:<28} up in {took:.1f} s")

    async def _stop(self) -> None:
        """In reverse; a daemon may take 25 s to see its last requests through, but not here."""
        deadline = time.monotonic() + self._stop_seconds
        for before, keeper in reversed(list(enumerate(self._keepers))):
            left = deadline - time.monotonic() - before * RESERVED_SECONDS
            await keeper.stop(max(RESERVED_SECONDS, left))


class _Keeper:
    """Keeps one program alive."""

    def __init__(
        self, program: Program, say: Callable[[str], None], show: Callable[[str, str], None]
    ) -> None:
        self.program, self._say, self._show = program, say, show
        self._process: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._printing: asyncio.Task[None] | None = None
        self._log_from = 0  # bytes: where the log of this life begins
        self._began = 0.0

    async def start(self) -> None:
        """Return when the program is ready, and keep it alive from then on. Raises NotStarted."""
        process = await self._spawn()
        if not await self._is_ready(process):
            raise await self._not_started(process)
        self._keeping = asyncio.create_task(self._keep(process))

    async def stop(self, seconds: float) -> None:
        """Tell it to stop; kill it, with all of its process group, when its time is over."""
        if self._keeping:
            await end(self._keeping)
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            process.send_signal(self.program.stop_signal)
        try:
            await asyncio.wait_for(process.wait(), seconds)
        except TimeoutError:
            meaning = self.program.when_killed and f"; {self.program.when_killed}"
            self._say(f"{self.program.name} did not stop in {seconds:.1f} s: killed{meaning}")
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        if self._printing:
            await end(self._printing)

    async def _keep(self, process: asyncio.subprocess.Process) -> None:
        delay: float | None = None
        while True:
            code = await process.wait()
            delay = next_delay(delay, time.monotonic() - self._began)
            how = await self._how(code)
            self._say(f"{self.program.name} ended with {how}; starting it again in {delay:g} s")
            await asyncio.sleep(delay)
            process = await self._spawn()
            if await self._is_ready(process):
                self._say(f"{self.program.name} is up again")

    async def _spawn(self) -> asyncio.subprocess.Process:
        options = spawn_options(self.program)
        self._began = time.monotonic()
        if self.program.log_file:
            with self.program.log_file.open("ab") as log:
                self._log_from = log.tell()
                process = await asyncio.create_subprocess_exec(
                    *self.program.argv, stdout=log, stderr=log, **options
                )
        else:
            pipe, merged = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
            process = await asyncio.create_subprocess_exec(
                *self.program.argv, stdout=pipe, stderr=merged, limit=_LONGEST_LINE_BYTES, **options
            )
        self._process = process
        if process.stdout:
            self._printing = asyncio.create_task(self._print(process.stdout))
        return process

    async def _print(self, lines: asyncio.StreamReader) -> None:
        while True:
            try:
                line = (await lines.readline()).decode(errors="replace")
            except ValueError:
                line = "(a line too long to show)\n"
            if not line:
                return
            self._show(self.program.name, line.rstrip("\n"))

    async def _is_ready(self, process: asyncio.subprocess.Process) -> bool:
        """Wait for it; False when it ended or took too long."""
        deadline = time.monotonic() + READY_SECONDS
        while process.returncode is None and time.monotonic() < deadline:
            if await asyncio.to_thread(self.program.is_ready):
                return True
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
        return False

    async def _not_started(self, process: asyncio.subprocess.Process) -> NotStarted:
        name, code = self.program.name, process.returncode
        if code is None:
            return NotStarted(f"{name} is not ready after {READY_SECONDS:g} s", 1)
        sentence = f"{name} did not start: it ended with {await self._how(code)}"
        return NotStarted(sentence, code if code == EXIT_CONFIG else 1)

    async def _how(self, code: int) -> str:
        """How it ended, and its last words when they say why.

        They do when it ended by itself: a signal comes from outside, whatever was said before.
        What was shown already is not said again.
        """
        if self._printing:  # all that it printed, unless a child of its own keeps the pipe open
            await asyncio.wait({self._printing}, timeout=1)
        if code < 0:
            return f"signal {signal.Signals(-code).name}"
        said = ""
        if code and self.program.log_file:
            said = last_said(_tail(self.program.log_file, self._log_from))
        return f"exit code {code}" + (f", saying: {said}" if said else "")


def _tail(log: Path, begin: int) -> str:
    """The end of what was logged from byte `begin` on."""
    with log.open("rb") as file:
        file.seek(max(begin, log.stat().st_size - _TAIL_BYTES))
        return file.read().decode(errors="replace")
