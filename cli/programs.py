"""`loopcast doctor` and `up`: programs of the checkout, which take this one's place."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn

from cli.exits import Exit
from cli.screen import Screen

_CHECKOUT: Final = Path(__file__).parents[1]
_MODULES: Final = {"doctor": "deploy.doctor", "up": "deploy.local"}


def is_program(arguments: Sequence[str]) -> bool:
    """Whether the command is one of them; their options are their own."""
    return bool(arguments) and arguments[0] in _MODULES


def become(screen: Screen, arguments: Sequence[str], environ: Mapping[str, str]) -> Exit:
    """Run it in this process's place, in the checkout, where `make run` keeps its data."""
    name, *rest = arguments
    if not (_CHECKOUT / "deploy").is_dir():
        return screen.wrong(f"{name} needs Loopcast's checkout", Exit.SETTINGS)
    return _exec(_MODULES[name], rest, environ)


def _exec(module: str, arguments: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    os.chdir(_CHECKOUT)
    os.execve(  # noqa: S606 - no shell is meant
        sys.executable, [sys.executable, "-m", module, *arguments], dict(environ)
    )
