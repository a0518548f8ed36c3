"""The sandbox's own side, to act: the script, the faults, templates, people, news, the clock."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Annotated, Any, Final

import msgspec
from aiohttp import web

from sandbox.asked import bad_request, check_query, json_of, not_found, number
from sandbox.outbox import Outbox
from sandbox.script import Notice, Script, Strict, TemplateChange, Writing, read
from sandbox.stage import Stage, Unknown

STAGE: Final = web.AppKey("stage", Stage)
URL: Final = web.AppKey("webhook_url", str)  # "": nothing is posted
_LIMIT: Final = 100
_MOST: Final = 10_000
Handler = Callable[[web.Request], Awaitable[web.Response]]


class Clock(Strict, frozen=True):
    """How far the limits' clock moves."""

    advance_seconds: Annotated[float, msgspec.Meta(ge=0, le=10**8)]


def in_words(handler: Handler) -> Handler:
    """A handler whose ValueErrors are what is wrong with the request, in words."""

    @wraps(handler)
    async def answer(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except Unknown as error:
            return not_found(error)
        except ValueError as error:
            return bad_request(error)

    return answer


@in_words
async def script(request: web.Request) -> web.Response:
    """The script in force, and how far it has come."""
    return json_of(request.app[STAGE].shown())


@in_words
async def put_script(request: web.Request) -> web.Response:
    """Change what the script names."""
    stage = request.app[STAGE]
    stage.put(read(await request.read(), Script))
    return json_of(stage.shown())


@in_words
async def reset_script(request: web.Request) -> web.Response:
    """Everything as at the start, but for the ledger and what was posted."""
    stage = request.app[STAGE]
    stage.reset()
    return json_of(stage.shown())


@in_words
async def faults(request: web.Request) -> web.Response:
    """The faults in force."""
    return json_of(request.app[STAGE].desk.rules.faults)


@in_words
async def change_faults(request: web.Request) -> web.Response:
    """Change the faults that the body names."""
    stage = request.app[STAGE]
    stage.change("faults", read(await request.read(), dict[str, Any]))
    return json_of(stage.desk.rules.faults)


@in_words
async def calm(request: web.Request) -> web.Response:
    """Everything as usual: the faults of the start, and no template paused that was not then."""
    stage = request.app[STAGE]
    stage.calm()
    return json_of(stage.desk.rules.faults)


@in_words
async def templates(request: web.Request) -> web.Response:
    """The templates on the shelf, and how many messages of each are held."""
    check_query(request, ("name",))
    shelf, name = request.app[STAGE].desk.shelf, request.query.get("name")
    shown = [
        {**template.shown(), "held": shelf.held(template.key)}
        for template in shelf.templates.values()
        if name in (None, template.name)
    ]
    return json_of({"data": shown})


@in_words
async def put_template(request: web.Request) -> web.Response:
    """Lay a template on the shelf, as Meta's JSON; one of that name and language gives way."""
    given = read(await request.read(), dict[str, Any])
    return json_of(request.app[STAGE].put_template(given).shown())


@in_words
async def change_template(request: web.Request) -> web.Response:
    """Pause, disable, approve a template; hold its messages, let them go or drop them."""
    change = read(await request.read(), TemplateChange)
    return json_of(request.app[STAGE].change_template(change))


@in_words
async def remove_template(request: web.Request) -> web.Response:
    """Take a template away, in one language or in all."""
    check_query(request, ("name", "language"))
    name, language = request.query.get("name", ""), request.query.get("language")
    removed = request.app[STAGE].remove_template(name, language)
    return json_of({"removed": [template.shown() for template in removed]})


@in_words
async def write(request: web.Request) -> web.Response:
    """A person writes, taps a button, stops or resumes marketing messages."""
    written = request.app[STAGE].write(read(await request.read(), Writing))
    return json_of({**written, **_posted(request)})


@in_words
async def tell(request: web.Request) -> web.Response:
    """Post news of the account."""
    told = request.app[STAGE].tell(read(await request.read(), Notice))
    return json_of({**told, **_posted(request)})


@in_words
async def webhooks(request: web.Request) -> web.Response:
    """What was posted and how it was answered; what is still to be posted, in figures."""
    check_query(request, ("field", "after", "limit"))
    after = number(request, "after", 0, at_least=0)
    limit = number(request, "limit", _LIMIT, at_least=1, at_most=_MOST)
    outbox = _outbox(request)
    if outbox is None:
        return json_of({"url": None, "entries": [], "next": None})
    page = outbox.page(after=after, limit=limit, field=request.query.get("field"))
    return json_of({"url": request.app[URL], **outbox.figures(), **page})


@in_words
async def clear_webhooks(request: web.Request) -> web.Response:
    """Forget what was posted, and what is to be."""
    outbox = _outbox(request)
    forgotten = outbox.figures() if outbox else {}
    if outbox:
        outbox.clear()
    return json_of({"forgotten": forgotten})


@in_words
async def advance_clock(request: web.Request) -> web.Response:
    """Move the clock of the limits and the windows of 24 hours."""
    desk = request.app[STAGE].desk
    desk.advance(read(await request.read(), Clock).advance_seconds)
    return json_of(desk.reach())


def _outbox(request: web.Request) -> Outbox | None:
    return request.app[STAGE].desk.sequel.outbox


def _posted(request: web.Request) -> dict[str, Any]:
    """Whether it will be posted."""
    if request.app[URL]:
        return {"posted": True}
    return {"posted": False, "why": "SANDBOX_WEBHOOK_URL is not set"}
