"""Sessions of browsers, whose EventSource can send a cookie but no key."""

import time
from typing import Final

import msgspec
from aiohttp import web

from gateway import errors
from gateway.answers import answer, refused
from gateway.auth import COOKIE, LOCAL_OWNER, SESSION_SECONDS, sent_key
from gateway.bodies import Body
from gateway.errors import Refusal
from gateway.malformed import malformed
from gateway.parts import PARTS, Parts
from schemas import api
from schemas.service_api import SessionOwner

BODY_LIMIT_BYTES: Final = 2**20
BODY_SECONDS: Final = 10.0  # whoever has no key yet holds a connection no longer


async def begin(request: web.Request) -> web.Response:
    """`POST /api/session` with the key as header or `{"key": …}`: answers with the cookie."""
    keys = request.app[PARTS].keys
    if not keys:
        return answer(SessionOwner(LOCAL_OWNER))
    key = sent_key(request) or await _key_of_body(request)
    if isinstance(key, Refusal):
        return refused(key)
    begun = await _begun(request.app[PARTS], key or "")
    if begun is None:
        return refused(errors.authentication_required())
    owner, value = begun
    response = answer(SessionOwner(owner))
    _set_cookie(request, response, value, SESSION_SECONDS)
    return response


async def end(request: web.Request) -> web.Response:
    """`DELETE /api/session`: the browser forgets the cookie, and so do we."""
    if cookie := request.cookies.get(COOKIE):
        await request.app[PARTS].ring.end_session(cookie)
    response = answer(SessionOwner(None))
    _set_cookie(request, response, "", 0)
    return response


async def _begun(parts: Parts, key: str) -> tuple[str, str] | None:
    """Whose session, and its cookie; None: nobody holds the key."""
    if value := parts.keys.session(key, time.time()):
        return str(parts.keys.name_of(key)), value
    if holder := await parts.ring.holder_of_key(key):
        return holder.name, await parts.ring.begin_session(holder, SESSION_SECONDS)
    return None


async def _key_of_body(request: web.Request) -> str | Refusal | None:
    body = await Body(
        request, limit_bytes=BODY_LIMIT_BYTES, seconds=BODY_SECONDS, advice="send the key alone"
    ).whole()
    if isinstance(body, Refusal) or not body:
        return body or None
    try:
        return msgspec.json.decode(body, type=api.NewSession).key
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return malformed(error, body)


def _set_cookie(request: web.Request, response: web.Response, value: str, seconds: int) -> None:
    """Secure when the browser's side is https; behind a proxy its Origin tells."""
    https = request.secure or request.headers.get("Origin", "").startswith("https://")
    response.set_cookie(
        COOKIE, value, max_age=seconds, httponly=True, samesite="Strict", secure=https, path="/"
    )
