"""The HTTP contract's part on templates: as Meta lists them, and what fills each."""

from datetime import datetime

import msgspec


class TemplateHeader(msgspec.Struct, frozen=True):
    """What stands above the text: a text, or a kind of file or place."""

    kind: str  # text, image, video, document, location; another one of Meta's
    text: str | None


class TemplateButton(msgspec.Struct, frozen=True, rename="camel"):
    """A button: its kind as Meta has it, in lower case, what is written on it, where it leads."""

    kind: str
    text: str | None
    url: str | None = None
    phone_number: str | None = None


class TemplatePlace(msgspec.Struct, frozen=True, kw_only=True):
    """A place that a value fills; `most` characters fit there, None: that is not the point."""

    key: str
    means: str
    required: bool
    example: str | None
    most: int | None


class TemplateView(msgspec.Struct, frozen=True, kw_only=True):
    """A template in one language."""

    name: str
    language: str
    status: str  # as Meta has it, in upper case
    category: str | None
    sendable: bool
    supported: bool  # whether values by their keys fill it
    unsupported: str | None
    header: TemplateHeader | None
    body: str | None
    footer: str | None
    buttons: list[TemplateButton]
    places: list[TemplatePlace]


class TemplateList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The templates of a number's account, by name; `reason` says why there are none, or fewer."""

    state: str  # known, unavailable
    reason: str | None
    as_of: datetime | None
    total: int
    templates: list[TemplateView]
