"""Templates as people are shown them: their texts, and the places that are to be filled. Pure.

Which places there are, and what fits them, is what preflight judges by.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from gateway.forms import Button, Component, Form, Template, form_of
from gateway.preflight import most_of
from schemas import template_api as api
from schemas.places import BUTTONS, Part, Place, key_of

# What a place is, as a person is told; `{button}` is the button in words.
MEANINGS: Final[Mapping[Part, str]] = {
    Part.BODY: "Stands in place of {{{{{name}}}}} in the text.",
    Part.TEXT: "Stands in place of {{{{{name}}}}} in the header.",
    Part.IMAGE: "The image above the text: an https link, or the id of a file at Meta.",
    Part.VIDEO: "The video above the text: an https link, or the id of a file at Meta.",
    Part.DOCUMENT: "The document above the text: an https link, or the id of a file at Meta.",
    Part.FILENAME: "The name under which the document is shown.",
    Part.LATITUDE: "The latitude of the location in degrees, as 52.5163.",
    Part.LONGITUDE: "The longitude of the location in degrees, as 13.3777.",
    Part.NAME: "The name that is written under the location.",
    Part.ADDRESS: "The address that is written under the location.",
    Part.URL: "The end of the link of {button}.",
    Part.PAYLOAD: "What comes back when {button} is tapped; if empty, the words on it.",
    Part.CODE: "The code that {button} copies.",
}

_VARIABLE: Final = re.compile(r"\{\{\s*\w+\s*\}\}")


class _Named(msgspec.Struct, frozen=True):
    param_name: str
    example: str


class _Examples(msgspec.Struct, frozen=True):
    """Examples of a text's variables, as Meta keeps them (business-messaging/whatsapp)."""

    body_text: list[list[str]] = []
    body_text_named_params: list[_Named] = []
    header_text: list[str] = []
    header_text_named_params: list[_Named] = []

    @property
    def by_name(self) -> dict[str, str]:
        listed = (self.body_text or [[]])[0] or self.header_text
        named = (*self.body_text_named_params, *self.header_text_named_params)
        return {str(number): text for number, text in enumerate(listed, 1)} | {
            one.param_name: one.example for one in named
        }


def views(templates: Iterable[Template], most: int) -> list[api.TemplateView]:
    """The first of them, in order of name and language."""
    ordered = sorted(templates, key=lambda template: (template.name, template.language))
    return [view(template) for template in ordered[:most]]


def view(template: Template) -> api.TemplateView:
    """A template as it is shown."""
    form = form_of(template)
    parts = {part.type.upper(): part for part in template.components or ()}
    buttons = parts["BUTTONS"].buttons or () if "BUTTONS" in parts else ()
    return api.TemplateView(
        name=template.name,
        language=template.language,
        status=template.status.upper(),
        category=template.category and template.category.upper(),
        sendable=template.is_approved,
        supported=not form.beyond,
        unsupported=_unsupported(form),
        header=_header(parts.get("HEADER")),
        body=parts["BODY"].text if "BODY" in parts else None,
        footer=parts["FOOTER"].text if "FOOTER" in parts else None,
        buttons=[_button(button) for button in buttons],
        places=_places(form, parts, buttons),
    )


def _unsupported(form: Form) -> str | None:
    if not form.beyond:
        return None
    return (
        f"It has {' and '.join(form.beyond)}, which only POST /api/bulk/send can fill, with the"
        " components as Meta takes them."
    )


def _header(header: Component | None) -> api.TemplateHeader | None:
    if header is None:
        return None
    kind = (header.format or "TEXT").lower()
    return api.TemplateHeader(kind, header.text if kind == "text" else None)


def _button(button: Button) -> api.TemplateButton:
    number = None if button.phone_number is None else str(button.phone_number)
    return api.TemplateButton(button.type.lower(), button.text, button.url, number)


def _places(
    form: Form, parts: Mapping[str, Component], buttons: Sequence[Button]
) -> list[api.TemplatePlace]:
    of_text = {
        Part.BODY: _examples(parts["BODY"].example) if "BODY" in parts else {},
        Part.TEXT: _examples(parts["HEADER"].example) if "HEADER" in parts else {},
    }
    return [
        api.TemplatePlace(
            key=key_of(place),
            means=_meaning(place, buttons),
            required=place in form.needed,
            example=_button_example(buttons[int(place.name)])
            if place.part in BUTTONS
            else of_text.get(place.part, {}).get(place.name),
            most=most_of(form, place),
        )
        for place in form.places
    ]


def _meaning(place: Place, buttons: Sequence[Button]) -> str:
    words = ""
    if place.part in BUTTONS:
        text = buttons[int(place.name)].text
        words = f'the button "{text}"' if text else f"button {int(place.name) + 1}"
    return MEANINGS[place.part].format(name=place.name, button=words)


def _examples(given: Any) -> dict[str, str]:
    """By the name of the variable; none where they have another shape."""
    try:
        return msgspec.convert(given or {}, _Examples).by_name
    except msgspec.ValidationError:
        return {}


def _button_example(button: Button) -> str | None:
    """The end of a link, a code; Meta has either alone or as a list."""
    given = button.example[0] if isinstance(button.example, list) and button.example else ""
    shown = given or button.example
    if not isinstance(shown, str):
        return None
    return shown.removeprefix(_VARIABLE.split(button.url or "")[0])
