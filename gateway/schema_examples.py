"""An example of what a JSON Schema asks for, made of the examples of its fields. Pure."""

from collections.abc import Mapping
from typing import Any, Final

Components = Mapping[str, Mapping[str, Any]]

_STRINGS: Final = {
    "date-time": "2026-11-23T20:36:31.951886Z",
    "date": "2026-11-23",
    "uuid": "5b0f8c1e-6d0b-4a53-9a3e-2f1f0a6a7c11",
}


def example_of(schema: Mapping[str, Any], components: Components) -> Any:
    """The example that a schema gives of itself, or one that it allows."""
    match schema:
        case {"examples": [first, *_]}:
            return first
        case {"const": value} | {"default": value} | {"enum": [value, *_]}:
            return value
        case {"$ref": str(ref)}:
            return example_of(components[ref.rsplit("/", 1)[1]], components)
        case {"anyOf": alternatives} | {"oneOf": alternatives} | {"allOf": alternatives}:
            # What may be null, and has no example of its own, is null most of the time.
            nothing = {"type": "null"} in alternatives
            return None if nothing else example_of(alternatives[0], components)
        case _:
            return _of_type(schema, components)


def _of_type(schema: Mapping[str, Any], components: Components) -> Any:
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {})
            return {name: example_of(field, components) for name, field in fields.items()}
        case "array":
            return [example_of(schema.get("items", {}), components)]
        case "string":
            return _STRINGS.get(schema.get("format", ""), "…")
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return False
        case _:
            return None
