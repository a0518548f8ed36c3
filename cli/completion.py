"""Shell completion of commands and options, made from the parser itself. Pure."""

import argparse
from collections.abc import Callable, Iterator
from typing import Final

from cli import completion_bash, completion_fish, completion_zsh
from cli.options import LAST
from cli.typed import Typed, Word

_SHELLS: Final[dict[str, Callable[[Typed], str]]] = {
    "bash": completion_bash.script,
    "zsh": completion_zsh.script,
    "fish": completion_fish.script,
}


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """What a shell is to read."""
    return _SHELLS[shell]({path: list(_words(one)) for path, one in parsers(parser, "")})


def parsers(
    parser: argparse.ArgumentParser, path: str
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command by its path: nothing, `/send`, `/suppress/add`."""
    yield path, parser
    for action in parser._actions:  # noqa: SLF001 - argparse lists its options nowhere else
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for name, child in action.choices.items():
                yield from parsers(child, f"{path}/{name}")


def _words(parser: argparse.ArgumentParser) -> Iterator[Word]:
    """What may come next: options, commands, choices of an argument."""
    for action in parser._actions:  # noqa: SLF001
        if action.option_strings:
            values = tuple(map(str, action.choices or ()))
            names = tuple(action.option_strings)
            yield Word(names, _help(action), values, takes_value=action.nargs != 0)
        elif isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for one in action._choices_actions:  # noqa: SLF001
                yield Word((one.dest,), _help(one))
        elif action.metavar == "JOB":
            yield Word((LAST,), "the newest job")
        else:
            yield from (Word((str(name),), "") for name in action.choices or ())


def _help(action: argparse.Action) -> str:
    return action.help or ""
