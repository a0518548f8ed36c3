"""JSON Schemas of the structs, with what each field means. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from gateway.description import Either, Field

Object = dict[str, Any]

_REF: Final = "#/components/schemas/{name}"
_NULL: Final = {"type": "null"}
_BINARY: Final = {"type": "string", "format": "binary"}
_TIME: Final = re.compile(r"(^a|A)t$|Until$")  # names of times, as the house has it


class Schemas:
    """The schemas of some types; structs are components, to be referred to."""

    def __init__(self, hints: Sequence[Any], fields: Mapping[str, Field]) -> None:
        made, components = msgspec.json.schema_components(hints, ref_template=_REF)
        self.components: dict[str, Object] = components
        self._made = list(zip(hints, made, strict=True))
        required = {hint.__name__: hint.REQUIRED for hint in hints if hasattr(hint, "REQUIRED")}
        for name, component in self.components.items():
            _tell(name, component, fields)
            _demand(component, required.get(name, ()))

    def of(self, hint: Any) -> Object:
        """The schema of one of the types."""
        if isinstance(hint, Either):
            return {"anyOf": [self.of(one) for one in hint.hints]}
        if hint is bytes:
            return dict(_BINARY)
        return next(dict(schema) for known, schema in self._made if known is hint)


def field_of(struct: str, name: str, fields: Mapping[str, Field]) -> Field | None:
    """What is known of a field: as this struct's, or by its name alone."""
    return fields.get(f"{struct}.{name}") or fields.get(name)


def _tell(struct: str, component: Object, fields: Mapping[str, Field]) -> None:
    """Give each property its meaning, its example, its limits; null is no default to tell of."""
    for name, schema in component.get("properties", {}).items():
        if schema.get("default", ...) is None:
            del schema["default"]
        if _TIME.search(name):
            _inner(schema)["format"] = "date-time"
        if (field := field_of(struct, name, fields)) is None:
            continue
        _inner(schema).update(field.more)
        schema["description"] = field.meaning
        if field.example is not msgspec.UNSET:
            schema["examples"] = [field.example]


def _inner(schema: Object) -> Object:
    """The schema of what is no null."""
    others = [one for one in schema.get("anyOf", ()) if one != _NULL]
    return others[0] if len(others) == 1 else schema


def _demand(component: Object, names: Sequence[str]) -> None:
    """Fields that may be absent in the struct, so that one answer can name all that are missing."""
    for name in names:
        if name not in component["properties"]:
            continue
        schema = component["properties"][name]
        told = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
        component["properties"][name] = _inner(schema) | told if "anyOf" in schema else schema
    if names:
        component["required"] = list(names)
