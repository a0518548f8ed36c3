"""How a route is described: what it takes, what it answers, and which refusals it knows. Pure.

The descriptions themselves are in `gateway.described`, one file a part of the API.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec

from gateway.errors import Refusal

JSON: Final = "application/json"


def media_of(media: str | Sequence[str]) -> Sequence[str]:
    """One media type or several, as several."""
    return (media,) if isinstance(media, str) else media


Refusing = Callable[..., Refusal]  # an entry of gateway.errors


class Route(NamedTuple):
    """A row of the table of routes; `name` is its handler's, as `jobs.read`."""

    method: str
    path: str
    name: str
    does: str
    scope: str | None = None  # what a key has to have for it


class Parameter(msgspec.Struct, frozen=True):
    """A parameter; `hint` is its type, with `msgspec.Meta` for ranges and patterns."""

    name: str
    hint: Any
    meaning: str
    example: Any = None
    place: Literal["query", "header", "path"] = "query"
    required: bool = False


class Either(msgspec.Struct, frozen=True):
    """One of several structs, which a field tells apart and no tag."""

    hints: tuple[Any, ...]


class Body(msgspec.Struct, frozen=True):
    """The body of a request: a struct as JSON; `str` or `bytes` for what is no JSON.

    `examples` by what they show; `more` goes into the JSON Schema as it is.
    """

    hint: Any
    examples: Mapping[str, Any]
    media: str | Sequence[str] = JSON
    more: Mapping[str, Any] = {}
    required: bool = True


class Answer(msgspec.Struct, frozen=True):
    """An answer that is no refusal; without `hint` it has no body.

    `example` is made of the examples of its fields unless one is given. `page` says what a
    browser gets in its place, which asks for HTML.
    """

    meaning: str
    hint: Any = None
    media: str | Sequence[str] = JSON
    headers: Mapping[str, str] = {}
    example: Any = None
    page: str = ""


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """All about a route that its row in the table does not say.

    `refusals` are those of its own: what every route may answer, and what a route with a body, a
    key or the ledger behind it may, is added by these fields.
    """

    tag: str
    about: str = ""
    parameters: Sequence[Parameter] = ()
    body: Body | None = None
    answers: Mapping[int, Answer]
    refusals: Sequence[Refusing] = ()
    is_open: bool = False  # asks for no key
    uses_ledger: bool = True  # answers 503 while PostgreSQL does not


class Field(msgspec.Struct, frozen=True):
    """What a field of a body means, an example of it, and what else its JSON Schema says."""

    meaning: str
    example: Any = msgspec.UNSET
    more: Mapping[str, Any] = {}
