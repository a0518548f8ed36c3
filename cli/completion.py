"""Shell completion of commands and options, made from the parser itself. Pure."""

import argparse
from collections.abc import Iterator
from typing import Final

_BASH: Final = """\
# Completion of loopcast's commands and options. In ~/.bashrc: eval "$(loopcast completion bash)"
_loopcast() {
    local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" path="" word
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$path/$word" in
@PATHS@) path="$path/$word" ;;
        esac
    done
    COMPREPLY=()
    case "$path $previous" in
@CHOICES@
    esac
    case "$path" in
@WORDS@
    esac
}
complete -o bashdefault -o default -F _loopcast loopcast ./loopcast
"""
_ZSH: Final = """\
# Completion of loopcast's commands and options. In ~/.zshrc, after compinit:
# eval "$(loopcast completion zsh)"
autoload -U +X bashcompinit && bashcompinit
"""


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """What a shell is to read; zsh takes bash's by its own bashcompinit."""
    made_of = dict(parsers(parser, ""))
    paths = "|".join(path for path in made_of if path)
    made = (
        _BASH.replace("@PATHS@", f"            {paths}")
        .replace("@CHOICES@", "\n".join(_choices(made_of)))
        .replace("@WORDS@", "\n".join(_words(made_of)))
    )
    return made if shell == "bash" else _ZSH + made


def parsers(
    parser: argparse.ArgumentParser, path: str
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command by its path: nothing, `/send`, `/suppress/add`."""
    yield path, parser
    for action in parser._actions:  # noqa: SLF001 - argparse lists its options nowhere else
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for name, child in action.choices.items():
                yield from parsers(child, f"{path}/{name}")


def _choices(parsers: dict[str, argparse.ArgumentParser]) -> Iterator[str]:
    """Values of an option that has a few; any other one's are files, or nobody's to know."""
    for path, parser in parsers.items():
        for action in parser._actions:  # noqa: SLF001
            takes_value = action.option_strings and action.nargs != 0
            if not takes_value:
                continue
            patterns = "|".join(f'"{path} {option}"' for option in action.option_strings)
            values = " ".join(map(str, action.choices or ()))
            found = f'COMPREPLY=($(compgen -W "{values}" -- "$current")); ' if values else ""
            yield f"        {patterns}) {found}return ;;"


def _words(parsers: dict[str, argparse.ArgumentParser]) -> Iterator[str]:
    """Commands, choices and options that may come next."""
    for path, parser in parsers.items():
        words: list[str] = []
        for action in parser._actions:  # noqa: SLF001
            words += action.option_strings or [str(name) for name in action.choices or ()]
        reply = f'COMPREPLY=($(compgen -W "{" ".join(words)}" -- "$current"))'
        yield f'        "{path}") {reply} ;;'
