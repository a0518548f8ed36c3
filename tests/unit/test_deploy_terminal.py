"""Writing to a terminal that was closed, a pipe that nobody reads, a full disk: lines are lost."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.programs import CHECKOUT
from deploy.terminal import Terminal


def closed_terminal() -> int:
    master, slave = pty.openpty()
    os.close(master)
    return slave


def closed_pipe() -> int:
    reader, writer = os.pipe()
    os.close(reader)
    return writer


GONE = pytest.mark.parametrize("gone", [closed_terminal, closed_pipe])


@GONE
def test_what_cannot_be_written_is_lost_and_nobody_else_fails_there(
    gone: Callable[[], int],
) -> None:
    with os.fdopen(gone(), "w") as stream:
        terminal = Terminal(stream)
        assert terminal.write("a line\n") == 7
        assert terminal.write("another\n") == 8
        stream.write("by somebody else\n")
        stream.flush()
        assert not terminal.isatty()


@GONE
def test_a_program_whose_terminal_is_gone_ends_as_it_wants(gone: Callable[[], int]) -> None:
    code = "import sys; from deploy.terminal import Terminal; Terminal(sys.stdout).write('x')"
    with os.fdopen(gone(), "w") as out:
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=CHECKOUT, stdout=out, stderr=-1, check=False
        )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_costs_lines_and_no_more_once_there_is_room(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as stream, Path("/dev/full").open("w") as full:
        room = os.dup(stream.fileno())
        os.dup2(full.fileno(), stream.fileno())
        Terminal(stream).write("lost, or late\n")
        os.dup2(room, stream.fileno())
        os.close(room)
        Terminal(stream).write("there is room\n")
    assert (tmp_path / "log").read_text().endswith("there is room\n")


def test_a_line_is_out_at_once(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as stream:
        Terminal(stream).write("here\n")
        assert (tmp_path / "out").read_text() == "here\n"
