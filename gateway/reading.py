"""The body of a submission, read into all that a job is made of, or the refusal."""

import asyncio
from datetime import UTC, datetime
from itertools import islice
from typing import Final, NamedTuple

import msgspec

from gateway import errors
from gateway.errors import Refusal
from gateway.hours import Hours
from gateway.inspection import inspect
from gateway.malformed import malformed
from gateway.orders import Order, Request, check, ignored_fields, oversized
from gateway.parts import Parts
from gateway.preflight import Passed
from gateway.recipients import MalformedRow, Recipients

SLICE: Final = 50  # entries between two looks at the event loop: under 1 ms, fat rows more
ENTRIES_PER_CAP: Final = 4  # duplicates and nonsense included: reading a list has an end


class Reading(NamedTuple):
    """What a submission comes to."""

    order: Order
    passed: Passed
    recipients: Recipients
    ignored: list[str]
    hours: Hours
    now: datetime  # as of which it was read


async def read(body: bytes, kind: type[Request], parts: Parts) -> Reading | Refusal:
    """The order first, then its template, then its list: the cheap noes before the dear ones."""
    now = datetime.now(UTC)
    order = order_of(body, kind, parts, now)
    return order if isinstance(order, Refusal) else await read_on(order, body, kind, parts, now)


async def read_on(
    order: Order, body: bytes, kind: type[Request], parts: Parts, now: datetime
) -> Reading | Refusal:
    """What follows on the order: its template, and its list."""
    passed = await inspect(order, parts)
    if isinstance(passed, Refusal):
        return passed
    hours = Hours(order.plan.window, order.plan.scheduled_at or now)
    recipients = await _recipients(order, passed, parts, hours)
    if isinstance(recipients, Refusal):
        return recipients
    return Reading(order, passed, recipients, ignored_fields(body, kind), hours, now)


def order_of(body: bytes, kind: type[Request], parts: Parts, now: datetime) -> Order | Refusal:
    """What is asked for, but for the list."""
    if refusal := oversized(body, kind, parts.settings.hard_cap):
        return refusal
    try:
        request = msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return malformed(error, body)
    return check(request, parts.settings, now)


async def _recipients(
    order: Order, passed: Passed, parts: Parts, hours: Hours
) -> Recipients | Refusal:
    """Read the list in slices, so that streams and health checks go on meanwhile."""
    recipients, entries = Recipients(parts.numbers, passed.check, hours), order.source.entries()
    most = ENTRIES_PER_CAP * parts.settings.hard_cap
    try:
        while recipients.total <= most and (batch := list(islice(entries, SLICE))):
            for entry in batch:
                recipients.add(entry)
            await asyncio.sleep(0)
    except MalformedRow as error:
        return errors.bad_request(str(error))
    except RecursionError:
        return errors.bad_request("The JSON is nested too deeply.")
    return _fault(order, passed, recipients, parts.settings.hard_cap) or recipients


def _fault(order: Order, passed: Passed, recipients: Recipients, cap: int) -> Refusal | None:
    """What is wrong with the list as a whole."""
    accepted = len(recipients.accepted)
    if recipients.total > ENTRIES_PER_CAP * cap:
        return errors.bad_request(f"The list has more than {ENTRIES_PER_CAP * cap} entries.")
    if fault := order.source.fault():
        return errors.bad_request(f"{fault}.")
    if recipients.total == 0:
        return errors.no_recipients()
    if recipients.unfilled_total:
        rows, total = recipients.unfilled, recipients.unfilled_total
        return errors.rows_do_not_fill(passed.template, rows, total)
    if not accepted:
        return errors.no_valid_recipients(recipients.rejected, recipients.rejected_total)
    return errors.over_hard_cap(cap, accepted) if accepted > cap else None
