"""Bodies of Meta's Cloud API: what a request to `/{phone_number_id}/messages` looks like."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from schemas.jobs import Content, Template, Text
from schemas.places import BUTTONS, MEDIA, Part, Place, places_of

Body = dict[str, Any]  # JSON by nature; every key of it is written in this file
Keyed = tuple[tuple[str, Place], ...]  # keys of values, and the places that they fill


class _Plan(NamedTuple):
    """Which values fill which part, in the order in which Meta reads them."""

    header: Keyed
    body: Keyed
    buttons: Keyed


def request_body(content: Content, to: str, variables: Mapping[str, str], tag: str) -> bytes:
    """The JSON to post for one recipient (business-messaging/whatsapp: messages, templates)."""
    body: Body = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": to,
        "biz_opaque_callback_data": tag,
    }
    match content:
        case Template():
            body |= {"type": "template", "template": _template(content, variables)}
        case Text():
            text = {"body": content.body, "preview_url": content.preview_url}
            body |= {"type": "text", "text": text}
    return msgspec.json.encode(body)


def components(values: Mapping[str, str]) -> list[Body]:
    """Values by key (`schemas.places`) as the parts of a template: header, body, dynamic buttons.

    Positional values follow {{1}}..{{n}}; named ones carry `parameter_name`, in any order.
    """
    plan = _plan(tuple(values))
    made: list[Body] = []
    if plan.header:
        made.append({"type": "header", "parameters": _header(plan.header, values)})
    if plan.body:
        made.append({"type": "body", "parameters": _texts(plan.body, values)})
    return made + [_button(place, values[key]) for key, place in plan.buttons]


def _template(content: Template, own: Mapping[str, str]) -> Body:
    template: Body = {"name": content.name, "language": {"code": content.language_code}}
    if content.components is not None:
        return template | {"components": content.components}
    made = components({**content.variables, **own})
    return template | {"components": made} if made else template


@lru_cache(maxsize=64)
def _plan(keys: tuple[str, ...]) -> _Plan:
    """Made once a job: all of its messages have the same keys."""
    places = sorted(places_of(keys).items(), key=lambda keyed: _rank(keyed[1]))
    return _Plan(
        header=tuple(keyed for keyed in places if keyed[1].part.startswith("header")),
        body=tuple(keyed for keyed in places if keyed[1].part is Part.BODY),
        buttons=tuple(keyed for keyed in places if keyed[1].part in BUTTONS),
    )


def _rank(place: Place) -> int:
    """Numbered places by their number; the others stay as they come."""
    return int(place.name) if place.name.isdecimal() else 0


def _texts(keyed: Keyed, values: Mapping[str, str]) -> list[Body]:
    return [
        {"type": "text", "text": values[key]}
        if place.name.isdecimal()
        else {"type": "text", "parameter_name": place.name, "text": values[key]}
        for key, place in keyed
    ]


def _header(keyed: Keyed, values: Mapping[str, str]) -> list[Body]:
    filled = {place.part: values[key] for key, place in keyed}
    for part in MEDIA:
        if part in filled:
            return [_media(part, filled[part], filled.get(Part.FILENAME))]
    if Part.LATITUDE in filled:
        location = {part.removeprefix("header "): value for part, value in filled.items()}
        return [{"type": "location", "location": location}]
    return _texts(keyed, values)


def _media(part: Part, value: str, filename: str | None) -> Body:
    """A file by its id at Meta, all digits, or by a link that Meta fetches."""
    kind = part.removeprefix("header ")
    file = {"id" if value.isdecimal() else "link": value}
    if filename:
        file["filename"] = filename
    return {"type": kind, kind: file}


def _button(place: Place, value: str) -> Body:
    match place.part:
        case Part.URL:
            kind, parameter = "url", {"type": "text", "text": value}
        case Part.CODE:
            kind, parameter = "copy_code", {"type": "coupon_code", "coupon_code": value}
        case _:
            kind, parameter = "quick_reply", {"type": "payload", "payload": value}
    return {"type": "button", "sub_type": kind, "index": place.name, "parameters": [parameter]}
