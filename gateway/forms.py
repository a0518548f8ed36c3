"""Templates as Meta lists them, and what each asks of those who send it. Pure.

How variables are counted: business-messaging/whatsapp, templates. Fields that are not read here
may be anything.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from schemas.places import Part, Place

CATEGORIES: Final = ("MARKETING", "UTILITY", "AUTHENTICATION")

_VARIABLE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_HEADERS: Final = {
    "IMAGE": ((Part.IMAGE,), ()),
    "VIDEO": ((Part.VIDEO,), ()),
    "DOCUMENT": ((Part.DOCUMENT,), (Part.FILENAME,)),
    "LOCATION": ((Part.LATITUDE, Part.LONGITUDE), (Part.NAME, Part.ADDRESS)),
}  # what must be given, and what may be
_PARTS: Final = {"HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER"}
_BUTTONS: Final = ("QUICK_REPLY", "URL", "COPY_CODE", "OTP", "PHONE_NUMBER", "VOICE_CALL")
_WITHOUT_KEYS: Final = {"MPM": "a button to products", "SPM": "a button to a product"}


class Button(msgspec.Struct, frozen=True):
    type: str = ""
    text: str | None = None
    url: str | None = None
    phone_number: str | int | None = None
    example: Any = None  # which shape it has goes by the type; it decides nothing


class Offer(msgspec.Struct, frozen=True):
    has_expiration: bool | None = None


class Component(msgspec.Struct, frozen=True):
    """A part of a template; which fields it has goes by its type."""

    type: str = ""
    format: str | None = None
    text: str | None = None
    example: Any = None
    buttons: tuple[Button, ...] | None = None
    limited_time_offer: Offer | None = None


class Template(msgspec.Struct, frozen=True):
    """A template in one language."""

    name: str
    language: str
    status: str = ""
    category: str | None = None
    parameter_format: str | None = None
    rejected_reason: str | None = None
    components: tuple[Component, ...] | None = None

    @property
    def is_approved(self) -> bool:
        return self.status.upper() == "APPROVED"  # 360dialog writes it small

    @property
    def known_category(self) -> str | None:
        """The category as prices and rules go by it; None: one that this program does not know."""
        category = (self.category or "").upper()
        return category if category in CATEGORIES else None

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"


class Text(msgspec.Struct, frozen=True):
    """A text with variables: their names as often as they stand in it, and what stands around."""

    names: tuple[str, ...] = ()
    length: int = 0  # in characters, the variables left out


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """What a template asks for."""

    template: Template
    needed: tuple[Place, ...]
    optional: tuple[Place, ...]
    body: Text
    links: dict[str, int]  # length of a button's address without its variable, by index
    beyond: tuple[str, ...]  # parts that must be filled and no key fills, in words
    unknown: tuple[str, ...]  # parts of which nothing is known here, in words

    @property
    def places(self) -> tuple[Place, ...]:
        """All that a value can fill."""
        return (*self.needed, *self.optional)


def form_of(template: Template) -> Form:
    """Read a form off a template."""
    parts = {part.type.upper(): part for part in template.components or ()}
    body = _text(parts["BODY"].text) if "BODY" in parts else Text()
    needed, optional = _header(parts.get("HEADER"))
    buttons = tuple(enumerate(parts["BUTTONS"].buttons or ())) if "BUTTONS" in parts else ()
    return Form(
        template=template,
        needed=(
            *_ordered(Part.BODY, body.names),
            *needed,
            *(Place(part, str(i)) for i, button in buttons if (part := _asked_for(button))),
        ),
        optional=(
            *optional,
            *(Place(Part.PAYLOAD, str(i)) for i, button in buttons if _is(button, "QUICK_REPLY")),
        ),
        body=body,
        links={str(i): _text(button.url).length for i, button in buttons},
        beyond=tuple(_beyond(parts, [button for _, button in buttons])),
        unknown=tuple(_unknown(parts, [button for _, button in buttons])),
    )


def _text(text: str | None) -> Text:
    names = tuple(_VARIABLE.findall(text or ""))
    return Text(names, len(_VARIABLE.sub("", text or "")))


def _ordered(part: Part, names: Iterable[str]) -> list[Place]:
    """`{{1}}..{{n}}` by their number, named ones as they come; each once."""
    once = list(dict.fromkeys(names))
    if all(name.isdecimal() for name in once):
        once.sort(key=int)
    return [Place(part, name) for name in once]


def _header(header: Component | None) -> tuple[list[Place], list[Place]]:
    if header is None:
        return [], []
    kind = (header.format or "TEXT").upper()
    if kind in _HEADERS:
        needed, optional = _HEADERS[kind]
        return [Place(part) for part in needed], [Place(part) for part in optional]
    return _ordered(Part.TEXT, _text(header.text).names), []


def _asked_for(button: Button) -> Part | None:
    """What a button must be given: the end of its address, its code, or nothing.

    The button of a one-time password is sent as an address, whatever it is called.
    """
    if _is(button, "COPY_CODE"):
        return Part.CODE
    return Part.URL if _is(button, "OTP") or _text(button.url).names else None


def _is(button: Button, kind: str) -> bool:
    return button.type.upper() == kind


def _beyond(parts: dict[str, Component], buttons: Sequence[Button]) -> Iterable[str]:
    if "CAROUSEL" in parts:
        yield "a carousel"
    offer = parts.get("LIMITED_TIME_OFFER")
    if offer and (offer.limited_time_offer or Offer()).has_expiration is not False:
        yield "an offer that ends"
    header = parts["HEADER"].format if "HEADER" in parts else None
    if header and header.upper() not in ("TEXT", *_HEADERS):
        yield f"a header of the kind {header.upper()[:32]}"
    yield from (
        words for kind, words in _WITHOUT_KEYS.items() if any(_is(b, kind) for b in buttons)
    )


def _unknown(parts: dict[str, Component], buttons: Sequence[Button]) -> Iterable[str]:
    yield from (f"a part of the kind {kind[:32]}" for kind in parts if kind not in _PARTS)
    for kind in dict.fromkeys(button.type.upper() for button in buttons):
        if kind not in (*_BUTTONS, *_WITHOUT_KEYS):
            yield f"a button of the kind {kind[:32]}"
