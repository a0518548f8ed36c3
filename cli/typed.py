"""What can be typed next, as completions are made of it. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """An option by all its names, a command, or a choice; `values` of an option that has a few."""

    names: tuple[str, ...]
    help: str
    values: tuple[str, ...] = ()
    takes_value: bool = False

    @property
    def is_option(self) -> bool:
        return self.names[0].startswith("-")


Typed = dict[str, list[Word]]  # by the path of the command: nothing, `/send`, `/suppress/add`


def quoted(text: str) -> str:
    """In single quotes, as bash and zsh read them."""
    return "'" + text.replace("'", "'\\''") + "'"
