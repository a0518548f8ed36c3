"""What Meta checks of the values that a send brings for a template. Pure.

The details are Meta's own where a refusal of its is known; where none is, they say what is wrong.
"""

import re
from collections.abc import Sequence
from typing import Final

from sandbox.bodies import Component, Location, Parameter, parameters_of
from sandbox.errors import Refusal
from sandbox.forms import Button, Form, filled_length
from sandbox.templates import TEXT_CHARACTERS

COUPON_CHARACTERS: Final = 20  # templates/components: of a copy-code button's example
_MISSHAPEN: Final = re.compile(r"[\n\r\t]| {5}")  # what no value of a template may contain
_TYPES: Final = frozenset({"header", "body", "button"})


def check_components(components: Sequence[Component], form: Form) -> Refusal | None:
    """The first thing that is wrong with the values for a template of this form."""
    for place, component in enumerate(components):
        if (component.type or "").lower() not in _TYPES:
            return Refusal(100, f"components[{place}].type must be one of header, body, button")
    body = parameters_of(components, "body")
    return (
        _check_header(parameters_of(components, "header"), form)
        or _check_values("body", body, form.body, named=form.named)
        or _check_length("body", body, form.body, form.body_text)
        or _check_buttons(components, form)
    )


def _check_header(parameters: Sequence[Parameter], form: Form) -> Refusal | None:
    if form.header_kind is None:
        return _check_values("header", parameters, form.header, named=form.named) or _check_length(
            "header", parameters, form.header, form.header_text
        )
    received = (parameters[0].type or "unknown").upper() if parameters else "UNKNOWN"
    if received != form.header_kind:
        mismatch = f"expected {form.header_kind}, received {received}"
        return Refusal(132012, f"header: Format mismatch, {mismatch}")
    if len(parameters) > 1:
        return _wrong_count("header", len(parameters), 1)
    if received == "LOCATION":
        return _check_location(parameters[0].location or Location())
    return _check_media(parameters[0], received.lower())


def _check_media(parameter: Parameter, kind: str) -> Refusal | None:
    media = getattr(parameter, kind)
    if not media or not (media.link or media.id):
        return _missing(f"{kind}.link or {kind}.id")
    if media.link and not media.link.lower().startswith(("http://", "https://")):
        return Refusal(100, f"Param {kind}['link'] is not a valid URL")
    return None


def _check_location(location: Location) -> Refusal | None:
    for name, value, most in (
        ("latitude", location.latitude, 90), ("longitude", location.longitude, 180),
    ):  # fmt: skip
        if value is None or value == "":
            return _missing(f"location.{name}")
        try:
            is_there = abs(float(value)) <= most
        except ValueError:
            is_there = False
        if not is_there:
            return Refusal(131009, f"Param location.{name} is from -{most} to {most}")
    return None


def _check_values(
    where: str, parameters: Sequence[Parameter], names: tuple[str, ...], *, named: bool
) -> Refusal | None:
    if len(parameters) != len(names):
        return _wrong_count(where, len(parameters), len(names))
    if named:
        if {parameter.parameter_name for parameter in parameters} != set(names):
            return Refusal(132012, f"{where}: parameter_name must be {', '.join(names)}")
    elif any(parameter.parameter_name is not None for parameter in parameters):
        return Refusal(132012, f"{where}: the template's parameters have no names")
    for parameter in parameters:
        if refusal := _check_value(where, parameter):
            return refusal
    return None


def _check_value(where: str, parameter: Parameter) -> Refusal | None:
    kind = (parameter.type or "").lower()
    if kind not in ("text", "currency", "date_time"):
        received = (parameter.type or "unknown").upper()
        return Refusal(132012, f"{where}: Format mismatch, expected TEXT, received {received}")
    value = parameter.shown
    if not value:
        field = "text" if kind == "text" else "fallback_value"
        mandatory = f"is mandatory for component parameter type '{kind}'"
        return Refusal(100, f"Parameter '{field}' {mandatory}")
    if _MISSHAPEN.search(value):
        return Refusal(132012, f"{where}: no new line, tab or more than 4 spaces in a row")
    return None


def _check_length(
    where: str, parameters: Sequence[Parameter], names: Sequence[str], text: str
) -> Refusal | None:
    length = filled_length(text, names, [parameter.shown for parameter in parameters])
    most = TEXT_CHARACTERS[where.upper()]
    if length > most:
        return Refusal(132005, f"{where}: {length} characters, at most {most}")
    return None


def _check_buttons(components: Sequence[Component], form: Form) -> Refusal | None:
    given: set[int] = set()
    for component in components:
        if (component.type or "").lower() != "button":
            continue
        index = component.place
        if index is None or index >= len(form.buttons):
            return Refusal(131009, f"buttons: no button at index {component.index}")
        if refusal := _check_button(index, component, form.buttons[index]):
            return refusal
        given.add(index)
    for index, button in enumerate(form.buttons):
        if button.needs_value and index not in given:
            return _needs_value(index, button)
    return None


def _check_button(index: int, component: Component, button: Button) -> Refusal | None:
    if (component.sub_type or "").lower() != button.kind:
        title = _title(button.kind)
        return Refusal(132018, f"buttons: Button at index {index} must be of type {title}")
    parameters: Sequence[Parameter] = component.parameters or ()
    takes_value = button.needs_value or button.kind == "quick_reply"
    match len(parameters):
        case 0:  # a quick reply gives its text back then
            return _needs_value(index, button) if button.needs_value else None
        case 1 if takes_value:
            return _check_button_value(index, parameters[0], button)
        case count:
            return _wrong_count(f"buttons: Button at index {index}", count, int(takes_value))


def _check_button_value(index: int, parameter: Parameter, button: Button) -> Refusal | None:
    expected, value = {
        "quick_reply": ("payload", parameter.payload),
        "url": ("text", parameter.text),
        "copy_code": ("coupon_code", parameter.coupon_code),
    }[button.kind]
    received = (parameter.type or "unknown").lower()
    if received != expected:
        mismatch = f"expected {expected.upper()}, received {received.upper()}"
        return Refusal(132012, f"buttons: Button at index {index}: Format mismatch, {mismatch}")
    if not value:
        return _needs_value(index, button)
    longest = TEXT_CHARACTERS["URL"] if expected == "text" else COUPON_CHARACTERS
    if expected != "payload" and len(button.url) + len(value) > longest:
        return Refusal(132005, f"buttons: Button at index {index}: at most {longest} characters")
    return None


def _needs_value(index: int, button: Button) -> Refusal:
    what = {
        "copy_code": "of type copy_code requires a non-empty parameter coupon_code",
        "quick_reply": "of type QuickReply requires a non-empty parameter payload",
    }.get(button.kind, f"of type {_title(button.kind)} requires a parameter")
    return Refusal(131008, f"buttons: Button at index {index} {what}")


def _title(kind: str) -> str:
    """`QuickReply` of `quick_reply`, as Meta's details have it."""
    return "".join(word.capitalize() for word in kind.split("_"))


def _missing(parameter: str) -> Refusal:
    return Refusal(131008, f"Parameter {parameter} is missing")


def _wrong_count(where: str, count: int, expected: int) -> Refusal:
    return Refusal(
        132000,
        f"{where}: number of localizable_params ({count}) does not match the expected number of"
        f" params ({expected})",
    )
