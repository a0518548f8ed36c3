"""The completion that bash reads. Pure."""

from collections.abc import Iterator
from typing import Final

from cli.typed import Typed

_SCRIPT: Final = """\
# Completion of loopcast's commands and options. In ~/.bashrc: eval "$(loopcast completion bash)"
_loopcast() {
    local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" path="" word
    local options="" found=""
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$path/$word" in
            @PATHS@) path="$path/$word" ;;
        esac
    done
    COMPREPLY=()
    case "$path $previous" in
@VALUES@
    esac
    case "$path" in
@WORDS@
    esac
    [[ "$current" == -* ]] && found="$options"
    COMPREPLY=($(compgen -W "$found" -- "$current"))
}
complete -o bashdefault -o default -F _loopcast loopcast ./loopcast
"""


def script(typed: Typed) -> str:
    """Words of a list alone; bash shows no help beside them. Options are offered to who begins one:
    they would be in the way of files.
    """
    return (
        _SCRIPT.replace("@PATHS@", "|".join(path for path in typed if path))
        .replace("@VALUES@", "\n".join(_values(typed)))
        .replace("@WORDS@", "\n".join(_words(typed)))
    )


def _values(typed: Typed) -> Iterator[str]:
    """Of an option that has a few; any other one's are files, or nobody's to know."""
    for path, words in typed.items():
        for word in words:
            if word.takes_value:
                patterns = "|".join(f'"{path} {name}"' for name in word.names)
                found = f"{_reply(word.values)}; " if word.values else ""
                yield f"        {patterns}) {found}return ;;"


def _words(typed: Typed) -> Iterator[str]:
    for path, words in typed.items():
        options = " ".join(name for word in words if word.is_option for name in word.names)
        others = " ".join(name for word in words if not word.is_option for name in word.names)
        yield f'        "{path}") options="{options}" found="{others}" ;;'


def _reply(words: tuple[str, ...]) -> str:
    return f'COMPREPLY=($(compgen -W "{" ".join(words)}" -- "$current"))'
