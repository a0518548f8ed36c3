"""What single recipients would get, filled in: the text of the template where it is known. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from gateway import components
from gateway.forms import Template
from gateway.numbers import Invalid
from gateway.recipients import Accepted
from schemas import jobs, meta
from schemas.places import Part, Place, places_of
from schemas.plan_api import Example

MOST_EXAMPLES: Final = 3
_VARIABLE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_values: Final = msgspec.json.Decoder(dict[str, str])


def example(content: jobs.Content, template: Template | None, accepted: Accepted) -> Example:
    """What this recipient would read; without the template's text, the values that fill it."""
    if isinstance(content, jobs.Text):
        return Example(to=accepted.recipient, text=content.body)
    own = _values.decode(accepted.variables) if accepted.variables else {}
    values = {**content.variables, **own}
    if template and (text := _text(template, _filled(content, values))):
        return Example(to=accepted.recipient, text=text)
    given: Any = content.components
    return Example(
        to=accepted.recipient, components=meta.components(values) if given is None else given
    )


def _filled(content: jobs.Template, values: Mapping[str, str]) -> Mapping[Place, str]:
    if content.components is None:
        return {place: values[key] for key, place in places_of(values).items()}
    filled = components.filled_by(content.components)
    return {} if isinstance(filled, Invalid) else filled


def _text(template: Template, filled: Mapping[Place, str]) -> str:
    """Header, body and footer, on lines of their own; what nothing fills stays as it is."""
    parts = {part.type.upper(): part.text for part in template.components or ()}
    named = (("HEADER", Part.TEXT), ("BODY", Part.BODY), ("FOOTER", Part.BODY))
    lines = [_replaced(text, part, filled) for name, part in named if (text := parts.get(name))]
    return "\n".join(lines)


def _replaced(text: str, part: Part, filled: Mapping[Place, str]) -> str:
    return _VARIABLE.sub(lambda found: filled.get(Place(part, found[1]), found[0]), text)
