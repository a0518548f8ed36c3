"""An answer as a command's result: the API's own JSON, or lines of it."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec

from cli.answers import Answered, No
from cli.exits import Exit
from cli.screen import Screen

T = TypeVar("T")


def shown(
    screen: Screen,
    answer: Answered | No,
    kind: type[T],
    lines: Callable[[T], Iterable[str]],
    *,
    as_json: bool,
) -> Exit:
    """Print it; a no is said, and is what it ends with."""
    if not isinstance(answer, Answered):
        return screen.no(answer)
    if as_json:
        screen.json(answer)
        return Exit.DONE
    for line in lines(msgspec.json.decode(answer.body, type=kind)):
        screen.put(line)
    return Exit.DONE
