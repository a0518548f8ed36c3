"""A guide's own commands: the blocks of shell in a Markdown text, so that they can be run. Pure."""

import re
from dataclasses import dataclass
from typing import Final

_PIECE: Final = re.compile(
    r"^## (?P<title>[^\n]+)$|^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """One block of shell; `mark` is what follows `sh` on its first line."""

    title: str  # of the section that it stands in
    mark: str  # empty: for everybody; `yours`: needs what only its reader has; `last`: at the end
    text: str


def blocks(markdown: str) -> list[Block]:
    """The blocks of shell, in order."""
    found, title = [], ""
    for piece in _PIECE.finditer(markdown):
        if piece["title"]:
            title = piece["title"]
            continue
        language, _, mark = piece["info"].partition(" ")
        if language == "sh":
            found.append(Block(title, mark.strip(), piece["text"]))
    return found
