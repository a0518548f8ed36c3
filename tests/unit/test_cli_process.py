"""The command line as a process of its own: bytes that are no text, a result that has no room."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.exits import Exit

ROOT = Path(__file__).parents[2]
NO_TEXT = b"+49 1511 2345678\n\xff\xfe\n"
SENDS = ["send", "-", "-t", "hello_world", "--from", "1", "--dry-run"]


def told(*words: str | bytes, given: bytes = b"", out: int = subprocess.PIPE) -> tuple[int, str]:
    """The exit code and stderr of a command in the locale C, where no gateway answers."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "cli", *words], input=given, stdout=out, check=False,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C",
             "LOOPCAST_URL": "http://127.0.0.1:1"}, stderr=subprocess.PIPE, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stderr.decode()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (SENDS, "the numbers are no UTF-8 text; a CSV or XLSX is given as FILE"),
        (["suppress", "add", "-"], "the numbers are no UTF-8 text"),
        (["numbers", "token", "1"], "standard input is no UTF-8 text"),
    ],
)
def test_input_that_is_no_text_is_said_in_a_line(words: list[str], said: str) -> None:
    given = NO_TEXT.partition(b"\n")[2] if words[0] == "numbers" else NO_TEXT
    assert told(*words, given=given) == (Exit.FAILED, f"loopcast: {said}\n")


def test_an_argument_that_is_no_text_is_said_in_a_line() -> None:
    code, said = told(*SENDS, "--var", b"1=\xff")
    assert (code, said) == (Exit.USAGE, "loopcast: an argument is no UTF-8 text\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_result_that_has_no_room_is_said_in_a_line() -> None:
    with Path("/dev/full").open("wb") as full:
        code, said = told("completion", "bash", out=full.fileno())
    assert (code, said.count("\n")) == (Exit.FAILED, 1)
    assert said.startswith("loopcast: the result cannot be written: ")
