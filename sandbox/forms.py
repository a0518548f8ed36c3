"""A template's form: what a send must bring for it. Pure: Meta's components in, a form out."""

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

PLACED: Final = frozenset({"IMAGE", "VIDEO", "DOCUMENT", "LOCATION"})  # headers that are no text
_VARIABLE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class Button(msgspec.Struct, frozen=True):
    """A button: its kind in lower case, what is written on it, and its address, if it has one."""

    kind: str
    text: str = ""
    url: str = ""

    @property
    def has_suffix(self) -> bool:
        """Whether its address ends in a variable."""
        return self.kind == "url" and bool(_variables(self.url))

    @property
    def needs_value(self) -> bool:
        """Whether a send must bring a value for it."""
        return self.has_suffix or self.kind == "copy_code"


class Form(msgspec.Struct, frozen=True):
    """What a template asks for: its variables in order, its header's kind, its buttons."""

    named: bool
    header_kind: str | None  # one of PLACED; None: text, or no header
    header: tuple[str, ...]
    header_text: str
    body: tuple[str, ...]
    body_text: str
    buttons: tuple[Button, ...]


def form_of(components: Sequence[dict[str, Any]], parameter_format: str) -> Form:
    """Read a form off a template's components (their `type`s are upper case)."""
    by_type = {component["type"]: component for component in components}
    header, body = by_type.get("HEADER", {}), by_type.get("BODY", {})
    header_text, body_text = header.get("text") or "", body.get("text") or ""
    kind = header.get("format")
    return Form(
        named=parameter_format == "NAMED",
        header_kind=kind if kind in PLACED else None,
        header=_variables(header_text),
        header_text=header_text,
        body=_variables(body_text),
        body_text=body_text,
        buttons=tuple(
            Button(button["type"].lower(), button.get("text") or "", button.get("url") or "")
            for button in by_type.get("BUTTONS", {}).get("buttons", ())
        ),
    )


def filled(form: Form, values: Sequence[str]) -> str:
    """The body's text with `values`, in the order of `form.body`, in their places."""
    return in_place(form.body_text, form.body, values)


def in_place(text: str, names: Sequence[str], values: Sequence[str]) -> str:
    """A text with `values`, in the order of `names`, in the places of its variables."""
    by_name = dict(zip(names, values, strict=True))
    return _VARIABLE.sub(lambda place: by_name[place[1]], text)


def filled_length(text: str, names: Sequence[str], values: Sequence[str]) -> int:
    """How long `text` gets when each of its variables, which occurs once, has its value."""
    spared = sum(len(name) + len("{{}}") for name in names)
    return len(text) + sum(map(len, values)) - spared


def _variables(text: str) -> tuple[str, ...]:
    """`{{1}}..{{n}}` by their number, named ones as they come; each once."""
    names = dict.fromkeys(_VARIABLE.findall(text))
    if all(name.isdecimal() for name in names):
        return tuple(sorted(names, key=int))
    return tuple(names)
