"""The templates of a number's business account, listed for those who write to people."""

import asyncio
from typing import Final

from aiohttp import web

from gateway import errors, selection
from gateway.answers import answer, refused
from gateway.errors import Refusal
from gateway.listings import Answer, Found, TokenRefused, Unavailable
from gateway.parts import PARTS, Parts
from gateway.template_views import views
from schemas import template_api as api
from schemas.environment import parse_meta_id
from schemas.number_book import ENVIRONMENT

MOST_LISTED: Final = 6000  # as many as an account may have (Meta: templates)


async def listed(request: web.Request) -> web.Response:
    """`GET /api/templates?phoneNumberId&limit`: what can be sent from a number, and more."""
    limit = selection.limit_of(request.query, MOST_LISTED, MOST_LISTED)
    if isinstance(limit, Refusal):
        return refused(limit)
    parts = request.app[PARTS]
    number = _number(request, parts)
    if isinstance(number, Refusal):
        return refused(number)
    return answer(await _list(await _asked(number, parts), limit))


def _number(request: web.Request, parts: Parts) -> str | Refusal:
    """The number that is asked for; "": any of the environment's account, which is one."""
    if not (named := request.query.get("phoneNumberId")):
        return parts.settings.default_phone_number_id or ""
    try:
        return parse_meta_id(named)
    except ValueError as error:
        return errors.bad_request(f"phoneNumberId {error}.")


async def _asked(number: str, parts: Parts) -> Answer:
    book = parts.keeper.book
    account = book.account(number)
    if not book.looks_templates_up(number):
        return Unavailable(_why_not(account, has_token=bool(book.provider(number).token)))
    return await parts.templates.account(account).all()


def _why_not(account: str, *, has_token: bool) -> str:
    """Why an account cannot be asked, and what to do."""
    if account == ENVIRONMENT:
        missing = "META_WABA_ID" if has_token else "META_ACCESS_TOKEN"
        return f"{missing} is not set"
    return "this number has no wabaId" if has_token else "the token of this number does not open"


async def _list(said: Answer, limit: int) -> api.TemplateList:
    match said:
        case Found(templates, unread, as_of):
            # In a thread: thousands of them take a fifth of a second.
            shown = await asyncio.to_thread(views, templates, limit)
            return api.TemplateList(
                state="known", reason=_left_out(unread), as_of=as_of, total=len(templates),
                templates=shown,
            )  # fmt: skip
        case Unavailable(reason):
            return _unavailable(f"Templates cannot be looked up: {reason.rstrip('.')}.")
        case TokenRefused(reason):
            return _unavailable(f"Meta does not take the access token: {reason.rstrip('.')}.")


def _unavailable(reason: str) -> api.TemplateList:
    return api.TemplateList(state="unavailable", reason=reason, as_of=None, total=0, templates=[])


def _left_out(unread: int) -> str | None:
    if not unread:
        return None
    counted = "1 template" if unread == 1 else f"{unread} templates"
    return f"{counted} of the account cannot be read here, and left out."
