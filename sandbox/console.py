"""The sandbox's own side: what was taken, in full and in figures, and the faults to turn."""

from functools import partial
from typing import Any, Final

import msgspec
from aiohttp import web

from sandbox import checks
from sandbox.fates import MARK, VARIANTS
from sandbox.faults import changed
from sandbox.ledger import Wanted
from sandbox.receipts import USUAL, Status, receipt
from sandbox.sends import DESK

_LIMIT: Final = 1000
_MOST: Final = 100_000
_INDEX: Final = {
    "what": "Meta on your desk: the Cloud API with faults on demand and a ledger",
    "api": [
        "POST /{version}/{phone_number_id}/messages",
        "GET /{version}/{waba_id}/message_templates?name=&limit=&after=",
        "GET /{version}/{phone_number_id}",
    ],
    "sandbox": [
        "GET /sandbox/ledger?to=&tag=&phone_number_id=&after=&limit=",
        "GET /sandbox/ledger/summary",
        "DELETE /sandbox/ledger",
        "GET /sandbox/receipts?to=&tag=&phone_number_id=&after=&limit=&status=",
        "GET /sandbox/requests?to=&tag=&phone_number_id=&after=&limit=",
        "GET /sandbox/faults",
        "PUT /sandbox/faults",
        "GET /healthz",
    ],
    "recipients": {f"…{MARK}{digits}": fate.meaning for digits, fate in VARIANTS.items()}
    | {f"…{MARK}<error code of six digits>": "refused with that code"},
}


async def index(_: web.Request) -> web.Response:
    """What there is."""
    return _json(_INDEX)


async def healthz(_: web.Request) -> web.Response:
    """The process lives, whatever the faults say."""
    return _json({"status": "ok"})


async def ledger(request: web.Request) -> web.Response:
    """Accepted sends in order of arrival."""
    return _page(request, accepted_only=True)


async def requests(request: web.Request) -> web.Response:
    """Every request to send in order of arrival, whatever it was told."""
    return _page(request, accepted_only=False)


async def receipts(request: web.Request) -> web.Response:
    """What Meta would POST later for each accepted send, in order of arrival."""
    try:
        wanted, statuses = _wanted(request, "status"), _statuses(request)
    except ValueError as error:
        return _bad_request(str(error))
    ledger = request.app[DESK].ledger
    show = partial(receipt, run=ledger.run, statuses=statuses)
    return _json(ledger.page(wanted, accepted_only=True, show=show))


async def summary(request: web.Request) -> web.Response:
    """The ledger in figures."""
    return _json(request.app[DESK].ledger.summary())


async def forget(request: web.Request) -> web.Response:
    """Empty the ledger."""
    return _json({"forgotten": request.app[DESK].forget()})


async def faults(request: web.Request) -> web.Response:
    """The faults in force."""
    return _json(request.app[DESK].faults)


async def change_faults(request: web.Request) -> web.Response:
    """Change the faults that the body names."""
    desk = request.app[DESK]
    try:
        desk.faults = changed(desk.faults, await request.read())
    except ValueError as error:
        return _bad_request(str(error))
    return _json(desk.faults)


def _page(request: web.Request, *, accepted_only: bool) -> web.Response:
    try:
        wanted = _wanted(request)
    except ValueError as error:
        return _bad_request(str(error))
    return _json(request.app[DESK].ledger.page(wanted, accepted_only=accepted_only))


def _wanted(request: web.Request, *more: str) -> Wanted:
    """Of a request that may have the filters `more`, too. Raises ValueError in words."""
    query, known = request.query, (*Wanted.__struct_fields__, *more)
    unknown = set(query) - set(known)
    if unknown:
        names = ", ".join(sorted(unknown))
        raise ValueError(f"{names}: no such filter; there are {', '.join(known)}")
    to = query.get("to")
    return Wanted(
        to=to and (checks.wa_id(to) or to),
        tag=query.get("tag"),
        phone_number_id=query.get("phone_number_id"),
        after=_number(query.get("after", "0"), "after", at_least=0, at_most=10**15),
        limit=_number(query.get("limit", str(_LIMIT)), "limit", at_least=1, at_most=_MOST),
    )


def _statuses(request: web.Request) -> tuple[Status, ...]:
    """Raises ValueError in words."""
    status = request.query.get("status")
    if status is None:
        return USUAL
    try:
        return (Status(status),)
    except ValueError:
        raise ValueError(f"status is one of {', '.join(Status)}, not {status[:40]!r}") from None


def _number(text: str, name: str, *, at_least: int, at_most: int) -> int:
    if text.isascii() and text.isdecimal() and at_least <= int(text[:16]) <= at_most:
        return int(text)
    raise ValueError(f"{name} is a whole number from {at_least} to {at_most}, not {text[:40]!r}")


def _bad_request(sentence: str) -> web.Response:
    return _json({"error": "Bad Request", "message": sentence}, status=400)


def _json(shown: Any, status: int = 200) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(shown), status=status, content_type="application/json"
    )
