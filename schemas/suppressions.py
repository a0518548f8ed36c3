"""Opt-outs: who said so, what is meant by it, and by which words it is told from other talk. Pure.

WhatsApp does nothing with a typed STOP: honouring it is the sender's part. What a recipient stops
in WhatsApp itself comes as a `user_preferences` webhook, or as the refusal 131050 of a message
(business-messaging/whatsapp: webhooks, messages, marketing templates).
"""

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from functools import cache, lru_cache
from typing import Final

import msgspec

from schemas import stop_words

LONGEST_ASKING: Final = 200  # characters: nobody says STOP in more
MOST_SHOWN: Final = 60  # characters of what was said, in a reason


class Source(StrEnum):
    """Who asked for it; each has a row of its own, lifted by itself."""

    RECIPIENT = "recipient"
    META = "meta"
    OPERATOR = "operator"


class Scope(StrEnum):
    """What is not wanted. Templates that nobody has looked up count as marketing."""

    ALL = "all"
    MARKETING = "marketing"


class Stop(msgspec.Struct, frozen=True):
    """Somebody wants no more messages; `reason` is a sentence without its subject."""

    source: Source
    scope: Scope
    reason: str


class Resume(msgspec.Struct, frozen=True):
    """The recipient takes marketing messages again: ends Meta's own stop, and no other."""

    reason: str = "resumed marketing messages in WhatsApp"


class StopWords:
    """The built-in words and those that a business adds, which stop everything."""

    def __init__(self, more: Iterable[str] = ()) -> None:
        self._words = dict(_built_in())
        for word in more:
            if key := plain(word):  # else every text without a letter would be it
                self._words[key] = (word, Scope.ALL)

    def matches(self, text: str) -> str | None:
        """The word of the list that the whole of the text is, or None."""
        found = self._find(text)
        return found[0] if found else None

    def scope_of(self, text: str) -> Scope | None:
        """What the text stops, or None when it stops nothing."""
        found = self._find(text)
        return found[1] if found else None

    def _find(self, text: str) -> tuple[str, Scope] | None:
        return self._words.get(plain(text)) if len(text) <= LONGEST_ASKING else None


def stop_of_inbound(
    words: StopWords, *, text: str | None = None, button: str | None = None,
    payload: str | None = None,
) -> Stop | None:  # fmt: skip
    """What an inbound message asks for: typed `text`, or a `button` (its text) with its `payload`.

    What people read on a button decides before what the business wrote behind it.
    """
    pressed, wrote = f"pressed {_quoted(button or payload or '')}", f"wrote {_quoted(text or '')}"
    for said, reason in ((button, pressed), (payload, pressed), (text, wrote)):
        if said and (scope := words.scope_of(said)):
            return Stop(Source.RECIPIENT, scope, reason)
    return None


def change_of_preference(category: str, value: str) -> Stop | Resume | None:
    """What a `user_preferences` webhook asks for; None: of a kind that is not known."""
    match category, value:
        case "marketing_messages", "stop":
            return Stop(Source.META, Scope.MARKETING, "stopped marketing messages in WhatsApp")
        case "marketing_messages", "resume":
            return Resume()
        case _:
            return None


def added_by(key_name: str) -> str:
    """The reason of what an operator adds without giving one."""
    return f"added by {key_name}"


def imported_by(key_name: str) -> str:
    """The reason of what an operator imports without giving one."""
    return f"imported by {key_name}"


def plain(text: str) -> str:
    """A text down to what tells one word from another: letters and digits, without their accents.

    Case, punctuation, emoji and spaces go: `opt-out` and `OPT OUT!` are one. Signs that carry
    vowels stay, as in Hindi, Bengali and Thai: without them other words would be the same.
    """
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(filter(_counts, decomposed.translate(_SAME)))


# Letters that people write for one another; a stretched letter (tatweel) and typed apostrophes.
_SAME: Final = str.maketrans("ıىیکةۃہھ", "iييكهههه", "\u0640\u02bc\u02bb")  # noqa: RUF001
_SELECTORS: Final = re.compile("[\u034f\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")


@lru_cache(4096)
def _counts(character: str) -> bool:
    """Whether a character of decomposed text is a letter, a digit or a vowel's sign."""
    kind = unicodedata.category(character)[0]
    if kind != "M":
        return kind in "LN"
    return not (_is_accent(character) or _SELECTORS.match(character))


def _is_accent(mark: str) -> bool:
    """By its combining class: nukta (7), Hebrew and Arabic points (10 to 36), accents (from 200).

    Vowel signs have 0, the virama 9, Thai and Lao signs something above 100.
    """
    combining = unicodedata.combining(mark)
    return combining in (1, 6, 7) or 10 <= combining <= 36 or combining >= 200


@cache
def _built_in() -> dict[str, tuple[str, Scope]]:
    catalogues = ((stop_words.ALL, Scope.ALL), (stop_words.MARKETING, Scope.MARKETING))
    return {
        plain(word): (word, scope)
        for catalogue, scope in catalogues
        for words in catalogue.values()
        for word in words
    }


def _quoted(text: str) -> str:
    """What was said, on one line and not too long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return f'"{line}"' if len(line) <= MOST_SHOWN else f'"{line[: MOST_SHOWN - 1]}…"'
