"""The completion that fish reads. Pure."""

from collections.abc import Iterator
from typing import Final

from cli.typed import Typed, Word

_SCRIPT: Final = """\
# Completion of loopcast's commands and options. In ~/.config/fish/config.fish:
# loopcast completion fish | source
function __loopcast_at
    set -l words (commandline -opc)
    set -e words[1]
    set -l at ''
    for word in $words
        switch "$at/$word"
            case @PATHS@
                set at "$at/$word"
        end
    end
    test "$at" = "$argv[1]"
end
complete -c loopcast -e
@LINES@
"""


def script(typed: Typed) -> str:
    """A line a word, with its help."""
    paths = " ".join(path for path in typed if path)
    return _SCRIPT.replace("@PATHS@", paths).replace("@LINES@", "\n".join(_lines(typed)))


def _lines(typed: Typed) -> Iterator[str]:
    for path, words in typed.items():
        here = f"complete -c loopcast -n {_quoted(f'__loopcast_at {_quoted(path)}')}"
        for word in words:
            said = f" -d {_quoted(word.help)}" if word.help else ""
            yield f"{here} {_option(word) if word.is_option else f'-f -a {word.names[0]}'}{said}"


def _option(word: Word) -> str:
    names = " ".join(
        f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in word.names
    )
    if word.values:
        return f"{names} -x -a {_quoted(' '.join(word.values))}"
    return f"{names} -r" if word.takes_value else names


def _quoted(text: str) -> str:
    """As fish reads single quotes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
