"""Components as a client gives them in Meta's own words, read into the places they fill. Pure.

Only what a template's form can be held against is looked at; the rest is Meta's to judge.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from gateway.numbers import Invalid
from gateway.values import sendable
from schemas.places import MEDIA, Part, Place

Filled = dict[Place, str]

_TEXTS: Final = ("text", "currency", "date_time")
_BUTTONS: Final = {"url": Part.URL, "quick_reply": Part.PAYLOAD, "copy_code": Part.CODE}
_MEDIA: Final = {part.removeprefix("header "): part for part in MEDIA}


class Misread(Exception):
    """Says what of the components cannot be, as a sentence."""


class Media(msgspec.Struct, frozen=True):
    link: str | None = None
    id: str | int | None = None


class Location(msgspec.Struct, frozen=True):
    latitude: str | float | None = None
    longitude: str | float | None = None


class Fallback(msgspec.Struct, frozen=True):
    fallback_value: str | None = None


class Parameter(msgspec.Struct, frozen=True):
    """One value; which fields it has goes by its type."""

    type: str = ""
    text: str | None = None
    parameter_name: str | None = None
    payload: str | None = None
    coupon_code: str | None = None
    currency: Fallback | None = None
    date_time: Fallback | None = None
    image: Media | None = None
    video: Media | None = None
    document: Media | None = None
    location: Location | None = None


class Component(msgspec.Struct, frozen=True):
    type: str = ""
    sub_type: str | None = None
    index: int | str | None = None  # clients in the field send both
    parameters: tuple[Parameter, ...] | None = None


_decode: Final = msgspec.json.Decoder(Component).decode


def filled_by(components: Sequence[msgspec.Raw]) -> Filled | Invalid:
    """Which places are filled, and with what; or why that cannot be read."""
    filled: Filled = {}
    try:
        for number, raw in enumerate(components):
            for place, value in _places(_component(number, raw)):
                if place in filled:
                    return Invalid(f"fills the {place.part} {place.name}".rstrip() + " twice")
                filled[place] = value
    except Misread as error:
        return Invalid(str(error))
    return filled


def _component(number: int, raw: msgspec.Raw) -> Component:
    try:
        return _decode(raw)
    except msgspec.ValidationError as error:
        raise Misread(f"has a part {number} that Meta does not know: {error}") from error


def _places(component: Component) -> Iterator[tuple[Place, str]]:
    parameters = component.parameters or ()
    match component.type.lower():
        case "body":
            yield from _texts(Part.BODY, parameters)
        case "header":
            yield from _header(parameters)
        case "button":
            yield from _button(component, parameters)
        case _:  # a carousel, an offer: the form says that they are not looked into
            pass


def _texts(part: Part, parameters: Sequence[Parameter]) -> Iterator[tuple[Place, str]]:
    for number, parameter in enumerate(parameters, 1):
        name = parameter.parameter_name or str(number)
        if parameter.type.lower() not in _TEXTS:
            kind = parameter.type or "no type"
            raise Misread(f"has a {part} {name} of type {kind}: it takes {', '.join(_TEXTS)}")
        yield Place(part, name), _sendable(part, name, _shown(parameter))


def _header(parameters: Sequence[Parameter]) -> Iterator[tuple[Place, str]]:
    kind = parameters[0].type.lower() if parameters else ""
    if kind in _MEDIA:
        media = getattr(parameters[0], kind) or Media()
        if not (value := media.link or media.id):
            raise Misread(f"has a header {kind} with neither a link nor an id")
        yield Place(_MEDIA[kind]), str(value)
    elif kind == "location":
        location = parameters[0].location or Location()
        for part, value in (
            (Part.LATITUDE, location.latitude), (Part.LONGITUDE, location.longitude)
        ):  # fmt: skip
            if value is not None:
                yield Place(part), _sendable(part, "", value)
    elif kind in _TEXTS:
        yield from _texts(Part.TEXT, parameters)


def _button(component: Component, parameters: Sequence[Parameter]) -> Iterator[tuple[Place, str]]:
    index, kind = str(component.index), (component.sub_type or "").lower()
    if len(index) != 1 or index not in "0123456789":
        raise Misread(f"has a button at index {component.index}: 0 to 9 there can be")
    if kind in _BUTTONS and parameters:
        part, first = _BUTTONS[kind], parameters[0]
        value = {"url": first.text, "quick_reply": first.payload, "copy_code": first.coupon_code}
        yield Place(part, index), _sendable(part, index, value[kind])


def _shown(parameter: Parameter) -> str | None:
    """What the recipient reads in the parameter's place."""
    if parameter.type.lower() == "text":
        return parameter.text
    fallback = parameter.currency or parameter.date_time or Fallback()
    return fallback.fallback_value


def _sendable(part: Part, name: str, value: object) -> str:
    text = sendable(value, part)
    if isinstance(text, Invalid):
        raise Misread(f"has a {part} {name}".rstrip() + f" that {text.reason}")
    return text
