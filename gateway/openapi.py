"""The OpenAPI 3.1 document: the table of routes, their descriptions, the structs of the code. Pure.

OpenAPI 3.1 takes JSON Schema 2020-12 as it is, which msgspec makes of the structs that read and
write the bodies.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

from gateway import described
from gateway.description import JSON, Answer, Body, Described, Either, Parameter, Route, media_of
from gateway.openapi_refusals import TRACED, header, refusals, responses
from gateway.openapi_schemas import Schemas
from gateway.schema_examples import example_of
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

_SECURITY: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "one of the keys"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "loopcast_session"},
}


class Undescribed(Exception):
    """Routes without a description; says what to write, and where."""


def document(routes: Iterable[Route]) -> Object:
    """The whole document. Raises Undescribed."""
    rows = list(routes)
    if missing := [sentence for route in rows for sentence in _missing(route)]:
        raise Undescribed("\n".join(missing))
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
            "responses": responses(map(description_of, rows)),
            "securitySchemes": _SECURITY,
            "headers": {
                "X-Request-Id": header("finds the request in the logs")
            },
        },
    }  # fmt: skip


def description_of(route: Route) -> Described:
    """What describes a route."""
    return described.ROUTES[route.name]


def _missing(route: Route) -> Iterable[str]:
    """What is to be written of a route before it is described."""
    if route.name not in described.ROUTES:
        yield (
            f"{route.method} {route.path} is not described: add to ROUTES of a file in"
            f' gateway/described/\n    "{route.name}": Described(tag="…", answers={{200:'
            ' Answer("what it is", ItsStruct)}, refusals=(errors.…,)),'
        )
        return
    own = {one.name for one in description_of(route).parameters if one.place == "path"}
    for name in _in_braces(route.path):
        if name not in own | described.PATHS.keys():
            yield (
                f"{{{name}}} of {route.method} {route.path} is not described: add it to PATHS in"
                " gateway/described/__init__.py, or to the parameters of the route"
            )


def _in_braces(path: str) -> list[str]:
    return re.findall(r"{(\w+)", path)


def _hints(routes: Iterable[Route]) -> list[Any]:
    """Every type that a description names."""
    hints: list[Any] = [ErrorBody, *(given.hint for given in described.PATHS.values())]
    for route in map(description_of, routes):
        hints += [given.hint for given in route.parameters]
        hints += [route.body.hint] if route.body else []
        hints += [answer.hint for answer in route.answers.values() if answer.hint is not None]
    return [one for hint in hints for one in (hint.hints if isinstance(hint, Either) else (hint,))]


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
    own = {one.name for one in about.parameters}
    given = [described.PATHS[name] for name in _in_braces(route.path) if name not in own]
    made: Object = {
        "operationId": route.name,
        "summary": route.does,
        "tags": [about.tag],
        "parameters": [_parameter(one, schemas) for one in (*given, *about.parameters)],
        "responses": _answers(about, schemas) | refusals(about),
    }
    needed = f"A key needs the scope `{route.scope}`." if route.scope else ""
    if told := f"{about.about} {needed}".strip():
        made["description"] = told
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
    shown = {"schema": schema, "examples": examples}
    return {"required": body.required, "content": dict.fromkeys(media_of(body.media), shown)}


def _answers(about: Described, schemas: Schemas) -> Object:
    return {str(status): _answer(answer, schemas) for status, answer in about.answers.items()}


def _answer(answer: Answer, schemas: Schemas) -> Object:
    told = {name: header(meaning) for name, meaning in answer.headers.items()}
    made: Object = {"description": answer.meaning, "headers": TRACED | told}
    if answer.hint is None:
        return made
    media = media_of(answer.media)
    schema = schemas.of(answer.hint)
    if "text/event-stream" in media:
        return made | {"content": {media[0]: {"schema": _event(schema)}}}
    example = answer.example
    if example is None:
        example = example_of(schema, schemas.components)
    shown = {"schema": schema, "example": example}
    return made | {"content": dict.fromkeys(media, shown) | _page(answer)}


def _page(answer: Answer) -> Object:
    if not answer.page:
        return {}
    told = {"schema": {"type": "string", "description": answer.page}}
    return {"text/html; charset=utf-8": told | {"example": "<!doctype html>"}}


def _event(frames: Object) -> Object:
    """One event of a stream; what its data is, is JSON of its own."""
    data = {"type": "string", "contentMediaType": JSON, "contentSchema": frames}
    return {"type": "object", "properties": {"id": {"type": "string"}, "data": data}}
