"""A no to a client, as a value: its status, its title, and a sentence that says what to do."""

from typing import Any

import msgspec

from schemas.api import ErrorBody


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A no to a client, as a value."""

    status: int
    error: str
    message: str
    details: Any = None
    path: str | None = None
    headers: dict[str, str] = {}

    def body(self) -> ErrorBody:
        return ErrorBody(self.error, self.message, self.details, self.path)


def bad_request(message: str, details: Any = None) -> Refusal:
    return Refusal(status=400, error="Bad Request", message=message, details=details)
