"""The OpenAPI 3.1 document: the table of routes, their descriptions, the structs of the code. Pure.

OpenAPI 3.1 takes JSON Schema 2020-12 as it is, which msgspec makes of the structs that read and
write the bodies.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from gateway import described, errors
from gateway.description import JSON, Answer, Body, Described, Parameter, Refusing, Route
from gateway.examples import example_of
from gateway.openapi_schemas import Schemas
from gateway.refusal_samples import body_of, sample
from schemas.api import ErrorBody
from schemas.version import VERSION

Object = dict[str, Any]

OPENAPI: Final = "3.1.1"
ABOUT: Final = """\
Self-hosted bulk messaging over WhatsApp: sent in loops, nobody twice, nobody lost.

JSON in, JSON out, UTF-8; `Content-Type` is not looked at. Times are UTC. `HEAD` works where `GET` \
does, event streams left out. Answers may get new fields; none is renamed or dropped.

Without `API_KEYS` the gateway serves its own machine alone and asks for no key. With them every \
request brings one, but for the routes that are marked as open. Each answer brings its \
`X-Request-Id`, which finds the request in the logs."""

EVERY_ROUTE: Final[Sequence[Refusing]] = (
    errors.http_error, errors.expectation_failed, errors.internal_error,
)  # fmt: skip
WITH_KEY: Final[Sequence[Refusing]] = (errors.authentication_required, errors.access_denied)
WITH_BODY: Final[Sequence[Refusing]] = (
    errors.bad_request, errors.body_too_slow, errors.body_too_large,
)  # fmt: skip
WITH_LEDGER: Final[Sequence[Refusing]] = (errors.ledger_unavailable,)

_SECURITY: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "one of the keys"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "loopcast_session"},
}
_TRACED: Final = {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}


class Undescribed(Exception):
    """A route without a description; says what to write, and where."""


def document(routes: Iterable[Route]) -> Object:
    """The whole document. Raises Undescribed."""
    rows = list(routes)
    schemas = Schemas(_hints(rows), described.FIELDS)
    return {
        "openapi": OPENAPI,
        "info": {
            "title": "Loopcast",
            "version": VERSION,
            "description": ABOUT,
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": about} for name, about in described.TAGS.items()],
        "security": [{name: []} for name in _SECURITY],
        "paths": _paths(rows, schemas),
        "components": {
            "schemas": schemas.components,
            "responses": _responses(rows),
            "securitySchemes": _SECURITY,
            "headers": {
                "X-Request-Id": {"description": "finds it in the logs", "schema": {"type": "string"}}
            },
        },
    }  # fmt: skip


def description_of(route: Route) -> Described:
    """What describes a route. Raises Undescribed."""
    if route.name not in described.ROUTES:
        raise Undescribed(
            f"{route.method} {route.path} is not described: add to ROUTES of a file in"
            f' gateway/described/\n    "{route.name}": Described(tag="…", answers={{200:'
            ' Answer("what it is", ItsStruct)}, refusals=(errors.…,)),'
        )
    return described.ROUTES[route.name]


def refusals_of(route: Described) -> list[Refusing]:
    """Every refusal that a route may answer, its own first."""
    return list(dict.fromkeys((
        *route.refusals,
        *(WITH_BODY if route.body else ()),
        *(() if route.is_open else WITH_KEY),
        *(WITH_LEDGER if route.uses_ledger else ()),
        *EVERY_ROUTE,
    )))  # fmt: skip


def _hints(routes: Iterable[Route]) -> list[Any]:
    """Every type that a description names."""
    hints: list[Any] = [ErrorBody, *(given.hint for given in described.PATHS.values())]
    for route in map(description_of, routes):
        hints += [given.hint for given in route.parameters]
        hints += [route.body.hint] if route.body else []
        hints += [answer.hint for answer in route.answers.values() if answer.hint is not None]
    return hints


def _paths(routes: Iterable[Route], schemas: Schemas) -> Object:
    paths: Object = {}
    first: dict[str, Route] = {}
    for route in routes:
        made = _operation(route, description_of(route), schemas)
        other = first.setdefault(f"{route.method} {route.name}", route)
        if other is not route:
            made |= _alias(route, other, first)
        paths.setdefault(route.path, {})[route.method.lower()] = made
    return paths


def _alias(route: Route, other: Route, taken: dict[str, Route]) -> Object:
    """What says that two addresses are one route."""
    number = 1 + sum(key.startswith(f"{route.method} {route.name}") for key in taken)
    taken[f"{route.method} {route.name}#{number}"] = route
    return {
        "operationId": f"{route.name}.{number}",
        "description": f"The same as `{other.method} {other.path}`.",
        "x-same-as": other.name,
    }


def _operation(route: Route, about: Described, schemas: Schemas) -> Object:
    given = [described.PATHS[name] for name in re.findall(r"{(\w+)", route.path)]
    made: Object = {
        "operationId": route.name,
        "summary": route.does,
        "tags": [about.tag],
        "parameters": [_parameter(one, schemas) for one in (*given, *about.parameters)],
        "responses": _answers(about, schemas) | _refusals(about),
    }
    if about.about:
        made["description"] = about.about
    if about.body:
        made["requestBody"] = _body(about.body, schemas)
    if about.is_open:
        made["security"] = []
    return made


def _parameter(given: Parameter, schemas: Schemas) -> Object:
    made: Object = {
        "name": given.name,
        "in": given.place,
        "description": given.meaning,
        "schema": schemas.of(given.hint),
        "required": given.required,
    }
    return made | ({} if given.example is None else {"example": given.example})


def _body(body: Body, schemas: Schemas) -> Object:
    schema = schemas.of(body.hint)
    if body.more:
        schema = {"allOf": [schema, dict(body.more)]}
    examples = {name: {"value": value} for name, value in body.examples.items()}
    content = {body.media: {"schema": schema, "examples": examples}}
    return {"required": body.required, "content": content}


def _answers(about: Described, schemas: Schemas) -> Object:
    return {str(status): _answer(answer, schemas) for status, answer in about.answers.items()}


def _answer(answer: Answer, schemas: Schemas) -> Object:
    told = {name: _header(meaning) for name, meaning in answer.headers.items()}
    made: Object = {"description": answer.meaning, "headers": _TRACED | told}
    if answer.hint is None:
        return made
    media = (answer.media,) if isinstance(answer.media, str) else answer.media
    schema = schemas.of(answer.hint)
    if "text/event-stream" in media:
        return made | {"content": {media[0]: {"schema": {"type": "string"}, "x-frames": schema}}}
    example = answer.example
    if example is None:
        example = example_of(schema, schemas.components)
    return made | {"content": dict.fromkeys(media, {"schema": schema, "example": example})}


def _header(meaning: str) -> Object:
    return {"description": meaning, "schema": {"type": "string"}}


def _refusals(about: Described) -> Object:
    """The refusals by status, each set of them a component."""
    return {
        str(status): {"$ref": f"#/components/responses/{_name(status, makers)}"}
        for status, makers in _by_status(about).items()
    }


def _responses(routes: Iterable[Route]) -> Object:
    """Every set of refusals that some route may answer with one status."""
    sets = (one for route in routes for one in _by_status(description_of(route)).items())
    return {_name(status, makers): _refused([sample(make) for make in makers])
            for status, makers in sets}  # fmt: skip


def _by_status(about: Described) -> dict[int, list[Refusing]]:
    found: dict[int, list[Refusing]] = {}
    for make in refusals_of(about):
        found.setdefault(sample(make).status, []).append(make)
    return {status: found[status] for status in sorted(found) if status not in about.answers}


def _name(status: int, makers: Sequence[Refusing]) -> str:
    return ".".join((str(status), *(make.__name__ for make in makers)))


def _refused(refusals: Sequence[errors.Refusal]) -> Object:
    """Which titles there are is part of the schema."""
    by_title: dict[str, errors.Refusal] = {}
    for refusal in refusals:
        by_title.setdefault(refusal.error, refusal)
    schema = {
        "allOf": [{"$ref": "#/components/schemas/ErrorBody"}],
        "properties": {"error": {"enum": list(by_title)}},
    }
    examples = {title: {"value": body_of(one)} for title, one in by_title.items()}
    headers: Mapping[str, str] = {k: v for one in refusals for k, v in one.headers.items()}
    shown = {name: _header(f"`{value}`, for instance") for name, value in headers.items()}
    return {
        "description": " · ".join(by_title),
        "headers": _TRACED | {k: v for k, v in shown.items() if k != "Connection"},
        "content": {JSON: {"schema": schema, "examples": examples}},
    }
