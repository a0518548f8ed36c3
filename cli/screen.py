"""What a command prints: results on stdout, words about them on stderr."""

import os
import shutil
import sys
import textwrap
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
        if self.err.isatty():
            indent = " " * (len(line) - len(line.lstrip()) + 2)
            columns = shutil.get_terminal_size().columns
            line = textwrap.fill(
                line, columns, subsequent_indent=indent, break_long_words=False,
                break_on_hyphens=False,
            )  # fmt: skip
        self.err.write(f"{line}\n")
        self.err.flush()

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
    def can_ask(self) -> bool:
        """Whether a person is there to answer a question."""
        return self.input.isatty() and self.err.isatty()

    def asks(self, question: str) -> bool:
        """Whether the person says yes."""
        self.err.write(f"{question} [y/N] ")
        self.err.flush()
        return self.input.readline().strip().lower() in {"y", "yes"}


def standard() -> Screen:
    """Those of this process."""
    return Screen(sys.stdout, sys.stderr, sys.stdin)


def drop_output() -> None:
    """Nobody reads stdout any more: have the interpreter's last flush say nothing of it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
