"""What a command prints: results on stdout, words about them on stderr."""

import contextlib
import getpass
import io
import os
import shutil
import signal
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from cli.answers import Answered, No
from cli.exits import Exit
from cli.told import exit_of, lines_of


@dataclass(frozen=True)
class Screen:
    """Where a command prints and reads; a test brings its own."""

    out: TextIO
    err: TextIO
    input: TextIO

    def put(self, line: str) -> None:
        """A line of the result."""
        self.out.write(f"{line}\n")
        self.out.flush()

    def say(self, line: str) -> None:
        """A line about it, between words where it is wider than a terminal."""
        self.err.write(f"{self._fitted(line)}\n")
        self.err.flush()

    def interrupted(self, line: str) -> None:
        """A line after a Ctrl-C, which terminals show where the cursor is."""
        if self.err.isatty():
            self.err.write("\n")
        self.say(line)

    def json(self, answer: Answered) -> None:
        """An answer as it came."""
        self.put(answer.body.decode().strip())

    def no(self, no: No) -> Exit:
        """Say a no; returns what it ends with."""
        for line in lines_of(no):
            self.say(line)
        return exit_of(no)

    def wrong(self, sentence: str, code: Exit = Exit.FAILED) -> Exit:
        """Say what is wrong; returns `code`."""
        self.say(f"loopcast: {sentence}")
        return code

    @property
    def can_draw(self) -> bool:
        """Whether there is a terminal, and letters for bars on it."""
        try:
            "█░×✗…".encode(self.out.encoding or "utf-8")
        except UnicodeEncodeError:
            return False
        return self.out.isatty()

    @property
    def can_ask(self) -> bool:
        """Whether a person is there to answer a question."""
        return self.input.isatty() and self.err.isatty()

    def may(self, question: str, *, yes: bool) -> bool:
        """Whether the person says yes, has said so before, or nobody is there to be asked."""
        if yes or not self.can_ask:
            return True
        self.err.write(self._fitted(f"{question} [y/N]") + " ")
        self.err.flush()
        with self._interruptible():
            return self.input.readline().strip().lower() in {"y", "yes"}

    def unchanged(self) -> Exit:
        """After a question to which the answer was not yes."""
        return self.wrong("nothing was changed", Exit.FAILED)

    def secret(self, name: str) -> str:
        """A secret that a person types, without an echo, or the next line of standard input."""
        with self._interruptible():
            if not self.input.isatty():
                return self.input.readline().strip()
            try:
                return getpass.getpass(f"{name} (it is not shown): ", self.err).strip()
            except EOFError:
                self.err.write("\n")
                return ""

    def read(self) -> str:
        """All of standard input. Raises UnicodeDecodeError."""
        with self._interruptible():
            return self.input.read()

    def _fitted(self, line: str) -> str:
        """Broken between words, where a terminal would break within them."""
        if not self.err.isatty():
            return line
        indent = " " * (len(line) - len(line.lstrip()) + 2)
        return textwrap.fill(
            line, shutil.get_terminal_size().columns, subsequent_indent=indent,
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip

    @contextlib.contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Ctrl-C ends what blocks in here at once; asyncio's own way would wait for it."""
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            yield
        except KeyboardInterrupt:
            if self.err.isatty():
                self.err.write("\n")
            raise
        finally:
            signal.signal(signal.SIGINT, before)


def standard() -> Screen:
    """Those of this process. What a terminal's encoding lacks is a question mark there."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if isinstance(sys.stdin, io.TextIOWrapper):  # in the locale C, any bytes would pass
        sys.stdin.reconfigure(encoding="utf-8", errors="strict")
    return Screen(sys.stdout, sys.stderr, sys.stdin)


def drop_output() -> None:
    """Nobody reads stdout any more: have the interpreter's last flush say nothing of it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
