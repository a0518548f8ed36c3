"""A template as Meta keeps it: read from Meta's JSON, checked, and shown again."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from sandbox.forms import PLACED, Form, form_of
from sandbox.samples import SAMPLES

APPROVED: Final = "APPROVED"
STATUSES: Final = (
    APPROVED, "PAUSED", "DISABLED", "PENDING", "REJECTED", "IN_APPEAL", "ARCHIVED",
    "LIMIT_EXCEEDED", "PENDING_DELETION", "DELETED",
)  # fmt: skip
CATEGORIES: Final = ("MARKETING", "UTILITY", "AUTHENTICATION")
_COMPONENTS: Final = ("HEADER", "BODY", "FOOTER", "BUTTONS")
_BUTTONS: Final = ("QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE")
_NAME: Final = re.compile(r"[a-z0-9_]{1,512}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(_[A-Z]{2,4})?")
_MOST_OBJECTS: Final = 10  # templates/components: of buttons
_FIRST_ID: Final = 594_425_479_261_000
# The longest texts (templates/components): of a header, a body, a footer, a button, an address
TEXT_CHARACTERS: Final = {"HEADER": 60, "BODY": 1024, "FOOTER": 60, "BUTTON": 25, "URL": 2000}


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
    quality: str = "UNKNOWN"  # GREEN, YELLOW, RED

    @property
    def key(self) -> tuple[str, str]:
        return self.name, self.language

    def shown(self) -> dict[str, Any]:
        """As GET message_templates answers."""
        fields = msgspec.structs.asdict(self)
        del fields["form"], fields["quality"]
        return fields | {"quality_score": {"score": self.quality}}


Templates = Mapping[tuple[str, str], Template]  # by name and language


def template_of(given: Mapping[str, Any], number: int) -> Template:
    """The template that Meta's JSON describes; `number` makes its id.

    Without `language` it is in en_US, without `status` approved, without `category` UTILITY.
    Other keys, which Meta adds when it shows a template, are of no account. Raises ValueError.
    """
    components = _components(given.get("components"))
    parameter_format = _one_of(
        given, "parameter_format", ("POSITIONAL", "NAMED"), default="POSITIONAL"
    )
    return Template(
        id=str(_FIRST_ID + number),
        name=_matching(given, "name", _NAME, "is 1 to 512 of a-z, 0-9 and _"),
        language=_matching(given, "language", _LANGUAGE, "is a code as en_US or de", "en_US"),
        status=_one_of(given, "status", STATUSES, default=APPROVED),
        category=_one_of(given, "category", CATEGORIES, default="UTILITY"),
        parameter_format=parameter_format,
        components=components,
        form=form_of(components, parameter_format),
    )


def _components(given: Any) -> tuple[dict[str, Any], ...]:
    components = tuple(
        _component(f"components[{place}]", each)
        for place, each in enumerate(_objects("components", given))
    )
    kinds = [component["type"] for component in components]
    if kinds.count("BODY") != 1 or len(set(kinds)) < len(kinds):
        raise ValueError("components has one BODY, and of every other type one at most")
    return components


def _component(where: str, given: dict[str, Any]) -> dict[str, Any]:
    """With its type and format in upper case, as Meta shows it."""
    kind = _one_of(given, "type", _COMPONENTS, where=where)
    component = given | {"type": kind}
    if kind == "BUTTONS":
        at = f"{where}.buttons"
        buttons = enumerate(_objects(at, given.get("buttons")))
        return component | {"buttons": [_button(f"{at}[{place}]", each) for place, each in buttons]}
    if kind == "HEADER":
        component["format"] = _one_of(given, "format", ("TEXT", *sorted(PLACED)), where=where)
        if component["format"] != "TEXT":
            return component
    _check_text(where, given.get("text"), TEXT_CHARACTERS[kind])
    return component


def _button(where: str, given: dict[str, Any]) -> dict[str, Any]:
    kind = _one_of(given, "type", _BUTTONS, where=where)
    if kind != "COPY_CODE":  # its text is Meta's
        _check_text(where, given.get("text"), TEXT_CHARACTERS["BUTTON"])
    if kind == "URL":
        _check_text(f"{where}.url", given.get("url"), TEXT_CHARACTERS["URL"])
    return given | {"type": kind}


def _objects(where: str, given: Any) -> list[dict[str, Any]]:
    try:
        objects = msgspec.convert(given, list[dict[str, Any]])
    except msgspec.ValidationError:
        objects = []
    if not 1 <= len(objects) <= _MOST_OBJECTS:
        raise ValueError(f"{where} is a list of 1 to {_MOST_OBJECTS} objects")
    return objects


def _check_text(where: str, text: Any, most: int) -> None:
    if not isinstance(text, str) or not 1 <= len(text) <= most:
        raise ValueError(f"{where} has a text of 1 to {most} characters")


def _one_of(
    given: Mapping[str, Any],
    key: str,
    values: Sequence[str],
    *,
    default: str | None = None,
    where: str = "",
) -> str:
    value = given.get(key, default)
    if isinstance(value, str) and value.upper() in values:
        return value.upper()
    name = f"{where}.{key}" if where else key
    raise ValueError(f"{name} is one of {', '.join(values)}, not {value!r}")


def _matching(
    given: Mapping[str, Any], key: str, pattern: re.Pattern[str], rule: str, default: str = ""
) -> str:
    value = given.get(key, default)
    if isinstance(value, str) and pattern.fullmatch(value):
        return value
    raise ValueError(f"{key} {rule}, not {value!r}")


TEMPLATES: Final[Templates] = {
    template.key: template
    for template in (template_of(given, number) for number, given in enumerate(SAMPLES, start=1))
}
