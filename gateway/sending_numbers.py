"""Sending numbers over HTTP: kept, listed, given a new token, dropped. No answer has a secret."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar

import msgspec
from aiohttp import web

from gateway import errors
from gateway.answers import answer, refused
from gateway.auth import owner_of
from gateway.bodies import Body
from gateway.errors import Refusal
from gateway.kept_numbers import NewNumber
from gateway.malformed import malformed
from gateway.number_views import STORED, view
from gateway.parts import PARTS, Parts
from plumbing.book_keeper import provider_of
from plumbing.sealing import Sealer, use_of_app_secret, use_of_token
from schemas import number_api as api
from schemas.environment import Secret, parse_meta_id
from schemas.provider import BASE_URLS, META

BODY_LIMIT_BYTES: Final = 16 * 2**10
BODY_SECONDS: Final = 10.0
LONGEST_SECRET: Final = 4096
LONGEST_NAME: Final = 128
HINT_LENGTH: Final = 4
_TOKEN_IS_DEAD: Final = (400, 401, 403)

_KEPT_AS_IT_IS: Final = (
    "name", "provider", "waba_id", "messages_per_second", "loop_pause_ms", "messaging_limit",
    "enabled",
)  # fmt: skip

S = TypeVar("S", api.NumberSent, api.TokenSent)


async def listed(request: web.Request) -> web.Response:
    """`GET /api/numbers?live`: the environment's first, those that are kept, and all others."""
    parts, live = request.app[PARTS], _is_live(request)
    if isinstance(live, Refusal):
        return refused(live)
    now = datetime.now(UTC)
    rows = await parts.kept_numbers.all(parts.settings.default_phone_number_id)
    views = [view(row, parts.settings, now) for row in rows]
    return answer(api.NumberList(await _rated(views, parts) if live else views))


async def read(request: web.Request) -> web.Response:
    """`GET /api/numbers/{phoneNumberId}?live`."""
    live = _is_live(request)
    if isinstance(live, Refusal):
        return refused(live)
    found = await _found(request)
    if isinstance(found, Refusal):
        return refused(found)
    return answer((await _rated([found], request.app[PARTS]))[0] if live else found)


def _is_live(request: web.Request) -> bool | Refusal:
    """Whether Meta is to be asked, too."""
    if (live := request.query.get("live", "false")) not in ("true", "false"):
        return errors.bad_request("live must be true or false.")
    return live == "true"


async def _rated(views: Sequence[api.SendingNumber], parts: Parts) -> list[api.SendingNumber]:
    """The same with what Meta says of each."""
    numbers, book = [one.phone_number_id for one in views], parts.keeper.book
    said = await parts.standings.of((number, book.provider(number)) for number in numbers)
    return [
        msgspec.structs.replace(one, **msgspec.structs.asdict(said[one.phone_number_id]))
        for one in views
    ]


async def keep(request: web.Request) -> web.Response:
    """`PUT /api/numbers/{phoneNumberId}`: make it, or change it. Its jobs follow within seconds."""
    asked, number = await _asked(request, api.NumberSent), _number_of(request)
    if isinstance(asked, Refusal):
        return refused(asked)
    return refused(number) if isinstance(number, Refusal) else await _keep(request, number, asked)


async def set_token(request: web.Request) -> web.Response:
    """`PUT /api/numbers/{phoneNumberId}/token`: its next messages leave with this one."""
    asked, found = await _asked(request, api.TokenSent), await _found(request)
    if isinstance(asked, Refusal):
        return refused(asked)
    if isinstance(found, Refusal):
        return refused(found)
    if wrong := _not_kept(found, request):
        return refused(wrong)
    if not asked.token:
        return refused(errors.missing_fields(["token"]))
    as_it_is = {name: getattr(found, name) for name in _KEPT_AS_IT_IS}
    changed = api.NumberSent(**as_it_is, token=asked.token, check=asked.check)
    return await _keep(request, found.phone_number_id, changed)


async def _keep(request: web.Request, number: str, asked: api.NumberSent) -> web.Response:
    parts = request.app[PARTS]
    if wrong := _wrong(asked, parts):
        return refused(wrong)
    checked = await _checked(parts, number, asked)
    if isinstance(checked, Refusal):
        return refused(checked)
    if not await parts.kept_numbers.keep(_row(asked, number, owner_of(request), parts)):
        return refused(errors.missing_fields(["token"]))
    return await _kept(request, number, checked)


async def drop(request: web.Request) -> web.Response:
    """`DELETE /api/numbers/{phoneNumberId}`: nothing of it is left to send."""
    found, parts = await _found(request), request.app[PARTS]
    if isinstance(found, Refusal):
        return refused(found)
    if wrong := _not_kept(found, request):
        return refused(wrong)
    if (jobs := await parts.kept_numbers.drop(found.phone_number_id)) is not None:
        return refused(errors.number_has_jobs(found.phone_number_id, jobs))
    parts.log.warning(
        "sending number dropped", phone_number_id=found.phone_number_id, owner=owner_of(request)
    )
    return answer(api.NumberDropped(found.phone_number_id))


async def _kept(request: web.Request, number: str, checked: str | None) -> web.Response:
    parts = request.app[PARTS]
    parts.log.warning("sending number kept", phone_number_id=number, owner=owner_of(request))
    found = await _found(request)
    if isinstance(found, Refusal):  # dropped meanwhile
        return refused(found)
    told = msgspec.structs.asdict(found) | {"checked": checked is None, "note": checked}
    return answer(api.SendingNumberKept(**told))


async def _asked(request: web.Request, kind: type[S]) -> S | Refusal:
    body = await Body(
        request,
        limit_bytes=BODY_LIMIT_BYTES,
        seconds=BODY_SECONDS,
        advice="send the token alone",
    ).whole()
    if isinstance(body, Refusal):
        return body
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return malformed(error, body)


def _number_of(request: web.Request) -> str | Refusal:
    try:
        return parse_meta_id(request.match_info["phone_number_id"])
    except ValueError as error:
        return errors.bad_request(f"The phone number id {error}.")


async def _found(request: web.Request) -> api.SendingNumber | Refusal:
    parts, number = request.app[PARTS], request.match_info["phone_number_id"]
    row = await parts.kept_numbers.read(number, parts.settings.default_phone_number_id)
    return view(row, parts.settings, datetime.now(UTC)) if row else errors.number_not_found(number)


def _not_kept(found: api.SendingNumber, request: web.Request) -> Refusal | None:
    """What is not kept here cannot be changed here."""
    if found.source == STORED:
        return None
    if found.phone_number_id == request.app[PARTS].settings.default_phone_number_id:
        return errors.number_of_environment(found.phone_number_id)
    return errors.number_not_found(found.phone_number_id)


def _wrong(asked: api.NumberSent, parts: Parts) -> Refusal | None:
    settings = parts.settings
    if not settings.secret_keys:
        return errors.no_secret_key()
    if fault := _fault(asked, settings.messages_per_second, settings.pause_ms):
        return errors.bad_request(fault)
    return None


def _fault(asked: api.NumberSent, service_rate: int, service_pause_ms: int) -> str | None:
    if (asked.provider or META) not in BASE_URLS:
        return f"provider must be one of {', '.join(BASE_URLS)}."
    for given, secret in (("token", asked.token), ("appSecret", asked.app_secret)):
        if secret is not None and not (0 < len(secret) <= LONGEST_SECRET and secret.isprintable()):
            return f"{given} must be one line of {LONGEST_SECRET} characters at most."
    if asked.name is not None and not (
        len(asked.name) <= LONGEST_NAME and asked.name.isprintable()
    ):
        return f"name must be one line of {LONGEST_NAME} characters at most."
    try:
        parse_meta_id(asked.waba_id or "0")
    except ValueError as error:
        return f"wabaId {error}."
    return _pace_fault(asked, service_rate, service_pause_ms)


def _pace_fault(asked: api.NumberSent, service_rate: int, service_pause_ms: int) -> str | None:
    """A number is slower than the service, never faster."""
    rate, pause = asked.messages_per_second, asked.loop_pause_ms
    if rate is not None and not 1 <= rate <= (service_rate or 1000):
        return f"messagesPerSecond must be from 1 to {service_rate or 1000}, as the service."
    if pause is not None and not service_pause_ms <= pause <= 3_600_000:
        return f"loopPauseMs must be from {service_pause_ms}, as the service, to 3600000."
    if asked.messaging_limit is not None and not 0 <= asked.messaging_limit <= 10_000_000:
        return "messagingLimit must be from 0, no limit, to 10000000."
    return None


def _row(asked: api.NumberSent, number: str, who: str, parts: Parts) -> NewNumber:
    sealer, token = Sealer(parts.settings.secret_keys), asked.token
    return NewNumber(
        phone_number_id=number, name=asked.name or None, provider=asked.provider or META,
        waba_id=asked.waba_id or None,
        token=sealer.seal(token, use_of_token(number)) if token else None,
        token_hint=token[-HINT_LENGTH:] if token else None,
        app_secret=(
            sealer.seal(asked.app_secret, use_of_app_secret(number)) if asked.app_secret else None
        ),
        messages_per_second=asked.messages_per_second, loop_pause_ms=asked.loop_pause_ms,
        messaging_limit=asked.messaging_limit, is_enabled=asked.enabled, who=who,
    )  # fmt: skip


async def _checked(parts: Parts, number: str, asked: api.NumberSent) -> str | Refusal | None:
    """Why Meta was not asked, or cannot say; None: it takes the token. A no of Meta's refuses."""
    if asked.token is None:
        return "The token was not changed, so it was not checked."
    if not asked.check:
        return "Not checked, as you wanted."
    provider = provider_of(asked.provider or META, parts.settings, Secret(asked.token))
    said = await parts.lookup.number(number, provider)
    if said is None:
        return "The provider cannot be asked just now: the first message tells."
    status, _ = said
    if status in _TOKEN_IS_DEAD:
        return errors.number_refused(number, status)
    return None if status == 200 else f"Meta answered with HTTP {status}: the first message tells."
