"""GET of templates and of a number, as Meta answers them."""

import base64
import binascii
from hmac import compare_digest, digest
from typing import Any, Final

import msgspec
from aiohttp import web

from sandbox.desk import Reply
from sandbox.errors import Refusal
from sandbox.limits import tier_of
from sandbox.sends import DESK, give
from schemas.environment import Secret

APP_SECRET: Final = web.AppKey("app_secret", Secret)
_PAGE_SIZE: Final = 25
_APP: Final = {
    "whatsapp_business_api_data": {
        "id": "670843887433847",
        "link": "https://www.facebook.com/games/?app_id=670843887433847",
        "name": "Loopcast sandbox",
    }
}


async def message_templates(request: web.Request) -> web.StreamResponse:
    """GET /{waba_id}/message_templates: `name` is exact, `fields` are obeyed."""
    refusal = _refusal_at_the_door(request)
    if refusal:
        return await give(request, request.app[DESK].refused(refusal))
    name = request.query.get("name")
    status, shelf = request.query.get("status"), request.app[DESK].shelf.templates.values()
    found = [
        _asked(template.shown(), request)
        for template in shelf
        if name in (None, template.name) and status in (None, template.status)
    ]
    match _page_asked_for(request):
        case Refusal() as refusal:
            return await give(request, request.app[DESK].refused(refusal))
        case (start, size):
            return await give(request, _json(_page(request, found, start, size)))


async def by_id(request: web.Request) -> web.StreamResponse:
    """GET /{id}: a template, or else a number; all numbers are connected and in good health."""
    refusal = _refusal_at_the_door(request)
    if refusal:
        return await give(request, request.app[DESK].refused(refusal))
    desk, identity = request.app[DESK], request.match_info["object_id"]
    template = desk.shelf.by_id(identity)
    shown = template.shown() if template else _number(identity, desk.rules.limits.messaging)
    return await give(request, _json(_asked(shown, request)))


async def subscribed_apps(request: web.Request) -> web.StreamResponse:
    """GET /{waba_id}/subscribed_apps: one, where the sandbox posts webhooks at all."""
    refusal = _refusal_at_the_door(request)
    if refusal:
        return await give(request, request.app[DESK].refused(refusal))
    has_address = request.app[DESK].sequel.outbox is not None
    return await give(request, _json({"data": [_APP] if has_address else []}))


async def unknown_path(request: web.Request) -> web.StreamResponse:
    """Anything else, in Graph's words."""
    message = f"Unknown path components: {request.path}"
    return await give(request, request.app[DESK].refused(Refusal(2500, message=message)))


def _number(identity: str, messaging_limit: int) -> dict[str, Any]:
    return {
        "id": identity,
        "display_phone_number": "+1 555-078-3881",
        "verified_name": "Loopcast sandbox",
        "quality_rating": "GREEN",
        "throughput": {"level": "STANDARD"},
        "status": "CONNECTED",
        "name_status": "APPROVED",
        "code_verification_status": "VERIFIED",
        "whatsapp_business_manager_messaging_limit": tier_of(messaging_limit),
    }


def _asked(shown: dict[str, Any], request: web.Request) -> dict[str, Any]:
    """The `fields` that are asked for, and the id as always; without `fields`, all there are."""
    fields = request.query.get("fields")
    if fields is None:
        return shown
    wanted = {field.strip() for field in fields.split(",")} | {"id"}
    return {field: value for field, value in shown.items() if field in wanted}


def _refusal_at_the_door(request: web.Request) -> Refusal | None:
    token = request.headers.get("Authorization")
    refusal = request.app[DESK].refuse_at_the_door(request.match_info["object_id"], token, "get")
    return refusal or _wrong_proof(request, token or "")


def _wrong_proof(request: web.Request, authorization: str) -> Refusal | None:
    """`appsecret_proof` is checked where it is given (docs/graph-api/securing-requests).

    It is the token's HMAC with the app's secret. A sandbox without SANDBOX_APP_SECRET takes any.
    """
    proof, secret = request.query.get("appsecret_proof"), request.app[APP_SECRET]
    if proof is None or not secret:
        return None
    token = authorization.partition(" ")[2].strip()
    if compare_digest(digest(secret.encode(), token.encode(), "sha256").hex(), proof):
        return None
    return Refusal(
        100, type="GraphMethodException",
        message="Invalid appsecret_proof provided in the API argument",
    )  # fmt: skip


def _page_asked_for(request: web.Request) -> tuple[int, int] | Refusal:
    """`after` and `limit` as a place in the list and a size."""
    after, limit = request.query.get("after"), request.query.get("limit", str(_PAGE_SIZE))
    if not (limit.isascii() and limit.isdecimal() and 1 <= int(limit[:9]) <= 1000):
        return Refusal(100, message="(#100) Param limit must be a number from 1 to 1000")
    try:
        start = int(base64.b64decode(after, validate=True)) + 1 if after else 0
    except (binascii.Error, ValueError):
        return Refusal(100, message="(#100) Param after is no cursor of this list")
    return max(0, start), int(limit)


def _page(
    request: web.Request, found: list[dict[str, Any]], start: int, size: int
) -> dict[str, Any]:
    """One page, and the address of the next when there is one."""
    data = found[start : start + size]
    if not data:
        return {"data": []}
    last = start + len(data) - 1
    paging: dict[str, Any] = {"cursors": {"before": _cursor(start), "after": _cursor(last)}}
    if last + 1 < len(found):
        paging["next"] = str(request.url.update_query(after=_cursor(last)))
    return {"data": data, "paging": paging}


def _cursor(place: int) -> str:
    return base64.b64encode(str(place).encode()).decode()


def _json(shown: dict[str, Any]) -> Reply:
    return Reply(200, msgspec.json.encode(shown))
