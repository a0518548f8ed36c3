"""HTML from Python, escaped unless it is markup already. Pure."""

import re
from html import escape
from typing import Final

_CODE: Final = re.compile(r"`([^`]+)`")
_VOID: Final = frozenset(("meta", "wbr"))


class Markup(str):
    """HTML that needs no escaping any more."""

    __slots__ = ()


def element(tag: str, /, *children: str, **attributes: str) -> Markup:
    """An element; a trailing `_` of an attribute's name falls away: `class_`."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
    )
    end = "" if tag in _VOID else f"</{tag}>"
    return Markup(f"<{tag}{given}>{joined(*children)}{end}")


def joined(*children: str) -> Markup:
    return Markup("".join(one if isinstance(one, Markup) else escape(one) for one in children))


def prose(text: str) -> Markup:
    """Plain text, in which `this` is code."""
    return Markup(_CODE.sub(r"<code>\1</code>", escape(text)))


def paragraphs(text: str) -> Markup:
    """Prose, with a blank line between two paragraphs."""
    return joined(*(element("p", prose(part)) for part in text.split("\n\n") if part))
