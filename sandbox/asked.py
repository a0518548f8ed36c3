"""What a request to the sandbox's own side asks for, read and checked; and how it is answered."""

from typing import Any

import msgspec
from aiohttp import web


def check_query(request: web.Request, known: tuple[str, ...]) -> None:
    """Raises ValueError in words when the query has a key that is none of `known`."""
    unknown = set(request.query) - set(known)
    if unknown:
        names = ", ".join(sorted(unknown))
        raise ValueError(f"{names}: no such filter; there are {', '.join(known)}")


def number(
    request: web.Request, name: str, default: int, *, at_least: int, at_most: int = 10**15
) -> int:
    """A whole number of the query. Raises ValueError in words."""
    text = request.query.get(name, str(default))
    if text.isascii() and text.isdecimal() and at_least <= int(text[:16]) <= at_most:
        return int(text)
    raise ValueError(f"{name} is a whole number from {at_least} to {at_most}, not {text[:40]!r}")


def json_of(shown: Any, status: int = 200) -> web.Response:
    """The answer."""
    return web.Response(
        body=msgspec.json.encode(shown), status=status, content_type="application/json"
    )


def bad_request(error: ValueError) -> web.Response:
    """A no, in words."""
    return json_of({"error": "Bad Request", "message": str(error)}, status=400)


def not_found(error: ValueError) -> web.Response:
    """What was asked for is not there."""
    return json_of({"error": "Not Found", "message": str(error)}, status=404)


def forbidden(why: str) -> web.Response:
    """Whoever asks may not."""
    return json_of({"error": "Forbidden", "message": why}, status=403)
