"""Completion as each shell does it: it reads the script itself, and then completes."""

import os
import pty
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli import completion
from cli.arguments import SHELLS, parser

PATH = {"PATH": os.environ["PATH"]}
CASES = [
    ("loopcast res", {"resume", "resend"}),
    ("loopcast send --dry", {"--dry-run"}),
    ("loopcast suppress li", {"lift", "list"}),
    ("loopcast suppress add --scope ", {"all", "marketing"}),
    ("loopcast suppress add --scope m", {"marketing"}),
    ("loopcast export --format x", {"xlsx"}),
    ("loopcast numbers keep 1 --prov", {"--provider"}),
    ("loopcast completion z", {"zsh"}),
    ("loopcast watch ", {"last"}),
    ("loopcast suppress ", {"add", "lift", "show", "list", "import", "export"}),
]


def there(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not shutil.which(shell), reason=f"{shell} is not installed")


def written(shell: str, folder: Path) -> Path:
    """The script in a file, and beside it one that may be completed."""
    (folder / "list.csv").touch()
    script = folder / f"_{shell}"
    script.write_text(completion.script(parser(), shell))
    return script


def bash(folder: Path, line: str) -> set[str]:
    words = line.split(" ")
    typed = " ".join(f"'{word}'" for word in words)
    asked = f"COMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; _loopcast"
    return said("bash", "--norc", "-c", f'. {written("bash", folder)}\n{asked}\n'
                'printf "%s\\n" "${COMPREPLY[@]}"', folder=folder)  # fmt: skip


def fish(folder: Path, line: str) -> set[str]:
    asked = f"source {written('fish', folder)}; complete -C '{line}'"
    return said("fish", "--no-config", "-c", asked, folder=folder)


def said(*command: str, folder: Path) -> set[str]:
    """The first word of each line; a shell that complains fails."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=30, cwd=folder,
        env=PATH | {"HOME": str(folder)},
    )  # fmt: skip
    assert done.stderr == ""
    return {line.split("\t")[0] for line in done.stdout.splitlines() if line}


@there("bash")
@pytest.mark.parametrize(("line", "offered"), CASES)
def test_bash_completes_what_was_begun(line: str, offered: set[str], tmp_path: Path) -> None:
    assert bash(tmp_path, line) == offered


@there("bash")
def test_bash_leaves_values_that_nobody_knows_to_files(tmp_path: Path) -> None:
    assert bash(tmp_path, "loopcast send -t ") == set()


@there("bash")
def test_bash_puts_no_options_before_files_where_a_list_may_stand(tmp_path: Path) -> None:
    assert bash(tmp_path, "loopcast send ") == set()
    assert {"--map", "-t"} <= bash(tmp_path, "loopcast send -")


@there("fish")
@pytest.mark.parametrize(("line", "offered"), CASES)
def test_fish_completes_what_was_begun(line: str, offered: set[str], tmp_path: Path) -> None:
    assert fish(tmp_path, line) == offered


@there("fish")
def test_fish_offers_files_where_a_list_may_stand(tmp_path: Path) -> None:
    assert fish(tmp_path, "loopcast send li") == {"list.csv"}
    assert "list.csv" not in fish(tmp_path, "loopcast ")


@there("zsh")
@pytest.mark.parametrize(
    ("typed", "becomes"),
    [("loopcast sup", "loopcast suppress "), ("loopcast send --dry", "loopcast send --dry-run "),
     ("loopcast suppress lif", "loopcast suppress lift "),
     ("loopcast suppress add --scope m", "loopcast suppress add --scope marketing "),
     ("loopcast numbers keep 1 --prov", "loopcast numbers keep 1 --provider "),
     ("loopcast send li", "loopcast send list.csv ")],
)  # fmt: skip
def test_zsh_completes_what_was_begun(typed: str, becomes: str, tmp_path: Path) -> None:
    script = written("zsh", tmp_path)
    with terminal("zsh", "-f", "-i", folder=tmp_path) as keyboard:
        os.write(keyboard, b"unsetopt zle_bracketed_paste; PS1=\r")
        os.write(keyboard, f"autoload -U compinit && compinit -u -D; . {script}\r".encode())
        # What the line has become the shell writes down: how it draws it is its own matter.
        os.write(keyboard, b'shown() { print -r -- "<$BUFFER>" > line }; zle -N shown\r')
        os.write(keyboard, b"bindkey '^T' shown; print rea''dy\r")
        shown_by(keyboard, "ready")
        os.write(keyboard, f"{typed}\t\x14".encode())
        assert became(keyboard, tmp_path / "line") == f"<{becomes}>"


@contextmanager
def terminal(*command: str, folder: Path) -> Iterator[int]:
    """A program with a terminal of its own, for as long as the block lasts."""
    here, there_ = pty.openpty()
    environ = PATH | {"HOME": str(folder), "TERM": "dumb", "ZDOTDIR": str(folder)}
    process = subprocess.Popen(
        command, stdin=there_, stdout=there_, stderr=there_, cwd=folder, env=environ,
        start_new_session=True,
    )  # fmt: skip
    os.close(there_)
    try:
        yield here
    finally:
        process.kill()
        process.wait(10)
        os.close(here)


def shown_by(keyboard: int, text: str, seconds: float = 30) -> str:
    """What the terminal shows, once `text` is in it."""
    shown, until = "", time.monotonic() + seconds
    while text not in shown:
        left = until - time.monotonic()
        assert left > 0, f"{text!r} is not in {shown!r}"
        if select.select([keyboard], [], [], left)[0]:
            shown += os.read(keyboard, 65536).decode(errors="replace")
    return shown


def became(keyboard: int, file: Path, seconds: float = 30) -> str:
    """What is in a file that appears; the terminal is read meanwhile, or it would stand."""
    until = time.monotonic() + seconds
    while not (file.exists() and file.read_text().endswith("\n")):
        assert time.monotonic() < until, "the line was not shown"
        if select.select([keyboard], [], [], 0.02)[0]:
            os.read(keyboard, 65536)
    return file.read_text().rstrip("\n")


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_is_told_every_command_and_option(shell: str) -> None:
    script = completion.script(parser(), shell)
    for path, found in completion.parsers(parser(), ""):
        assert path in script
        for action in found._actions:
            names = action.option_strings
            assert all(name.lstrip("-") in script for name in names), (path, names)
