"""What Meta checks of a send before it takes it. Pure: a request in, None or the refusal out."""

import re
from typing import Final

from sandbox.bodies import Send, TemplateBody, TextBody
from sandbox.components import check_components
from sandbox.errors import Refusal
from sandbox.templates import Templates

TAG_CHARACTERS: Final = 512
TEXT_CHARACTERS: Final = 4096
DEAD: Final = "Bearer expired"  # what a token is taken for that has come to its end
_PUNCTUATION: Final = str.maketrans("", "", "+-() .")
_USER_ID: Final = re.compile(r"[A-Z]{2}\.(ENT\.)?[0-9A-Za-z]{1,128}")


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


def check(send: Send, templates: Templates) -> Refusal | None:
    """The first thing that is wrong with a send, in the order in which Meta looks."""
    return _check_frame(send) or _check_content(send, templates)


def wa_id(to: str) -> str | None:
    """The digits of a phone number, or None when it is none."""
    digits = to if to.isdecimal() else to.translate(_PUNCTUATION)
    if digits.isascii() and digits.isdecimal() and 5 <= len(digits) <= 15:
        return digits
    return None


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


def _check_content(send: Send, templates: Templates) -> Refusal | None:
    match send.type:
        case "template":
            return _check_template(send.template, templates)
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


def _check_template(template: TemplateBody | None, templates: Templates) -> Refusal | None:
    if template is None or not template.name:
        return _missing("template.name")
    if template.language is None or not template.language.code:
        return _missing("template.language.code")
    if template.language.policy not in (None, "deterministic"):
        return Refusal(131009, "Param template.language.policy must be 'deterministic'")
    known = templates.get((template.name, template.language.code))
    if known is None:
        where = f"template name ({template.name}) does not exist in {template.language.code}"
        return Refusal(132001, where)
    return _check_status(known.status) or check_components(template.components or (), known.form)


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


def _missing(parameter: str) -> Refusal:
    return Refusal(131008, f"Parameter {parameter} is missing")
