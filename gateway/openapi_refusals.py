"""The refusals of the OpenAPI document: which a route may answer, each set a component. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from gateway import errors
from gateway.description import JSON, Described, Refusing
from gateway.refusal_samples import body_of, sample

Object = dict[str, Any]

EVERY_ROUTE: Final[Sequence[Refusing]] = (
    errors.http_error, errors.expectation_failed, errors.internal_error,
)  # fmt: skip
WITH_KEY: Final[Sequence[Refusing]] = (
    errors.authentication_required, errors.access_denied, errors.scope_missing,
)  # fmt: skip
WITH_BODY: Final[Sequence[Refusing]] = (
    errors.bad_request, errors.body_too_slow, errors.body_too_large,
)  # fmt: skip
WITH_LEDGER: Final[Sequence[Refusing]] = (errors.ledger_unavailable,)

TRACED: Final = {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}


def refusals_of(route: Described) -> list[Refusing]:
    """Every refusal that a route may answer, its own first."""
    return list(dict.fromkeys((
        *route.refusals,
        *(WITH_BODY if route.body else ()),
        *(() if route.is_open else WITH_KEY),
        *(WITH_LEDGER if route.uses_ledger else ()),
        *EVERY_ROUTE,
    )))  # fmt: skip


def header(meaning: str) -> Object:
    return {"description": meaning, "schema": {"type": "string"}}


def refusals(about: Described) -> Object:
    """The refusals by status, each set of them a component."""
    return {
        str(status): {"$ref": f"#/components/responses/{_name(status, makers)}"}
        for status, makers in _by_status(about).items()
    }


def responses(routes: Iterable[Described]) -> Object:
    """Every set of refusals that some route may answer with one status."""
    sets = (one for route in routes for one in _by_status(route).items())
    return {_name(status, makers): _refused([sample(make) for make in makers])
            for status, makers in sets}  # fmt: skip


def _by_status(about: Described) -> dict[int, list[Refusing]]:
    found: dict[int, list[Refusing]] = {}
    for make in refusals_of(about):
        found.setdefault(sample(make).status, []).append(make)
    return {status: found[status] for status in sorted(found) if status not in about.answers}


def _name(status: int, makers: Sequence[Refusing]) -> str:
    return ".".join((str(status), *(make.__name__ for make in makers)))


def _refused(given: Sequence[errors.Refusal]) -> Object:
    """Which titles there are is part of the schema."""
    by_title: dict[str, errors.Refusal] = {}
    for refusal in given:
        by_title.setdefault(refusal.error, refusal)
    schema = {
        "allOf": [{"$ref": "#/components/schemas/ErrorBody"}],
        "properties": {"error": {"enum": list(by_title)}},
    }
    examples = {title: {"value": body_of(one)} for title, one in by_title.items()}
    headers: Mapping[str, str] = {k: v for one in given for k, v in one.headers.items()}
    shown = {name: header(f"`{value}`, for instance") for name, value in headers.items()}
    return {
        "description": " · ".join(by_title),
        "headers": TRACED | {k: v for k, v in shown.items() if k != "Connection"},
        "content": {JSON: {"schema": schema, "examples": examples}},
    }
