"""Keys over HTTP: made, listed, revoked."""

import re
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

import msgspec
from aiohttp import web

from gateway import errors
from gateway.answers import answer, refused
from gateway.auth import METRICS_OWNER, owner_of
from gateway.bodies import Body
from gateway.errors import Refusal
from gateway.key_store import NewRow, digest_of
from gateway.keyring import new_key
from gateway.malformed import malformed
from gateway.parts import PARTS
from schemas import key_api as api
from schemas.scopes import Scope

BODY_LIMIT_BYTES: Final = 4096
BODY_SECONDS: Final = 10.0
MOST_PER_MINUTE: Final = 1_000_000
HINT_LENGTH: Final = 4

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_NAME_RULE: Final = (
    "1 to 63 letters, digits, dots, hyphens or underscores, beginning with a letter or digit"
)


async def make(request: web.Request) -> web.Response:
    """`POST /api/keys`: a key, told this once."""
    body = await Body(
        request, limit_bytes=BODY_LIMIT_BYTES, seconds=BODY_SECONDS, advice="a key is a few words"
    ).whole()
    if isinstance(body, Refusal):
        return refused(body)
    key = new_key()
    row = row_of(body, key, owner_of(request), datetime.now(UTC))
    if isinstance(row, Refusal):
        return refused(row)
    parts = request.app[PARTS]
    await parts.api_keys.add(row)
    parts.log.info("key made", key_id=str(row.id), key_name=row.name, owner=row.made_by)
    view = await parts.api_keys.read(row.id)
    assert view is not None
    return answer(api.KeyMade(**msgspec.structs.asdict(view), key=key), 201)


async def listed(request: web.Request) -> web.Response:
    """`GET /api/keys`: all there are and were, the environment's first; none is told."""
    parts = request.app[PARTS]
    ours = [
        api.KeyView(
            id=None, name=name, source="environment", hint=None, is_live=True, scopes=[*Scope]
        )
        for name in parts.keys.names
    ]
    return answer(api.KeyList(ours + await parts.api_keys.newest()))


async def revoke(request: web.Request) -> web.Response:
    """`DELETE /api/keys/{keyId}`: it opens nothing any more; again, it changes nothing."""
    parts = request.app[PARTS]
    try:
        key_id = UUID(request.match_info["key_id"])
    except ValueError:
        return refused(errors.key_not_found())
    if await parts.api_keys.revoke(key_id, owner_of(request)):
        parts.log.warning("key revoked", key_id=str(key_id), owner=owner_of(request))
    parts.ring.forget()
    view = await parts.api_keys.read(key_id)
    return answer(view) if view else refused(errors.key_not_found())


def row_of(body: bytes, key: str, who: str, now: datetime) -> NewRow | Refusal:
    """What is to be kept of a new key, or what is wrong with it."""
    try:
        asked = msgspec.json.decode(body, type=api.NewKey)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return malformed(error, body)
    if absent := [name for name in ("name", "scopes") if not getattr(asked, name)]:
        return errors.missing_fields(absent)
    assert asked.name is not None
    assert asked.scopes is not None
    expires_at = None if asked.expires_at is None else expiry_of(asked.expires_at, now)
    if isinstance(expires_at, Refusal):
        return expires_at
    if fault := _fault(asked.name, asked.scopes, asked.submissions_per_minute):
        return errors.bad_request(fault)
    return NewRow(
        id=uuid4(), name=asked.name, digest=digest_of(key), hint=key[-HINT_LENGTH:],
        scopes=sorted(set(asked.scopes)), submissions_per_minute=asked.submissions_per_minute,
        made_by=who, expires_at=expires_at,
    )  # fmt: skip


def expiry_of(text: str, now: datetime) -> datetime | Refusal:
    """A moment that is to come, with its zone."""
    try:
        expires_at = datetime.fromisoformat(text)
    except ValueError:
        return errors.bad_request("expiresAt must be ISO 8601 with its zone: 2027-01-31T00:00:00Z.")
    if expires_at.tzinfo is None:
        return errors.bad_request("expiresAt needs its zone: 2027-01-31T00:00:00Z.")
    if expires_at <= now:
        return errors.bad_request("expiresAt is past.")
    return expires_at


def _fault(name: str, scopes: list[str], per_minute: int | None) -> str | None:
    if not _NAME.fullmatch(name) or name == METRICS_OWNER:
        return f"name must be {_NAME_RULE}, and not {METRICS_OWNER}."
    if unknown := sorted(set(scopes) - set(Scope)):
        return f"{unknown[0][:16]!r} is no scope; they are {', '.join(Scope)}."
    if per_minute is not None and not 0 <= per_minute <= MOST_PER_MINUTE:
        return f"submissionsPerMinute must be from 0, no limit, to {MOST_PER_MINUTE}."
    return None
