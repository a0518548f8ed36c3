"""What could not be read of a body, in the words of someone who writes JSON. Pure."""

import re
from typing import Final

import msgspec

from gateway import errors
from gateway.errors import Refusal

_EXPECTED: Final = re.compile(
    r"Expected `(?P<want>.*?)`, got `(?P<got>.*?)`(?: - at `(?P<at>.*)`)?"
)
_MISSING: Final = re.compile(
    r"Object missing required field `(?P<name>.*?)`(?: - at `(?P<at>.*)`)?"
)
_JSON_NAMES: Final = {
    "str": "a string", "int": "a whole number", "float": "a number", "bool": "true or false",
    "array": "a list", "object": "an object", "null": "null",
}  # fmt: skip


def malformed(error: Exception, body: bytes) -> Refusal:
    """What msgspec could not read, in the words of someone who writes JSON."""
    if isinstance(error, RecursionError):
        return errors.bad_request("The body is nested too deep: a few levels are enough.")
    text = str(error)
    if missing := _MISSING.match(text):
        return errors.missing_fields([_path(missing["at"], missing["name"])])
    if wrong := _EXPECTED.match(text):
        names = [_JSON_NAMES.get(name, name) for name in wrong["want"].split(" | ")]
        wanted = " or ".join(name for name in names if name != "null")
        if {"true or false", "a number", "a string"} <= set(names):
            wanted = "a string or a number"
        got = _JSON_NAMES.get(wrong["got"], wrong["got"])
        return errors.bad_request(
            f"{_path(wrong['at']) or 'The body'} must be {wanted}, not {got}."
        )
    if isinstance(error, msgspec.ValidationError):
        return errors.bad_request(f"{text}.")
    if not body.strip():
        return errors.bad_request("The body is empty: send a JSON object.")
    return errors.bad_request(f"The body is not valid JSON: {text}.")


def _path(at: str | None, name: str = "") -> str:
    """`$.message` and `kind` as `message.kind`."""
    return ".".join(filter(None, ((at or "$").removeprefix("$").removeprefix("."), name)))
