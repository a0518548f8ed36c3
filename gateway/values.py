"""Values as people and spreadsheets give them, read into what Meta takes in a place. Pure."""

import re
from decimal import Decimal
from typing import Final

from gateway.numbers import Invalid
from schemas.places import MEDIA, Part

LONGEST_VALUE: Final = 1024  # a template's whole body may have as many (Meta: templates)
LONGEST_LINK: Final = 2000  # as of a URL button (Meta: templates, components)
LONGEST: Final = {
    Part.TEXT: 60,  # a header's text (Meta: templates, components)
    **dict.fromkeys(MEDIA, LONGEST_LINK),
    Part.URL: LONGEST_LINK,
    Part.CODE: 20,  # Meta: coupon code templates; 15 until 2025
}

_UNSENDABLE: Final = re.compile(r"[\r\n\t]|    ")  # Meta refuses them in a parameter: 132012
_LINK: Final = re.compile(r"https://[^\s/?#]+\S*", re.IGNORECASE)
_FILE_ID: Final = re.compile(r"[0-9]{1,64}")
_DEGREES: Final = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,30})?")
_FARTHEST: Final = {Part.LATITUDE: 90, Part.LONGITUDE: 180}


def sendable(value: object, part: Part = Part.BODY) -> str | Invalid:
    """A value as a person would write it, when Meta takes it in such a place of a template."""
    text = value if isinstance(value, str) else _written(value)
    if text is None:
        return Invalid("holds a list or an object, not a value")
    if not text or text.isspace():
        return Invalid("is empty")
    if len(text) > (longest := LONGEST.get(part, LONGEST_VALUE)):
        return Invalid(f"is longer than {longest} characters")
    if _UNSENDABLE.search(text):
        return Invalid("has a line break, a tab or four spaces in a row, which Meta refuses")
    return text if part is Part.BODY else _fitting(text, part)


def _fitting(text: str, part: Part) -> str | Invalid:
    """What a place asks of a value beyond its being a text; spaces around it are nobody's wish."""
    match part:
        case Part.IMAGE | Part.VIDEO | Part.DOCUMENT:
            text = text.strip()
            if _FILE_ID.fullmatch(text) or _LINK.fullmatch(text):
                return text
            return Invalid("is neither an https link nor the id of a file at Meta")
        case Part.LATITUDE | Part.LONGITUDE:
            text, farthest = text.strip(), _FARTHEST[part]
            if _DEGREES.fullmatch(text) and abs(float(text)) <= farthest:
                return text
            return Invalid(f"is no number of degrees from -{farthest} to {farthest}, as 52.5163")
        case _:
            return text


def _written(value: object) -> str | None:
    """12.0 as 12, 19.9 as it is, never an exponent; None: no single value."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
        case _:
            return None
