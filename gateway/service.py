"""What a front end has to know first: who asks, and how the service is set. No secret."""

from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from gateway.answers import answer
from gateway.auth import GATE, holder_of
from gateway.holders import Holder
from gateway.parts import PARTS
from gateway.submitted import BULK_THRESHOLD
from schemas.number_book import NumberBook
from schemas.scopes import Scope
from schemas.service_api import Service, ServiceHolder
from schemas.settings import Gateway
from schemas.version import VERSION

NAME: Final = "Loopcast"


async def read(request: web.Request) -> web.Response:
    """`GET /api/service`: every key will do, so that a page learns here whether it needs one."""
    parts, holder = request.app[PARTS], holder_of(request)
    asks_for_keys = request.app[GATE].asks_for_keys
    return answer(view(parts.settings, parts.keeper.book, holder, asks_for_keys=asks_for_keys))


def view(settings: Gateway, book: NumberBook, holder: Holder, *, asks_for_keys: bool) -> Service:
    """The service as it is told."""
    scopes = [str(scope) for scope in Scope if holder.may(scope)]
    return Service(
        name=NAME,
        version=VERSION,
        holder=ServiceHolder(holder.name, scopes, asks_for_keys),
        bulk_from=BULK_THRESHOLD,
        hard_cap=settings.hard_cap,
        messages_per_second=settings.messages_per_second or None,
        loop_size=settings.loop_size,
        loop_pause_ms=settings.pause_ms,
        max_retries=settings.max_retries,
        phone_number_id=settings.default_phone_number_id,
        default_region=settings.default_region,
        templates_known=_knows_templates(settings, book),
        tracks_receipts=bool(book.app_secrets) or settings.is_sandboxed,
        sandbox_url=_address(settings.provider.base_url) if settings.is_sandboxed else None,
    )


def _knows_templates(settings: Gateway, book: NumberBook) -> bool:
    """Whether there is a number whose templates can be asked for."""
    numbers = [entry.phone_number_id for entry in book.entries]
    return settings.looks_templates_up or any(map(book.looks_templates_up, numbers))


def _address(url: str) -> str:
    """Scheme, host and port: what else an address may hold, such as a password, is left out."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
