"""Describes the service itself: its first page and description, sessions, health, figures."""

from typing import Annotated, Any, Final

from msgspec import Meta

from gateway import errors
from gateway.assets import MEDIA
from gateway.described.samples import PHONE_NUMBER_ID
from gateway.description import Answer, Body, Described, Field, Parameter
from schemas import api as http
from schemas import service_api as api
from schemas.scopes import Scope

TAG: Final = {
    "Sessions": "A browser cannot send headers with an EventSource: it exchanges its key for a"
    " cookie.",
    "Service": "What this is, whether it is well, and what it can do.",
}

_VARIES: Final = {"Vary": "`Accept`: browsers get the page"}
_OWNER: Final = "sets the cookie `loopcast_session`"

ROUTES: Final = {
    "front.first": Described(
        tag="Service",
        answers={
            200: Answer(
                "its name, its version and its routes", api.Front, headers=_VARIES,
                page="The page, where `Accept` names HTML.",
            ),
            304: Answer("the page as you have it (`If-None-Match`)"),
        },
        is_open=True,
        uses_ledger=False,
    ),
    "front.file": Described(
        tag="Service",
        about="Their addresses are in the page itself and change with every release.",
        answers={
            200: Answer("the file", str, media=tuple(MEDIA.values()), example="…"),
            304: Answer("the file as you have it (`If-None-Match`)"),
        },
        refusals=(errors.route_not_found,),
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
    "service.read": Described(
        tag="Service",
        about="Every key will do, whatever its scopes: what a front end asks first. 401: it needs a"
        " key.",
        answers={200: Answer("who asks, and how the service is set", api.Service)},
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

DIGEST_PARAMETER: Final = Parameter(
    "digest", Annotated[str, Meta(pattern="^[0-9a-f]{12}$")],
    "of this release's files together", "0123456789ab", "path", required=True,
)  # fmt: skip
FILE_PARAMETER: Final = Parameter("name", str, "of the file", "page.css", "path", required=True)

FIELDS: Final = {
    "Front.name": Field("what this is", "Loopcast"),
    "Service.name": Field("what this is", "Loopcast"),
    "holder": Field("who asks"),
    "ServiceHolder.name": Field("the key's name; `local` where no keys are asked for", "shop"),
    "ServiceHolder.scopes": Field(
        "what the key may", ["read", "send"], {"items": {"enum": list(Scope)}}
    ),
    "asksForKeys": Field("whether everybody needs a key", True),
    "bulkFrom": Field("more recipients than this are a bulk send", 50),
    "hardCap": Field("the most recipients of one job", 50_000),
    "Service.messagesPerSecond": Field("the most one number sends; null: no limit", 10),
    "Service.loopSize": Field("messages in a loop, unless a job asks for fewer", 200),
    "Service.loopPauseMs": Field("between two loops of a number", 2000),
    "maxRetries": Field("more attempts after a refusal that Meta calls temporary", 3),
    "Service.phoneNumberId": Field(
        "the sending number of submissions that name none", PHONE_NUMBER_ID
    ),
    "defaultRegion": Field("the country of numbers that are written without one", "DE"),
    "templatesKnown": Field("whether templates can be asked for", True),
    "tracksReceipts": Field(
        "whether receipts can come: a secret is set, or it is the sandbox's", True
    ),
    "sandboxUrl": Field("where the sandbox is, when it stands in for Meta"),
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
