"""What Meta posts: its handshake, its signature, and 200 only for what is on the disk.

After webhooks/overview. Anything but 200 is repeated for up to seven days, so that is what is said
to whatever may yet be stored; what never can be is answered with 200, counted and logged.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import aiohttp
import msgspec
from aiohttp import web

from gateway import errors, signatures
from gateway.answers import answer, refused
from gateway.errors import Refusal
from gateway.intake import Fate
from gateway.parts import PARTS, Parts
from gateway.pieces import Cut, cut
from schemas.metrics import WEBHOOK_ITEMS_DROPPED, WEBHOOKS
from schemas.service_api import WebhookAnswer
from schemas.webhooks import open_body, read_webhook

BODY_LIMIT_BYTES: Final = 3 * 2**20  # webhooks/overview: payloads can be up to 3 MB
BODY_SECONDS: Final = 5.0  # for a body to arrive; Meta sends it at once
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

Answered = tuple[str, web.Response]  # the result as the metric names it, and the answer


async def handshake(request: web.Request) -> web.Response:
    """`GET`: Meta asks, when the URL is set up, whether we know the verify token."""
    token, query = request.app[PARTS].settings.verify_token, request.query
    if not token:
        return refused(
            errors.access_denied("Set META_VERIFY_TOKEN to the verify token that Meta is given.")
        )
    is_asked = query.get("hub.mode") == "subscribe" and "hub.challenge" in query
    if not (is_asked and signatures.is_same(query.get("hub.verify_token", ""), token)):
        return refused(
            errors.access_denied(
                "This is for Meta's handshake, with hub.mode=subscribe and META_VERIFY_TOKEN as"
                " hub.verify_token."
            )
        )
    return web.Response(
        text=query["hub.challenge"],
        content_type="text/plain",
        headers={"X-Content-Type-Options": "nosniff"},
    )


async def receive(request: web.Request) -> web.Response:
    """`POST`: a webhook, kept as it came."""
    parts = request.app[PARTS]
    result, response = await _received(request, parts)
    parts.meters[WEBHOOKS].labels(result).inc()
    return response


async def _received(request: web.Request, parts: Parts) -> Answered:
    if refusal := _unwelcome(request, parts):
        return _turned_away(refusal, parts)
    if parts.intake.is_full:
        return _again(Fate.FULL)
    with parts.intake.holding() as grow:
        body = await _body(request, grow)
        match body:
            case Refusal(status=413):
                parts.seldom.warning("a webhook is too large", limit_bytes=BODY_LIMIT_BYTES)
                return "too_large", refused(body)
            case Refusal():
                return "incomplete", refused(body)
            case bytes():
                return await _kept(request, body, parts)


def _unwelcome(request: web.Request, parts: Parts) -> Refusal | None:
    """Why the body is not even read."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding != "identity":
        return errors.body_is_encoded(encoding)
    if parts.keeper.book.app_secrets:
        if signatures.is_readable(_signature(request)):
            return None
        return errors.not_signed("X-Hub-Signature-256 must be sha256= and 64 hex digits.")
    if not parts.settings.is_sandboxed:
        return errors.access_denied(
            "Set META_APP_SECRET to your app's secret at Meta: without it nobody can tell Meta's"
            " webhooks from others."
        )
    if "Origin" in request.headers:
        return errors.access_denied("A page of a web site posts no webhooks.")
    return None


async def _body(request: web.Request, grow: Callable[[int], None]) -> bytes | Refusal:
    """The bytes that were signed, just as they were sent."""
    if (request.content_length or 0) > BODY_LIMIT_BYTES:
        return errors.webhook_too_large(BODY_LIMIT_BYTES)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while chunk := await request.content.readany():
                grow(len(chunk))
                body += chunk
                if len(body) > BODY_LIMIT_BYTES:
                    return errors.webhook_too_large(BODY_LIMIT_BYTES)
    except TimeoutError:
        return errors.body_too_slow(BODY_SECONDS)
    except (aiohttp.ClientPayloadError, web.RequestPayloadError, ConnectionError):
        return errors.bad_request("The body ended before it was whole.")
    return bytes(body)


async def _kept(request: web.Request, body: bytes, parts: Parts) -> Answered:
    secrets = parts.keeper.book.app_secrets
    if secrets and not signatures.is_signed(body, _signature(request), secrets):
        return _turned_away(
            errors.not_signed("No app secret that is known signed this body."), parts
        )
    try:
        if not open_body(body).is_ours:
            return "passed_over", _not_kept("it is about something else than WhatsApp")
        made = cut(body, parts.intake.most_piece_bytes)
    except UNREADABLE as error:
        parts.seldom.warning("a webhook is none", bytes=len(body), error=str(error))
        return "unreadable", _not_kept("it is no webhook of Meta's")
    _account(made, parts)
    if not made.pieces:
        return "too_large", _not_kept("each item of it is too large")
    _forget_templates(body, parts)
    fate = await parts.intake.store(made.pieces)
    return (str(fate), answer(WebhookAnswer(stored=True))) if fate is Fate.STORED else _again(fate)


def _forget_templates(body: bytes, parts: Parts) -> None:
    """What was looked up of a template that changes counts no more here; elsewhere it grows old."""
    if b"message_template_status_update" in body:
        for news in read_webhook(body).templates:
            parts.templates.forget(news.name)


def _turned_away(refusal: Refusal, parts: Parts) -> Answered:
    parts.seldom.warning("a webhook is refused", status=refusal.status, reason=refusal.message)
    return "refused", refused(refusal)


def _not_kept(reason: str) -> web.Response:
    """To bring it again would change nothing."""
    return answer(WebhookAnswer(stored=False, reason=reason))


def _again(fate: Fate) -> Answered:
    reason = "Too many webhooks wait." if fate is Fate.FULL else "JetStream does not take it."
    return str(fate), refused(errors.webhook_not_stored(reason))


def _account(made: Cut, parts: Parts) -> None:
    if made.dropped:
        parts.meters[WEBHOOK_ITEMS_DROPPED].inc(made.dropped)
        parts.seldom.warning("items of a webhook are too large to be kept", items=made.dropped)


def _signature(request: web.Request) -> str:
    return request.headers.get("X-Hub-Signature-256", "")
