"""JSON Schemas as people read them: their fields in a row, their types in words. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

Object = Mapping[str, Any]

DEEPEST: Final = 4
_NULL: Final = {"type": "null"}
_WORDS: Final = {
    "integer": "whole number", "number": "number", "string": "string", "boolean": "true or false",
    "object": "object", "null": "null",
}  # fmt: skip
_FORMATS: Final = {"date-time": "time", "uuid": "UUID"}


def is_struct(schema: Object) -> bool:
    """Whether a schema has fields to tell of."""
    return "$ref" in schema or "allOf" in schema


def fields(schema: Object, shapes: Object, at: str = "") -> Iterator[tuple[str, Object, bool]]:
    """Every field below a schema: its path as `message.template.name`, schema, whether required."""
    for shape in _structs(schema, shapes):
        required = shape.get("required", ())
        for name, field in shape.get("properties", {}).items():
            path = f"{at}{name}"
            yield path, field, name in required
            if path.count(".") < DEEPEST:
                many = "[]." if _is_list(field) else "."
                yield from fields(field, shapes, f"{path}{many}")


def frames(content: Object, shapes: Object) -> Iterator[tuple[str, str]]:
    """Each frame of an event stream: its type, and its fields."""
    for shape in _structs(content["schema"]["properties"]["data"]["contentSchema"], shapes):
        names = (f"`{name}`" for name in shape["properties"] if name != "type")
        yield shape["properties"]["type"]["enum"][0], " ".join(names)


def type_of(schema: Object, shapes: Object) -> str:
    """A type in words: `list of strings`, `all | marketing`."""
    match schema:
        case {"$ref": str(ref)}:
            named = shapes[ref.rsplit("/", 1)[1]]
            return type_of(named, shapes) if "enum" in named else "object"
        case {"enum": values}:
            return " | ".join(map(str, values))
        case {"anyOf": alternatives}:
            return " or ".join(dict.fromkeys(type_of(one, shapes) for one in alternatives))
        case {"type": "array"}:
            return f"list of {_many(type_of(schema.get('items', {}), shapes))}"
        case _:
            return _simple(schema)


def _simple(schema: Object) -> str:
    word = _FORMATS.get(schema.get("format", "")) or _WORDS.get(schema.get("type", ""), "anything")
    if "minimum" in schema:
        most = f"to {schema['maximum']}" if "maximum" in schema else "or more"
        return f"{word}, {schema['minimum']} {most}"
    if "maxLength" in schema:
        least = f"{schema['minLength']} to" if schema.get("minLength") else "up to"
        return f"{word}, {least} {schema['maxLength']} characters"
    return word


def _many(word: str) -> str:
    """More than one of a type."""
    return f"{word}s" if word in ("object", "string", "number", "whole number") else word


def _structs(schema: Object, shapes: Object) -> Iterator[Object]:
    """The structs that a schema means: itself, what it refers to, its alternatives."""
    match schema:
        case {"$ref": str(ref)}:
            yield shapes[ref.rsplit("/", 1)[1]]
        case {"anyOf": alternatives} | {"allOf": alternatives}:
            for one in alternatives:
                yield from _structs(one, shapes)
        case {"items": items}:
            yield from _structs(items, shapes)
        case _:
            pass


def _is_list(schema: Object) -> bool:
    alternatives = schema.get("anyOf", [schema])
    return any(one.get("type") == "array" for one in alternatives if one != _NULL)
