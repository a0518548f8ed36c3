"""The completion that zsh reads. Pure."""

from collections.abc import Iterator
from typing import Final

from cli.typed import Typed, Word, quoted

_SCRIPT: Final = """\
#compdef loopcast
# Completion of loopcast's commands and options. In ~/.zshrc, after compinit:
# eval "$(loopcast completion zsh)"
_loopcast() {
    local at="" word
    local -a found options
    for word in "${(@)words[2,CURRENT-1]}"; do
        case "$at/$word" in
            (@PATHS@) at="$at/$word" ;;
        esac
    done
    case "$at ${words[CURRENT-1]}" in
@VALUES@
    esac
    case "$at" in
@WORDS@
    esac
    if [[ $PREFIX == -* ]]; then
        _describe -o 'option' options
    elif (( $#found )); then
        _describe 'command' found
    else
        _files
    fi
}
compdef _loopcast loopcast ./loopcast
"""


def script(typed: Typed) -> str:
    """Each word with its help beside it; where no word fits, files."""
    return (
        _SCRIPT.replace("@PATHS@", "|".join(path for path in typed if path))
        .replace("@VALUES@", "\n".join(_values(typed)))
        .replace("@WORDS@", "\n".join(_words(typed)))
    )


def _values(typed: Typed) -> Iterator[str]:
    for path, words in typed.items():
        for word in words:
            if word.takes_value:
                patterns = "|".join(f'"{path} {name}"' for name in word.names)
                does = f"compadd -- {' '.join(word.values)}" if word.values else "_files"
                yield f"        ({patterns}) {does}; return ;;"


def _words(typed: Typed) -> Iterator[str]:
    for path, words in typed.items():
        options = " ".join(_described(word) for word in words if word.is_option)
        others = " ".join(_described(word) for word in words if not word.is_option)
        yield f'        ("{path}") options=({options}) found=({others}) ;;'


def _described(word: Word) -> str:
    said = word.help.replace(":", "\\:")
    return " ".join(quoted(f"{name}:{said}" if said else name) for name in word.names)
