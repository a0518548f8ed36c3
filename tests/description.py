"""Holds every answer of a gateway to the API's description: the sessions of tests have it.

Answers may get new fields for clients, and none for us: here a field that is not described is a
fault, too.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

import msgspec
from aiohttp import ClientHandlerType, ClientPayloadError, ClientRequest, ClientResponse
from jsonschema import Draft202012Validator, FormatChecker
from yarl import URL

from gateway import docs, routes
from gateway.openapi import document

DOCUMENT: Final = document(map(docs.route_of, routes.ROUTES))
NO_ROUTE: Final = frozenset((400, 404, 405, 417))

_FORMATS: Final = FormatChecker(("date-time", "uuid"))
_PATHS: Final = {
    re.compile(re.sub(r"{\w+}", "[^/]+", path)): methods
    for path, methods in DOCUMENT["paths"].items()
}


class Described:
    """A middleware of aiohttp's client: what the gateway on this port answers is described."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        response = await handler(request)
        if request.url.port != self._port or response.content_type == "text/event-stream":
            return response
        if "Content-Disposition" in response.headers:  # a file, which the test reads as it likes
            fault = fault_of(request.method, request.url, response, b"-")
            assert fault is None, fault
            return response
        with suppress(ClientPayloadError):  # a transfer that is cut off: whoever reads it, sees it
            fault = fault_of(request.method, request.url, response, await response.read())
            assert fault is None, fault
        return response


def fault_of(method: str, url: URL, response: ClientResponse, body: bytes) -> str | None:
    """What of an answer the description does not know."""
    where = f"{method} {url.path} -> {response.status}"
    operation = _operation("GET" if method == "HEAD" else method, url.raw_path)
    is_no_head = method == "HEAD" and response.status == HTTPStatus.METHOD_NOT_ALLOWED
    if operation is None or is_no_head:
        return None if response.status in NO_ROUTE else f"{where}: the route is not described"
    answer = _resolved(operation["responses"].get(str(response.status)))
    if answer is None:
        return f"{where}: {operation['operationId']} has no such answer: {body[:300]!r}"
    if method == "HEAD":
        return None
    fault = _content_fault(answer.get("content"), response, body)
    return fault and f"{where}: {fault}"


def frame_fault(frame: Mapping[str, Any]) -> str | None:
    """What of a frame of an event stream the description does not know."""
    answer = _PATHS_BY_NAME["realtime.watch"]["responses"]["200"]
    event = answer["content"]["text/event-stream"]["schema"]["properties"]
    for one in event["data"]["contentSchema"]["anyOf"]:
        shape = _resolved(one)
        if shape and shape["properties"]["type"]["enum"] == [frame["type"]]:
            return _misfit(one, frame)
    return f"no frame of the description is called {frame['type']}"


def _operation(method: str, path: str) -> Mapping[str, Any] | None:
    """The operation; a path as it stands goes before one with a parameter."""
    fitting = (methods for pattern, methods in _PATHS.items() if pattern.fullmatch(path))
    methods: Mapping[str, Any] = DOCUMENT["paths"].get(path) or next(fitting, {})
    found: Mapping[str, Any] | None = methods.get(method.lower())
    return found


def _content_fault(
    content: Mapping[str, Any] | None, response: ClientResponse, body: bytes
) -> str | None:
    if content is None:
        return "a body where none is described" if body else None
    given = response.headers.get("Content-Type", "")
    if given not in content:
        return f"{given} is not one of {', '.join(content)}"
    schema = content[given]["schema"]
    return _misfit(schema, msgspec.json.decode(body)) if "json" in given.split("-")[0] else None


def _misfit(schema: Mapping[str, Any], value: object) -> str | None:
    whole = {"components": _CLOSED, **schema}
    faults = Draft202012Validator(whole, format_checker=_FORMATS).iter_errors(value)
    return "; ".join(f"{fault.json_path}: {fault.message[:300]}" for fault in faults) or None


def _resolved(given: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if given is None or "$ref" not in given:
        return given
    kind, name = given["$ref"].split("/")[-2:]
    found: Mapping[str, Any] = DOCUMENT["components"][kind][name]
    return found


_PATHS_BY_NAME: Final = {
    operation["operationId"]: operation
    for methods in DOCUMENT["paths"].values()
    for operation in methods.values()
}
_CLOSED: Final = {
    "schemas": {
        name: {**shape, "additionalProperties": False} if "properties" in shape else shape
        for name, shape in DOCUMENT["components"]["schemas"].items()
    }
}
