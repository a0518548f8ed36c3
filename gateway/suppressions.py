"""The suppression list over HTTP: read, added to, and lifted from with open eyes."""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec
from aiohttp import web

from gateway import errors, listing
from gateway.answers import answer, refused
from gateway.auth import owner_of
from gateway.bodies import Body
from gateway.errors import Refusal
from gateway.malformed import malformed
from gateway.numbers import Invalid, Numbers
from gateway.parts import PARTS
from gateway.recipients import Recipients, Values
from gateway.stop_lines import LONGEST_REASON, Asked, reason_of, scope_of
from gateway.suppression_store import Change
from schemas import suppression_api as api
from schemas.api import RejectedLine
from schemas.messages import masked
from schemas.suppressions import Scope, Source, added_by

BODY_LIMIT_BYTES: Final = 2**20
BODY_SECONDS: Final = 60.0
MOST_ADDED: Final = 10_000  # in one statement; longer lists are imported
SLICE: Final = 50  # numbers between two looks at the event loop
IMPORT: Final = "import longer lists with POST /api/suppressions/import"


async def newest(request: web.Request) -> web.Response:
    """`GET /api/suppressions?limit&after&number&source&scope`: what is in force, newest first."""
    parts = request.app[PARTS]
    asked = listing.page_of(request.query, parts.numbers)
    if isinstance(asked, Refusal):
        return refused(asked)
    if asked.number is None:
        rows, total = await parts.suppressions.page(asked.after, asked.limit + 1, asked.wanted)
        return answer(_page(asked, rows, total))
    rows = [row for row in await parts.suppressions.of(asked.number) if _is_wanted(row, asked)]
    return answer(_page(asked, rows, len(rows)))


async def read(request: web.Request) -> web.Response:
    """`GET /api/suppressions/{number}`: all that is known of one number, what was lifted too."""
    parts = request.app[PARTS]
    number = listing.number_of(request.match_info["number"], parts.numbers)
    if isinstance(number, Refusal):
        return refused(number)
    rows = await parts.suppressions.of(number)
    if not rows:
        return refused(errors.suppression_not_found(number))
    return answer(api.NumberView(number=number, suppressed=in_force(rows), suppressions=rows))


async def add(request: web.Request) -> web.Response:
    """`POST /api/suppressions`: numbers that are to get nothing more; as often as you like."""
    body = await Body(
        request, limit_bytes=BODY_LIMIT_BYTES, seconds=BODY_SECONDS, advice=IMPORT
    ).whole()
    if isinstance(body, Refusal):
        return refused(body)
    try:
        asked = msgspec.json.decode(body, type=api.NewSuppressions)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return refused(malformed(error, body))
    return refused(fault) if (fault := _fault(asked)) else await _add(request, asked)


async def lift(request: web.Request) -> web.Response:
    """`DELETE /api/suppressions/{number}`: the operator's own row, unless others are named."""
    parts = request.app[PARTS]
    number = listing.number_of(request.match_info["number"], parts.numbers)
    sources = listing.sources_of(request.query)
    if isinstance(number, Refusal):
        return refused(number)
    if isinstance(sources, Refusal):
        return refused(sources)
    lifted, rows = await parts.suppressions.lift(number, sources)
    if not rows:
        return refused(errors.suppression_not_found(number))
    remaining = [row for row in rows if row.lifted_at is None]
    if remaining and not lifted:
        return refused(errors.still_suppressed(number, remaining))
    to, owner = masked(number), owner_of(request)
    parts.log.info("suppressions lifted", to=to, sources=lifted, owner=owner)
    return answer(_lifted(number, lifted, remaining))


def in_force(rows: Sequence[api.Suppression]) -> Scope | None:
    """What is stopped by the rows that are active, taken together."""
    scopes = {row.scope for row in rows if row.lifted_at is None}
    return next((scope for scope in (Scope.ALL, Scope.MARKETING) if scope in scopes), None)


def _page(asked: listing.Page, rows: list[api.Suppression], total: int) -> api.SuppressionList:
    """A page of rows, of which there is one more than the page holds when there is another."""
    shown, more = rows[: asked.limit], len(rows) > asked.limit
    last = shown[-1] if more else None
    after = str(listing.Place(last.number, last.source, last.at)) if last else None
    page = api.ListedPage(limit=asked.limit, total=total, has_more=more, after=after)
    return api.SuppressionList(shown, page)


def _is_wanted(row: api.Suppression, asked: listing.Page) -> bool:
    wanted = asked.wanted
    return (
        row.lifted_at is None
        and wanted.source in (None, row.source)
        and wanted.scope in (None, row.scope)
    )


def _fault(asked: api.NewSuppressions) -> Refusal | None:
    """What is wrong with a body as a whole."""
    if asked.number is not None and asked.numbers is not None:
        return errors.bad_request("Give number or numbers, not both.")
    if asked.number is None and asked.numbers is None:
        return errors.missing_fields(["numbers"])
    if len(asked.numbers or ()) > MOST_ADDED:
        return errors.bad_request(f"numbers may have {MOST_ADDED} entries: {IMPORT}.")
    if len(asked.reason or "") > LONGEST_REASON:
        return errors.bad_request(f"reason may have {LONGEST_REASON} characters.")
    return None


async def _add(request: web.Request, asked: api.NewSuppressions) -> web.Response:
    parts, scope, owner = request.app[PARTS], scope_of(asked.scope or ""), owner_of(request)
    if isinstance(scope, Invalid):
        return refused(errors.bad_request(f"{scope.reason}."))
    numbers = await _read(parts.numbers, asked)
    if not numbers.total:
        return refused(errors.no_numbers())
    if not numbers.accepted:
        return refused(errors.no_valid_numbers(numbers.rejected, numbers.rejected_total))
    reason = reason_of(asked.reason or "")
    stops = [Asked(number, Source.OPERATOR, scope, reason) for number, _ in numbers.accepted]
    change = await parts.suppressions.add(stops, added_by(owner))
    parts.log.info("suppressions added", owner=owner, added=change.added, changed=change.changed)
    return answer(told(change, numbers))


async def _read(numbers: Numbers, asked: api.NewSuppressions) -> Recipients:
    values, read = [asked.number] if asked.numbers is None else asked.numbers, Recipients(numbers)
    for place, entry in enumerate(Values(values).entries(), 1):
        read.add(entry)
        if place % SLICE == 0:
            await asyncio.sleep(0)
    return read


class Accounted(Protocol):
    """A list that was read: how many entries it had, and which were of no use."""

    rejected: list[RejectedLine]
    rejected_total: int

    @property
    def total(self) -> int: ...


def told(change: Change, read: Accounted) -> api.ListChange:
    """What became of a list, every entry of it counted once."""
    unchanged = read.total - read.rejected_total - change.added - change.changed
    sentence = f"{change.added} added, {change.changed} changed, {unchanged} there already"
    return api.ListChange(
        total=read.total,
        added=change.added,
        changed=change.changed,
        unchanged=unchanged,
        rejected=read.rejected,
        rejected_total=read.rejected_total,
        message=f"{sentence}, {read.rejected_total} rejected.",
    )


def _lifted(number: str, lifted: list[Source], remaining: list[api.Suppression]) -> api.Lifted:
    if not remaining:
        message = f"Nothing stops messages to {number} any more."
    else:
        rest = "; ".join(f"{row.source} ({row.scope}): {row.reason}" for row in remaining)
        message = f"{number} still gets no messages of some kind. {rest}."
    return api.Lifted(
        number=number,
        lifted=[str(source) for source in lifted],
        suppressed=in_force(remaining),
        remaining=remaining,
        message=message,
    )
