"""Names of files that are saved: what they say, and how a header says it (RFC 6266). Pure."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

LONGEST_BYTES: Final = 200  # of a name; file systems take 255, and browsers add to it
MOST_NAMED: Final = 3  # states or codes of a filter

_FORBIDDEN: Final = re.compile(r'[<>:"/\\|?*]')  # on one system or another
_JOINERS: Final = "\u200c\u200d"  # what some scripts and emoji are written with
_SPELT: Final = str.maketrans({"\u2013": "-", "\u2014": "-", "\xdf": "ss"})
_NOT_PLAIN: Final = re.compile(r"[^ !#$&-\[\]-~]+")  # a quoted string would need an escape for it


def of_messages(
    campaigns: Iterable[str | None], chosen: Iterable[Iterable[str]], number: str, extension: str
) -> str:
    """The name of a file of messages: the first campaign that says something, and the filter.

    `chosen`: states and codes; `number`: as somebody has typed it.
    """
    some = [_some(list(words)) for words in chosen]
    filters = [word for word in (*some, re.sub("[^0-9+]", "", number)) if word]
    end = "".join(f" \u2013 {word}" for word in filters or ["messages"]) + f".{extension}"
    campaign = next(name for one in campaigns if one and (name := clean(one)))
    return _cut(campaign, LONGEST_BYTES - len(end.encode())) + end


def clean(name: str) -> str:
    """A name on one line that no system takes for a path, a hidden file, or for another name."""
    shown = "".join(_shown(character) for character in unicodedata.normalize("NFC", name))
    return " ".join(_FORBIDDEN.sub("-", shown).split()).strip(" .-")


def disposition(name: str) -> str:
    """The header by which a file is saved under this name, with a plain one for old clients."""
    name = clean(name)
    plain = "".join(map(_plain, name.translate(_SPELT)))
    plain = _NOT_PLAIN.sub("_", clean(plain))  # again: a wide slash has become a slash
    spelt_out = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'attachment; filename="{plain}"{spelt_out}'


def _plain(character: str) -> str:
    """It without its accents; an accent that stands alone is not simply left out."""
    spelt = unicodedata.normalize("NFKD", character)
    kept = "".join(part for part in spelt if not unicodedata.combining(part))
    return kept if kept.strip() or character.isspace() or character in _JOINERS else "_"


def _some(words: list[str]) -> str:
    more = len(words) - MOST_NAMED
    listed = ", ".join(words[:MOST_NAMED])
    return f"{listed} and {more} more" if more > 0 else listed


def _shown(character: str) -> str:
    """Marks that nobody sees are left out: some of them turn around what stands behind them."""
    match unicodedata.category(character):
        case "Cc" | "Cs":
            return " "
        case "Cf" if character not in _JOINERS:
            return ""
        case _:
            return character


def _cut(text: str, most_bytes: int) -> str:
    return text.encode()[:most_bytes].decode(errors="ignore").rstrip(" .-")
