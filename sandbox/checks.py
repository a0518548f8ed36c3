"""What Meta checks of a send before it takes it. Pure: a request in, None or the refusal out."""

import re
from collections.abc import Sequence
from typing import Final

from sandbox.bodies import Component, Parameter, Send, TemplateBody, TextBody
from sandbox.errors import Refusal
from sandbox.templates import Form, Shelf

TAG_CHARACTERS: Final = 512
TEXT_CHARACTERS: Final = 4096
FILLED_CHARACTERS: Final = 1024  # a template's body with its values in place
_PUNCTUATION: Final = str.maketrans("", "", "+-() .")
_USER_ID: Final = re.compile(r"[A-Z]{2}\.(ENT\.)?[0-9A-Za-z]{1,128}")
_MISSHAPEN: Final = re.compile(r"[\n\r\t]| {5}")  # what no value of a template may contain
_COMPONENT_TYPES: Final = frozenset({"header", "body", "button"})


def check_token(authorization: str | None) -> Refusal | None:
    """Any bearer token will do, but for none at all and the word `expired`."""
    scheme, _, token = (authorization or "").partition(" ")
    match token.strip() if scheme.lower() == "bearer" else "":
        case "":
            message = "Invalid OAuth access token - Cannot parse access token"
            return Refusal(190, message=message)
        case "expired":
            message = "Error validating access token: Session has expired."
            return Refusal(190, message=message, subcode=463)
        case _:
            return None


def check_object_id(object_id: str, verb: str) -> Refusal | None:
    """Ids are digits; what else stands in their place does not exist (100, subcode 33)."""
    if object_id.isascii() and object_id.isdecimal() and len(object_id) <= 32:
        return None
    return Refusal(
        100,
        message=f"Unsupported {verb} request. Object with ID '{object_id}' does not exist, cannot"
        " be loaded due to missing permissions, or does not support this operation",
        type="GraphMethodException",
        subcode=33,
    )


def check(send: Send, shelf: Shelf) -> Refusal | None:
    """The first thing that is wrong with a send, in the order in which Meta looks."""
    return _check_frame(send) or _check_content(send, shelf)


def wa_id(to: str) -> str | None:
    """The digits of a phone number, or None when it is none."""
    digits = to if to.isdecimal() else to.translate(_PUNCTUATION)
    if digits.isascii() and digits.isdecimal() and 5 <= len(digits) <= 15:
        return digits
    return None


def body_values(send: TemplateBody, form: Form) -> tuple[str, ...]:
    """The values of the body of a checked send, in the order of `form.body`."""
    parameters = _parameters(send.components or (), "body")
    if form.named:
        by_name = {parameter.parameter_name: _shown(parameter) for parameter in parameters}
        return tuple(by_name[name] for name in form.body)
    return tuple(_shown(parameter) for parameter in parameters)


def _check_frame(send: Send) -> Refusal | None:
    if send.messaging_product is None:
        return _missing("messaging_product")
    if send.messaging_product != "whatsapp":
        return Refusal(100, "Param messaging_product must be 'whatsapp'")
    if send.type is None:
        return _missing("type")
    if send.recipient_type not in (None, "individual"):
        return Refusal(100, "Param recipient_type must be 'individual': the sandbox has no groups")
    if len(send.biz_opaque_callback_data or "") > TAG_CHARACTERS:
        limit = f"must be at most {TAG_CHARACTERS} characters long"
        return Refusal(100, f"Param biz_opaque_callback_data {limit}")
    return _check_recipient(send)


def _check_recipient(send: Send) -> Refusal | None:
    if send.to:
        bad = wa_id(send.to) is None
        return Refusal(131009, "Param to is not a phone number") if bad else None
    if send.recipient:
        bad = not _USER_ID.fullmatch(send.recipient)
        return Refusal(131009, "Param recipient is not a user id") if bad else None
    return _missing("to")


def _check_content(send: Send, shelf: Shelf) -> Refusal | None:
    match send.type:
        case "template":
            return _check_template(send.template, shelf)
        case "text":
            return _check_text(send.text)
        case _:
            return Refusal(131051, f"The sandbox takes template and text, not {send.type!r}")


def _check_text(text: TextBody | None) -> Refusal | None:
    if text is None or not text.body:
        return _missing("text.body")
    if len(text.body) > TEXT_CHARACTERS:
        return Refusal(100, f"Param text.body must be at most {TEXT_CHARACTERS} characters long")
    return None


def _check_template(template: TemplateBody | None, shelf: Shelf) -> Refusal | None:
    if template is None or not template.name:
        return _missing("template.name")
    if template.language is None or not template.language.code:
        return _missing("template.language.code")
    if template.language.policy not in (None, "deterministic"):
        return Refusal(131009, "Param template.language.policy must be 'deterministic'")
    known = shelf.get((template.name, template.language.code))
    if known is None:
        where = f"template name ({template.name}) does not exist in {template.language.code}"
        return Refusal(132001, where)
    return _check_status(known.status) or _check_components(template.components or (), known.form)


def _check_status(status: str) -> Refusal | None:
    match status:
        case "APPROVED":
            return None
        case "PAUSED":
            return Refusal(132015)
        case "DISABLED":
            return Refusal(132016)
        case _:
            return Refusal(132001, f"the template is {status}, not approved")


def _check_components(components: Sequence[Component], form: Form) -> Refusal | None:
    for place, component in enumerate(components):
        if (component.type or "").lower() not in _COMPONENT_TYPES:
            return Refusal(100, f"components[{place}].type must be one of header, body, button")
    return (
        _check_header(_parameters(components, "header"), form)
        or _check_values("body", _parameters(components, "body"), form.body, named=form.named)
        or _check_length(_parameters(components, "body"), form)
        or _check_buttons(components, form)
    )


def _check_header(parameters: Sequence[Parameter], form: Form) -> Refusal | None:
    if form.header_media is None:
        return _check_values("header", parameters, form.header, named=form.named)
    received = (parameters[0].type or "unknown").upper() if parameters else "UNKNOWN"
    if received != form.header_media:
        mismatch = f"expected {form.header_media}, received {received}"
        return Refusal(132012, f"header: Format mismatch, {mismatch}")
    if len(parameters) > 1:
        return _wrong_count("header", len(parameters), 1)
    kind = received.lower()
    media = getattr(parameters[0], kind)
    return None if media and (media.link or media.id) else _missing(f"{kind}.link or {kind}.id")


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
    value = _shown(parameter)
    if not value:
        field = "text" if kind == "text" else "fallback_value"
        mandatory = f"is mandatory for component parameter type '{kind}'"
        return Refusal(100, f"Parameter '{field}' {mandatory}")
    if _MISSHAPEN.search(value):
        return Refusal(132012, f"{where}: no new line, tab or more than 4 spaces in a row")
    return None


def _check_length(parameters: Sequence[Parameter], form: Form) -> Refusal | None:
    length = len(form.body_text) + sum(len(_shown(parameter)) for parameter in parameters)
    length -= sum(len(name) + len("{{}}") for name in form.body)
    if length > FILLED_CHARACTERS:
        return Refusal(132005, f"body: {length} characters, at most {FILLED_CHARACTERS}")
    return None


def _check_buttons(components: Sequence[Component], form: Form) -> Refusal | None:
    given: dict[int, Parameter | None] = {}
    for button in components:
        if (button.type or "").lower() != "button":
            continue
        index, kind = _index(button), (button.sub_type or "").lower()
        if index is None or not 0 <= index < len(form.buttons) or form.buttons[index] != kind:
            return Refusal(131009, f"buttons: no button of type {kind} at index {button.index}")
        given[index] = button.parameters[0] if button.parameters else None
    for index in form.url_suffixes:
        suffix = given.get(index)
        if suffix is None or not suffix.text:
            need = f"Button at index {index} of type Url requires a parameter"
            return Refusal(131008, f"buttons: {need}")
    return None


def _parameters(components: Sequence[Component], kind: str) -> Sequence[Parameter]:
    for component in components:
        if component.type == kind or (component.type or "").lower() == kind:
            return component.parameters or ()
    return ()


def _shown(parameter: Parameter) -> str:
    """What the recipient reads in the parameter's place."""
    if parameter.text is not None:
        return parameter.text
    fallback = parameter.currency or parameter.date_time
    return (fallback.fallback_value if fallback else None) or ""


def _index(button: Component) -> int | None:
    """`"0"` or `0`, up to 9."""
    text = str(button.index)
    return int(text) if len(text) == 1 and text in "0123456789" else None


def _missing(parameter: str) -> Refusal:
    return Refusal(131008, f"Parameter {parameter} is missing")


def _wrong_count(where: str, count: int, expected: int) -> Refusal:
    return Refusal(
        132000,
        f"{where}: number of localizable_params ({count}) does not match the expected number of"
        f" params ({expected})",
    )
