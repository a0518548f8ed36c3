"""How many submissions a key may make in a minute, counted by all gateways together.

A bucket: a minute's worth may come at once, then one each time that its share of a minute is over
(ATM Forum's generic cell rate algorithm, with one date a key instead of a count). Every submission
counts that is about to be read, the refused ones too: reading is what it bounds. One that comes
again with its Idempotency-Key is answered before, and costs nothing.
"""

from math import ceil

from aiohttp import web

from gateway import errors
from gateway.auth import holder_of
from gateway.errors import Refusal
from gateway.parts import PARTS

MINUTE_SECONDS = 60.0


async def exceeded(request: web.Request) -> Refusal | None:
    """Count a submission; the refusal of one too many. Raises LedgerUnavailable."""
    parts, holder = request.app[PARTS], holder_of(request)
    limit = holder.submissions_per_minute
    if limit is None:
        limit = parts.settings.submissions_per_minute
    if not (limit and holder.account):
        return None
    wait_seconds = await parts.api_keys.take_turn(holder.account, MINUTE_SECONDS / limit)
    return None if wait_seconds is None else errors.over_quota(limit, max(1, ceil(wait_seconds)))
