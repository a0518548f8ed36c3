"""Describes the service itself: its first page and description, sessions, health, figures."""

from typing import Any, Final

from gateway import errors
from gateway.description import Answer, Body, Described, Field
from schemas import api as http
from schemas import service_api as api

TAG: Final = {
    "Sessions": "A browser cannot send headers with an EventSource: it exchanges its key for a"
    " cookie.",
    "Service": "What this is, whether it is well, and what it can do.",
}

_OWNER: Final = "sets the cookie `loopcast_session`"

ROUTES: Final = {
    "routes.front": Described(
        tag="Service",
        answers={200: Answer("its name, its version and its routes", api.Front)},
        is_open=True,
        uses_ledger=False,
    ),
    "docs.description": Described(
        tag="Service",
        answers={200: Answer("OpenAPI 3.1", dict[str, Any], example={"openapi": "3.1.1"})},
        is_open=True,
        uses_ledger=False,
    ),
    "docs.page": Described(
        tag="Service",
        answers={
            200: Answer(
                "the page", str, media="text/html; charset=utf-8", example="<!doctype html>"
            )
        },
        is_open=True,
        uses_ledger=False,
    ),
    "sessions.begin": Described(
        tag="Sessions",
        about="The key comes as a header or in the body. The cookie lasts 12 hours.",
        body=Body(http.NewSession, {"a key": {"key": "a-long-secret"}}, required=False),
        answers={
            200: Answer("whose session it is", api.SessionOwner, headers={"Set-Cookie": _OWNER})
        },
        refusals=(errors.authentication_required, errors.access_denied, errors.missing_fields),
        is_open=True,
        uses_ledger=False,
    ),
    "sessions.end": Described(
        tag="Sessions",
        answers={
            200: Answer(
                "the cookie is forgotten", api.SessionOwner, headers={"Set-Cookie": _OWNER},
                example={"owner": None},
            )
        },
        refusals=(errors.access_denied,),
        is_open=True,
        uses_ledger=False,
    ),
    "health.healthz": Described(
        tag="Service",
        about="An outage of PostgreSQL or NATS is no hang.",
        answers={
            200: Answer("it lives, and its parts get on", api.Health, example={"status": "ok"}),
            503: Answer(
                "a part hangs", api.Health,
                example={"status": "hung", "hung": {"follower of events": 31.5}},
            ),
        },
        is_open=True,
        uses_ledger=False,
    ),
    "health.readyz": Described(
        tag="Service",
        answers={
            200: Answer("it can work", api.Readiness),
            503: Answer(
                "something does not answer", api.Readiness,
                example={
                    "status": "not ready", "postgres": "no answer within 2 s", "jetstream": "ok",
                },
            ),
        },
        is_open=True,
        uses_ledger=False,
    ),
    "health.metrics": Described(
        tag="Service",
        about="`METRICS_KEY` opens it, as every key does.",
        answers={
            200: Answer(
                "the figures, in Prometheus' text format", str,
                media="text/plain; version=1.0.0; charset=utf-8",
                example='loopcast_http_requests_total{route="/",status="2xx"} 1.0\n',
            )
        },
        uses_ledger=False,
    ),
}  # fmt: skip

FIELDS: Final = {
    "Front.name": Field("what this is", "Loopcast"),
    "version": Field("which Loopcast this is", "0.1.0"),
    "routes": Field("what it serves"),
    "method": Field("the request's method", "GET"),
    "path": Field("the request's path", "/api/bulk/jobs"),
    "does": Field("what the route does", "your jobs, newest first"),
    "owner": Field("the key's name", "shop"),
    "key": Field("one of the keys", "a-long-secret"),
    "Health.status": Field("`ok` or `hung`", "ok"),
    "hung": Field("what hangs, and for how many seconds", {}),
    "Readiness.status": Field("`ready` or `not ready`", "ready"),
    "postgres": Field("`ok`, or what is wrong", "ok"),
    "jetstream": Field("`ok`, or what is wrong", "ok"),
    "ErrorBody.error": Field("the refusal's name", "Bad Request"),
    "ErrorBody.message": Field("a sentence that says what to do"),
    "ErrorBody.details": Field("more of it, for programs"),
    "ErrorBody.path": Field("the path that was asked for"),
}
