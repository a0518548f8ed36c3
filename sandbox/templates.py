"""The templates on the sandbox's shelf, and what a send must bring for each of them."""

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

_VARIABLE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_MEDIA: Final = frozenset({"IMAGE", "VIDEO", "DOCUMENT"})


class Form(msgspec.Struct, frozen=True):
    """What a template asks for: names of its variables in order, its media, its buttons."""

    named: bool
    header_media: str | None  # IMAGE, VIDEO or DOCUMENT
    header: tuple[str, ...]
    body: tuple[str, ...]
    body_text: str
    buttons: tuple[str, ...]  # their types by index, lower case
    url_suffixes: tuple[int, ...]  # indexes of the buttons whose address ends in a variable


class Template(msgspec.Struct, frozen=True):
    """A template as GET message_templates shows it, and its form."""

    id: str
    name: str
    language: str
    status: str
    category: str
    parameter_format: str
    components: tuple[dict[str, Any], ...]
    form: Form

    def shown(self) -> dict[str, Any]:
        """As GET message_templates answers: without the form."""
        fields = msgspec.structs.asdict(self)
        del fields["form"]
        return fields


Shelf = dict[tuple[str, str], Template]  # by name and language


def form_of(components: Sequence[dict[str, Any]], parameter_format: str) -> Form:
    """Read a form off a template's components (their `type`s are upper case)."""
    by_type = {component["type"]: component for component in components}
    header, body = by_type.get("HEADER", {}), by_type.get("BODY", {})
    buttons = by_type.get("BUTTONS", {}).get("buttons", ())
    media = header.get("format")
    return Form(
        named=parameter_format == "NAMED",
        header_media=media if media in _MEDIA else None,
        header=_variables(header.get("text", "")),
        body=_variables(body.get("text", "")),
        body_text=body.get("text", ""),
        buttons=tuple(button["type"].lower() for button in buttons),
        url_suffixes=tuple(
            index for index, button in enumerate(buttons) if _variables(button.get("url", ""))
        ),
    )


def filled(form: Form, values: Sequence[str]) -> str:
    """The body's text with `values`, in the order of `form.body`, in their places."""
    by_name = dict(zip(form.body, values, strict=True))
    return _VARIABLE.sub(lambda place: by_name[place[1]], form.body_text)


def _variables(text: str) -> tuple[str, ...]:
    """`{{1}}..{{n}}` by their number, named ones as they come; each once."""
    names = dict.fromkeys(_VARIABLE.findall(text))
    if all(name.isdecimal() for name in names):
        return tuple(sorted(names, key=int))
    return tuple(names)


def _template(
    number: int,
    name: str,
    *components: dict[str, Any],
    category: str = "UTILITY",
    status: str = "APPROVED",
    parameter_format: str = "POSITIONAL",
) -> Template:
    form = form_of(components, parameter_format)
    return Template(
        str(594_425_479_261_000 + number), name, "en_US", status, category, parameter_format,
        components, form,
    )  # fmt: skip


def _body(text: str, **example: object) -> dict[str, Any]:
    return {"type": "BODY", "text": text} | ({"example": example} if example else {})


_SALE_BUTTONS: Final = {
    "type": "BUTTONS",
    "buttons": [
        {
            "type": "URL",
            "text": "Shop now",
            "url": "https://example.com/sale/{{1}}",
            "example": ["https://example.com/sale/summer"],
        },
        {"type": "QUICK_REPLY", "text": "Stop promotions"},
    ],
}

TEMPLATES: Final[Shelf] = {
    (template.name, template.language): template
    for template in (
        _template(1, "hello_world", _body("Hello World")),
        _template(
            2,
            "order_update",
            _body("Hi {{1}}, your order {{2}} is on its way.", body_text=[["Ann", "SKU-1"]]),
        ),
        _template(
            3,
            "welcome",
            _body(
                "Welcome, {{first_name}}!",
                body_text_named_params=[{"param_name": "first_name", "example": "Ann"}],
            ),
            parameter_format="NAMED",
        ),
        _template(
            4,
            "sale",
            {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW"]}},
            _body("{{1}}, everything is cheaper until Sunday.", body_text=[["Ann"]]),
            _SALE_BUTTONS,
            category="MARKETING",
        ),
        _template(
            5, "paused_offer", _body("Ten percent off."), category="MARKETING", status="PAUSED"
        ),
        _template(
            6, "disabled_offer", _body("Half price."), category="MARKETING", status="DISABLED"
        ),
    )
}
