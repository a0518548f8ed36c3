"""How values in Meta's webhooks are read, whatever shape they come in: texts, numbers, times. Pure.

A field that is missing, null or of another kind is empty: what one says wrongly costs no other.
"""

import re
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

Tree = dict[str, Any]  # a JSON object by nature, of which Meta may change any field

MOST_TEXT: Final = 2000
MILLISECONDS_FROM: Final = 10**11  # a time that large is no count of seconds: it would be year 5138
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError)  # of an item within a sound body

# A backslash and what it escapes: a pair of surrogates, one alone, or anything else.
_ESCAPE: Final = re.compile(
    rb"\\(?:(?P<pair>u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_BETWEEN_DIGITS: Final = str.maketrans("", "", "+-(). \u00a0")


def tree_of(raw: bytes | msgspec.Raw) -> Tree | None:
    """A JSON object; None: it is none, or cannot be read."""
    try:
        tree = msgspec.json.decode(raw)
    except UNREADABLE:
        return None
    return tree if isinstance(tree, dict) else None


def text_at(tree: Tree, *path: str) -> str:
    """The text under these names; a number as its digits."""
    found = _at(tree, path)
    if isinstance(found, (str, int)) and not isinstance(found, bool):
        return kept(str(found))
    return ""


def time_at(tree: Tree, *path: str) -> datetime | None:
    """The time under these names: a count, as text or number, or a date of ISO 8601."""
    found = _at(tree, path)
    if isinstance(found, bool) or not isinstance(found, (str, int, float)):
        return None
    try:
        return time_of(int(found))
    except (ValueError, OverflowError, OSError):
        return _date(found) if isinstance(found, str) else None


def items_at(tree: Tree, *path: str) -> list[Tree]:
    """The objects of the list under these names."""
    found = _at(tree, path)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def time_of(timestamp: int) -> datetime:
    """Seconds, as documented, or milliseconds, as seen.

    Raises ValueError, OverflowError or OSError when no calendar has it.
    """
    seconds = timestamp / 1000 if timestamp >= MILLISECONDS_FROM else timestamp
    return datetime.fromtimestamp(seconds, UTC)


def digits(text: str) -> str:
    """A person's or a business's number as digits; empty when the text is none, as a user's id."""
    bare = text.translate(_BETWEEN_DIGITS)
    return bare if bare.isascii() and bare.isdecimal() and 7 <= len(bare) <= 15 else ""


def kept(text: str) -> str:
    """A text of Meta's as PostgreSQL can keep it: without NUL characters, and of a bounded size."""
    return text.replace("\x00", "")[:MOST_TEXT]


def mended(body: bytes) -> bytes:
    """JSON whose halves of surrogate pairs are replaced by the sign for unreadable characters.

    A name that was cut in the middle of an emoji is no reason to lose all that comes with it.
    """
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found["half"] else found[0], body)


def _at(tree: Tree, path: tuple[str, ...]) -> Any:
    found: Any = tree
    for name in path:
        if not isinstance(found, dict):
            return None
        found = found.get(name)
    return found


def _date(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
