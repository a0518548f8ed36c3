"""An order before its list is read: its template is looked up, and the order held against it."""

from gateway import errors, preflight
from gateway.errors import Refusal
from gateway.listings import Answer, Found, TokenRefused, Unavailable
from gateway.orders import Order
from gateway.parts import Parts
from gateway.preflight import Passed
from gateway.templates import CACHE_SECONDS, FRESH_SECONDS
from schemas import api, jobs


async def inspect(order: Order, parts: Parts) -> Passed | Refusal:
    """What may become a job, and how far it was checked; or why it may not.

    A no is given on fresh knowledge only: a template may have been mended since it was looked up.
    When nobody can say, the order passes unchecked: it is not lost because a lookup failed.
    """
    match order.content:
        case jobs.Text():
            return Passed(is_checked=True)
        case jobs.Template() as content if parts.keeper.book.looks_templates_up(
            order.phone_number_id
        ):
            verdict = await _held(order, content, parts, CACHE_SECONDS)
            if isinstance(verdict, Refusal):
                verdict = await _held(order, content, parts, FRESH_SECONDS)
            return verdict
        case jobs.Template():
            return Passed()


async def _held(
    order: Order, content: jobs.Template, parts: Parts, at_most_seconds: float
) -> Passed | Refusal:
    templates_of = parts.templates.account(parts.keeper.book.account(order.phone_number_id))
    answer: Answer = await templates_of.named(content.name, at_most_seconds)
    match answer:
        case Found(templates):
            return preflight.hold(order, content, templates)
        case Unavailable(reason):
            parts.log.warning(
                "a template could not be looked up", template=content.name, reason=reason
            )
            return Passed(
                said=api.Preflight("skipped", f"Templates cannot be looked up: {reason}.")
            )
        case TokenRefused(reason):
            parts.log.error("the access token is not taken", reason=reason)
            return errors.token_refused(reason)
