"""Bodies of Meta's Cloud API: what a request to `/{phone_number_id}/messages` looks like."""

from collections.abc import Mapping
from typing import Any

import msgspec

from schemas.jobs import Content, Template, Text

Body = dict[str, Any]  # JSON by nature; every key of it is written in this file


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


def _template(content: Template, own: Mapping[str, str]) -> Body:
    template: Body = {"name": content.name, "language": {"code": content.language_code}}
    if content.components is not None:
        return template | {"components": content.components}
    parameters = body_parameters({**content.variables, **own})
    if parameters:
        template["components"] = [{"type": "body", "parameters": parameters}]
    return template


def body_parameters(variables: Mapping[str, str]) -> list[Body]:
    """Parameters of a template's body: `1..n` in order, or named ones with their names.

    Positional values must follow {{1}}..{{n}}; named ones carry `parameter_name`, in any order.
    """
    if all(key.isdecimal() for key in variables):
        ordered = sorted(variables.items(), key=lambda item: int(item[0]))
        return [{"type": "text", "text": value} for _, value in ordered]
    return [
        {"type": "text", "parameter_name": key, "text": value} for key, value in variables.items()
    ]
