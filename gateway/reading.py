"""A submission, read into all that a job is made of, or the refusal."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from itertools import islice
from typing import Final, NamedTuple

import msgspec

from gateway import errors
from gateway.errors import Refusal
from gateway.hours import Hours
from gateway.inspection import inspect
from gateway.malformed import malformed
from gateway.numbers import Numbers
from gateway.orders import Order, Posted, Request, check, ignored_fields, oversized
from gateway.parts import Parts
from gateway.picks import FromUpload, Only
from gateway.preflight import Passed
from gateway.recipients import Entry, MalformedRow, Recipients, Source
from gateway.uploaded import open_upload, slices_of

SLICE: Final = 50  # entries between two looks at the event loop: under 1 ms, fat rows more
ENTRIES_PER_CAP: Final = 4  # duplicates and nonsense included: reading a list has an end

Slices = AsyncGenerator[list[Entry] | Refusal]


class Listed(NamedTuple):
    """A list that is read as it comes; `fault` says, after it, what is wrong with it as a whole."""

    slices: Slices
    fault: Callable[[], str | None]
    numbers: Numbers


class Reading(NamedTuple):
    """What a submission comes to."""

    order: Order
    passed: Passed
    recipients: Recipients
    ignored: list[str]
    hours: Hours
    now: datetime  # as of which it was read


async def read(posted: Posted, owner: str, parts: Parts) -> Reading | Refusal:
    """The order first, then its template, then its list: the cheap noes before the dear ones."""
    now = datetime.now(UTC)
    order = order_of(posted, parts, now)
    if isinstance(order, Refusal):
        return order
    return await read_on(order, ignored_fields(posted.body, posted.kind), owner, parts, now)


async def read_on(
    order: Order, ignored: list[str], owner: str, parts: Parts, now: datetime
) -> Reading | Refusal:
    """What follows on the order: its template, and its list."""
    listed = await _listed(order, owner, parts)
    if isinstance(listed, Refusal):
        return listed
    return await read_list(order, listed, ignored, parts, now)


async def read_list(
    order: Order, listed: Listed, ignored: list[str], parts: Parts, now: datetime
) -> Reading | Refusal:
    """The same of an order whose list is at hand."""
    async with aclosing(listed.slices) as slices:
        passed = await inspect(order, parts)
        if isinstance(passed, Refusal):
            return passed
        hours = Hours(order.plan.window, order.plan.scheduled_at or now)
        recipients = Recipients(listed.numbers, passed.check, hours)
        refusal = await _gather(slices, recipients, parts.settings.hard_cap)
    refusal = refusal or _fault(listed, passed, recipients, parts.settings.hard_cap)
    return refusal or Reading(order, passed, recipients, ignored, hours, now)


def order_of(posted: Posted, parts: Parts, now: datetime) -> Order | Refusal:
    """What is asked for, but for the list."""
    if refusal := oversized(posted.body, posted.kind, parts.settings.hard_cap):
        return refusal
    try:
        request = msgspec.json.decode(posted.body, type=posted.kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return malformed(error, posted.body)
    order = checked(request, parts, now)
    return order if isinstance(order, Refusal) else _cut_down(order, posted.only)


def checked(request: Request, parts: Parts, now: datetime) -> Order | Refusal:
    """The order that a request makes, from a number that takes jobs."""
    book = parts.keeper.book
    order = check(request, parts.settings, now, is_kept=lambda number: bool(book.entry(number)))
    if isinstance(order, Refusal):
        return order
    if (entry := book.entry(order.phone_number_id)) and not entry.is_enabled:
        return errors.number_disabled(order.phone_number_id)
    return order


def _cut_down(order: Order, only: Only | None) -> Order:
    """To one row of the upload, where that is all that is wanted."""
    if only is None or not isinstance(order.source, FromUpload):
        return order
    source = msgspec.structs.replace(order.source, only=only)
    return msgspec.structs.replace(order, source=source)


async def _listed(order: Order, owner: str, parts: Parts) -> Listed | Refusal:
    """The list of an order: in its body, or in a file that came before."""
    match order.source:
        case FromUpload() as asked:
            opened = await open_upload(asked, owner, parts)
            if isinstance(opened, Refusal):
                return opened
            return Listed(slices_of(opened, parts, SLICE), lambda: None, opened.numbers)
        case source:
            return Listed(_slices(source), source.fault, parts.numbers)


async def _slices(source: Source) -> Slices:
    entries = source.entries()
    while batch := list(islice(entries, SLICE)):
        yield batch


async def _gather(slices: Slices, recipients: Recipients, cap: int) -> Refusal | None:
    """Read the list in slices, so that streams and health checks go on meanwhile."""
    try:
        async for batch in slices:
            if isinstance(batch, Refusal):
                return batch
            for entry in batch:
                recipients.add(entry)
            if recipients.total > ENTRIES_PER_CAP * cap:
                return errors.bad_request(
                    f"The list has more than {ENTRIES_PER_CAP * cap} entries."
                )
            await asyncio.sleep(0)
    except MalformedRow as error:
        return errors.bad_request(str(error))
    except RecursionError:
        return errors.bad_request("The JSON is nested too deeply.")
    return None


def _fault(listed: Listed, passed: Passed, recipients: Recipients, cap: int) -> Refusal | None:
    """What is wrong with the list as a whole."""
    accepted = len(recipients.accepted)
    if fault := listed.fault():
        return errors.bad_request(f"{fault}.")
    if recipients.total == 0:
        return errors.no_recipients()
    if recipients.unfilled_total:
        rows, total = recipients.unfilled, recipients.unfilled_total
        return errors.rows_do_not_fill(passed.template, rows, total)
    if not accepted:
        return errors.no_valid_recipients(recipients.rejected, recipients.rejected_total)
    return errors.over_hard_cap(cap, accepted) if accepted > cap else None
