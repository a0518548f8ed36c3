"""The red button: pause and resume a whole number, or everything."""

from aiohttp import web

from gateway import errors, outbox
from gateway.answers import answer, refused
from gateway.auth import owner_of
from gateway.control import reason_of
from gateway.control_store import EVERYTHING
from gateway.errors import Refusal
from gateway.parts import PARTS
from schemas import api
from schemas.environment import parse_meta_id


async def read(request: web.Request) -> web.Response:
    """`GET /api/pause`: what stands still, since when, and by whom."""
    brakes = await request.app[PARTS].control.brakes()
    is_all = any(brake.phone_number_id is None for brake in brakes)
    return answer(api.Brakes(is_all, brakes))


async def pull(request: web.Request) -> web.Response:
    """`POST /api/pause`, `/api/numbers/{id}/pause`: nothing more leaves; new jobs wait, too."""
    scope, why = _scope(request), await reason_of(request)
    if isinstance(scope, Refusal):
        return refused(scope)
    if isinstance(why, Refusal):
        return refused(why)
    parts, who = request.app[PARTS], owner_of(request)
    await parts.control.pull_brake(scope, who, why)
    parts.log.warning("brake pulled", scope=scope, owner=who)
    await outbox.say(parts.broker, scope)
    return await read(request)


async def release(request: web.Request) -> web.Response:
    """`POST /api/resume`, `/api/numbers/{id}/resume`: what only that had stopped goes on.

    The sweeper wakes its lanes, within a second or so.
    """
    scope = _scope(request)
    if isinstance(scope, Refusal):
        return refused(scope)
    parts = request.app[PARTS]
    await parts.control.release_brake(scope)
    parts.log.warning("brake released", scope=scope, owner=owner_of(request))
    return await read(request)


def _scope(request: web.Request) -> str | Refusal:
    number = request.match_info.get("phone_number_id")
    if number is None:
        return EVERYTHING
    try:
        return parse_meta_id(number)
    except ValueError as error:
        return errors.bad_request(f"The phone number id {error}.")
