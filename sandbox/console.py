"""The sandbox's own side, to read: what was taken, in full and in figures."""

from functools import partial
from typing import Final

from aiohttp import web

from sandbox import assets, chats, checks
from sandbox.asked import bad_request, check_query, json_of, number
from sandbox.courses import Status
from sandbox.index import INDEX
from sandbox.ledger import Wanted
from sandbox.receipts import USUAL, receipt
from sandbox.sends import DESK

_LIMIT: Final = 1000
_MOST: Final = 100_000
_PEOPLE: Final = 20


async def index(_: web.Request) -> web.Response:
    """What there is."""
    return json_of(INDEX)


async def front(request: web.Request) -> web.Response:
    """The page for a browser, and what there is for a program."""
    return assets.shell(request) or json_of(INDEX)


async def healthz(_: web.Request) -> web.Response:
    """The process lives, whatever the faults say."""
    return json_of({"status": "ok"})


async def ledger(request: web.Request) -> web.Response:
    """Accepted sends in order of arrival."""
    return _page(request, accepted_only=True)


async def requests(request: web.Request) -> web.Response:
    """Every request to send in order of arrival, whatever it was told."""
    return _page(request, accepted_only=False)


async def receipts(request: web.Request) -> web.Response:
    """What Meta would POST for each accepted send, in order of arrival, if all went well."""
    try:
        wanted, statuses = _wanted(request, "status"), _statuses(request)
    except ValueError as error:
        return bad_request(error)
    ledger = request.app[DESK].ledger
    show = partial(receipt, run=ledger.run, statuses=statuses)
    return json_of(ledger.page(wanted, accepted_only=True, show=show))


async def summary(request: web.Request) -> web.Response:
    """The ledger in figures."""
    return json_of(request.app[DESK].ledger.summary())


async def forget(request: web.Request) -> web.Response:
    """Empty the ledger."""
    return json_of({"forgotten": request.app[DESK].forget()})


async def people(request: web.Request) -> web.Response:
    """Who was written to, the latest first."""
    try:
        check_query(request, ("part", "limit"))
        limit = number(request, "limit", _PEOPLE, at_least=1, at_most=_LIMIT)
    except ValueError as error:
        return bad_request(error)
    part = request.query.get("part", "")
    return json_of({"people": chats.people(request.app[DESK].ledger, part, limit)})


async def phone(request: web.Request) -> web.Response:
    """One person's chat."""
    try:
        check_query(request, ("to", "limit"))
        limit = number(request, "limit", _LIMIT, at_least=1, at_most=_LIMIT)
    except ValueError as error:
        return bad_request(error)
    desk, given = request.app[DESK], request.query.get("to", "")
    to = checks.wa_id(given) or given
    said = desk.sequel.heard.of(to, desk.moment().at)
    return json_of(chats.chat(desk.ledger, said, to, limit))


def _page(request: web.Request, *, accepted_only: bool) -> web.Response:
    try:
        wanted = _wanted(request)
    except ValueError as error:
        return bad_request(error)
    return json_of(request.app[DESK].ledger.page(wanted, accepted_only=accepted_only))


def _wanted(request: web.Request, *more: str) -> Wanted:
    """Of a request that may have the filters `more`, too. Raises ValueError in words."""
    check_query(request, (*Wanted.__struct_fields__, *more))
    query, to = request.query, request.query.get("to")
    return Wanted(
        to=to and (checks.wa_id(to) or to),
        tag=query.get("tag"),
        phone_number_id=query.get("phone_number_id"),
        after=number(request, "after", 0, at_least=0),
        limit=number(request, "limit", _LIMIT, at_least=1, at_most=_MOST),
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
