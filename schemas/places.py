"""The places of a template that a value can fill, and the keys that name them. Pure.

`1`, `2`, `first_name` fill the body; `header.…` and `button.…` the rest. `KEYS` is the grammar as
a client is told it.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Final, NamedTuple

MOST_KEYS: Final = 100  # a body of 1024 characters at Meta has room for fewer
KEYS: Final = (
    "the body takes 1, 2, … or names of lower-case letters, digits and underscores; a header takes"
    " header.1 or header.<name>, header.image, header.video, header.document (and header.filename),"
    " or header.latitude and header.longitude (and header.name, header.address); a button takes"
    " button.0.url, button.0.payload or button.0.code, 0 being the first button"
)

_BODY: Final = re.compile(r"[a-z0-9_]+")
_TEXT: Final = re.compile(r"header\.(?:text\.)?([a-z0-9_]+)")
_BUTTON: Final = re.compile(r"button\.([0-9])\.(url|payload|code)")


class Part(StrEnum):
    """What a value fills."""

    BODY = "body"
    TEXT = "header text"
    IMAGE = "header image"
    VIDEO = "header video"
    DOCUMENT = "header document"
    FILENAME = "header filename"
    LATITUDE = "header latitude"
    LONGITUDE = "header longitude"
    NAME = "header name"
    ADDRESS = "header address"
    URL = "url"
    PAYLOAD = "payload"
    CODE = "code"


class Place(NamedTuple):
    """One place; `name` is the parameter's (`1`, `first_name`), or the button's index."""

    part: Part
    name: str = ""


MEDIA: Final = (Part.IMAGE, Part.VIDEO, Part.DOCUMENT)
BUTTONS: Final = (Part.URL, Part.PAYLOAD, Part.CODE)
_LOCATION: Final = (Part.LATITUDE, Part.LONGITUDE, Part.NAME, Part.ADDRESS)
_KIND_OF_HEADER: Final = {
    Part.TEXT: "a text",
    Part.IMAGE: "an image",
    Part.VIDEO: "a video",
    Part.DOCUMENT: "a document",
    Part.FILENAME: "a document",
    **dict.fromkeys(_LOCATION, "a location"),
}
_COORDINATES: Final = {
    "header.latitude": Place(Part.LATITUDE),
    "header.longitude": Place(Part.LONGITUDE),
}
_LABELS: Final = {"header.name": Place(Part.NAME), "header.address": Place(Part.ADDRESS)}
_FIXED: Final = _COORDINATES | {
    "header.image": Place(Part.IMAGE),
    "header.video": Place(Part.VIDEO),
    "header.document": Place(Part.DOCUMENT),
    "header.filename": Place(Part.FILENAME),
}
_FIXED_KEYS: Final = {place: key for key, place in (_FIXED | _LABELS).items()}


def places_of(keys: Collection[str]) -> dict[str, Place]:
    """What each key names. Keys that name nothing are left out: `fault_of` says which.

    `header.name` and `header.address` belong to a location where one of its coordinates is given,
    and are parameters of a text else. `header.text.<name>` is always one of a text.
    """
    fixed = _FIXED | _LABELS if any(key in _COORDINATES for key in keys) else _FIXED
    places = ((key, fixed.get(key) or _spelt_out(key)) for key in keys)
    return {key: place for key, place in places if place}


def key_of(place: Place) -> str:
    """The key that names a place."""
    match place.part:
        case Part.BODY:
            return place.name
        case Part.TEXT:
            key = f"header.{place.name}"
            return f"header.text.{place.name}" if key in _FIXED else key
        case Part.URL | Part.PAYLOAD | Part.CODE:
            return f"button.{place.name}.{place.part}"
        case _:
            return _FIXED_KEYS[place]


def fault_of(keys: Collection[str]) -> str | None:
    """What is wrong with keys that are to fill one template, as the end of a sentence."""
    if len(keys) > MOST_KEYS:
        return f"has {len(keys)} placeholders: a template has {MOST_KEYS} at most"
    places = places_of(keys)
    if unknown := [key for key in keys if key not in places]:
        return f"has the key {unknown[0][:64]!r}, which names nothing: {KEYS}"
    if len(set(places.values())) < len(places):
        return "names a place twice"
    named = [place for place in places.values() if place.part in (Part.BODY, Part.TEXT)]
    return (
        _fault_of_names(named)
        or _fault_of_header(places)
        or _fault_of_buttons([place for place in places.values() if place.part in BUTTONS])
    )


def _spelt_out(key: str) -> Place | None:
    """A key that holds a name or an index."""
    if "." not in key:
        return Place(Part.BODY, key) if _BODY.fullmatch(key) else None
    if button := _BUTTON.fullmatch(key):
        return Place(Part(button[2]), button[1])
    text = _TEXT.fullmatch(key)
    return Place(Part.TEXT, text[1]) if text else None


def _fault_of_names(places: Iterable[Place]) -> str | None:
    """Positional placeholders are 1 to n without a gap, named ones are words; never both."""
    names: dict[Part, list[str]] = {Part.BODY: [], Part.TEXT: []}
    for place in places:
        names[place.part].append(place.name)
    every = names[Part.BODY] + names[Part.TEXT]
    numbered = sum(name.isdecimal() for name in every)
    if 0 < numbered < len(every):
        return "mixes numbered and named placeholders: a template has one kind"
    for part in (Part.BODY, Part.TEXT) if numbered else ():
        if set(names[part]) != {str(number) for number in range(1, len(names[part]) + 1)}:
            listed = ", ".join(key_of(Place(part, name)) for name in names[part])
            return f"must be numbered from 1 without gaps, not {listed[:200]}"
    return None


def _fault_of_header(places: dict[str, Place]) -> str | None:
    kinds = {
        _KIND_OF_HEADER[place.part]: key
        for key, place in places.items()
        if place.part in _KIND_OF_HEADER
    }
    if len(kinds) > 1:
        given = " and ".join(kinds.values())
        return f"has {given}: a header is a text, an image, a video, a document or a location"
    parts = {place.part for place in places.values()}
    if Part.FILENAME in parts and Part.DOCUMENT not in parts:
        return "has header.filename without header.document"
    if len(parts & {Part.LATITUDE, Part.LONGITUDE}) == 1:
        return "has one of header.latitude and header.longitude: a location has both"
    return None


def _fault_of_buttons(places: Iterable[Place]) -> str | None:
    for index, count in Counter(place.name for place in places).items():
        if count > 1:
            return f"fills button {index} twice: it is a link, a quick reply or a code"
    return None
