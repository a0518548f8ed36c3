"""The rules in force, in sections: each a small JSON of which a change names what it changes."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from sandbox.errors import CATALOGUE
from sandbox.faults import Faults, Share, check_shares

_WEEK_MS: Final = 7 * 24 * 3600 * 1000
Milliseconds = Annotated[float, Meta(ge=0, le=_WEEK_MS)]
_Count = Annotated[int, Meta(ge=1, le=10_000)]


class Limits(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What Meta lets a portfolio do in 24 hours. Meta documents no code for more than that."""

    messaging: Annotated[int, Meta(ge=0, le=10_000_000)] = 0  # people in 24 h; 0: no limit
    beyond_code: int = 131048  # what a send to one more person meets
    beyond_later: bool = False  # accepted, and `failed` by webhook
    always_open: bool = True  # free text to anybody; else to those who wrote in the last 24 h

    def __post_init__(self) -> None:
        if self.beyond_code not in CATALOGUE:
            raise ValueError(f"beyondCode {self.beyond_code} is no code of the catalogue")


class Receipts(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What becomes of accepted messages, and how it is told. Times are medians."""

    sent_ms: Milliseconds = 300  # after the acceptance
    delivered_ms: Milliseconds = 700  # after `sent`
    read_ms: Milliseconds = 2500  # after `delivered`
    held_ms: Milliseconds = 3000  # how long a number of that fate is held
    spread: Annotated[float, Meta(ge=0, le=2)] = 0.3  # sigma of the log-normal around them
    delivered: Share = 1  # of the messages that did not fail
    read: Share = 0.6  # of the delivered
    read_alone: Share = 0  # of the read: `delivered` is not posted
    failed: dict[int, Share] = {}  # of all, by code
    lost: Share = 0  # of the statuses: never posted
    duplicated: Share = 0  # of the statuses: posted twice
    reordered: Share = 0  # of the messages: posted last status first
    milliseconds: Share = 0  # of the messages: times in milliseconds
    contacts: bool = True
    pricing: bool = True
    conversation: bool = False  # as until v23

    def __post_init__(self) -> None:
        check_shares(self.failed)


class Inbound(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Shares of those who got their message and ask to be left alone, by how they do it."""

    text: Share = 0  # write one of `words`
    button: Share = 0  # tap the template's first quick reply; where it has none, write
    reply: Share = 0  # the button of an interactive message
    preference: Share = 0  # stop marketing messages in WhatsApp's own menu
    words: tuple[str, ...] = ("STOP",)
    after_ms: Milliseconds = 2000  # after the last status
    spread: Annotated[float, Meta(ge=0, le=2)] = 0.3

    def __post_init__(self) -> None:
        if self.text + self.button + self.reply + self.preference > 1 + 1e-9:
            raise ValueError("text, button, reply and preference add up to more than 1")
        if not all(self.words) or not self.words:
            raise ValueError("words is a list of what people write")


class Webhooks(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """How webhooks are put together and posted."""

    batch_ms: Annotated[float, Meta(ge=1, le=60_000)] = 50  # what is due is posted this often
    statuses_per_body: Annotated[int, Meta(ge=1, le=2000)] = 100  # 3 MB is the most of a body
    statuses_per_change: _Count = 100
    changes_per_entry: _Count = 100
    connections: Annotated[int, Meta(ge=1, le=100)] = 8  # posts under way at once
    timeout_ms: Annotated[float, Meta(ge=10, le=60_000)] = 10_000
    retry_ms: Annotated[float, Meta(ge=1, le=_WEEK_MS)] = 1000  # then it doubles
    retry_most_ms: Annotated[float, Meta(ge=1, le=_WEEK_MS)] = 600_000
    keep_ms: Milliseconds = _WEEK_MS  # webhooks/overview: "for up to 7 days"


class Rules(msgspec.Struct, frozen=True):
    """All sections."""

    faults: Faults
    limits: Limits = Limits()
    receipts: Receipts = Receipts()
    inbound: Inbound = Inbound()
    webhooks: Webhooks = Webhooks()


S = TypeVar("S", bound=msgspec.Struct)


def changed(rules: Rules, changes: Mapping[str, Mapping[str, Any]]) -> Rules:
    """The rules with changes by section. Raises ValueError, which names the section and the key."""
    sections = {}
    for name, change in changes.items():
        try:
            sections[name] = _merged(getattr(rules, name), change)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    return msgspec.structs.replace(rules, **sections)


def _merged(section: S, change: Mapping[str, Any]) -> S:
    whole = msgspec.to_builtins(section, str_keys=True) | change
    return msgspec.convert(whole, type(section), str_keys=True)
