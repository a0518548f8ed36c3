"""A receipt: the webhook body that Meta would POST for an accepted send. Pure: entry in, body out.

After webhooks/reference/messages/status, as it is from v24 on: without `conversation`.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

from sandbox.answers import message_id
from sandbox.errors import CATALOGUE
from sandbox.ledger import Entry
from sandbox.templates import Template

WABA_ID: Final = "102290129340398"
DISPLAY_PHONE_NUMBER: Final = "15550783881"  # the digits of what GET /{phone_number_id} shows
_FAILED_WITH: Final = 131026
_HREF: Final = "/documentation/business-messaging/whatsapp/support/error-codes"


class Status(StrEnum):
    """How far a message came."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


USUAL: Final = (Status.SENT, Status.DELIVERED)
_SECONDS_LATER: Final = {Status.SENT: 0, Status.DELIVERED: 1, Status.READ: 2, Status.FAILED: 1}
_PRICED: Final = frozenset(USUAL)  # Meta: `sent`, and one of `delivered` and `read`


def receipt(entry: Entry, *, run: str, statuses: Iterable[Status] = USUAL) -> dict[str, Any]:
    """`{"number": …, "body": …}`: the entry's number, and the body with `statuses` in it."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": DISPLAY_PHONE_NUMBER,
            "phone_number_id": entry.phone_number_id,
        },
        "statuses": [_status(entry, run, status) for status in statuses],
    }
    change = {"field": "messages", "value": value}
    body = {
        "object": "whatsapp_business_account",
        "entry": [{"id": WABA_ID, "changes": [change]}],
    }
    return {"number": entry.number, "body": body}


def _status(entry: Entry, run: str, status: Status) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": message_id(run, entry.number, entry.to),
        "status": status,
        "timestamp": str(int(entry.at) + _SECONDS_LATER[status]),
        "recipient_id" if entry.to.isdecimal() else "recipient_user_id": entry.to,
    }
    if entry.tag:
        shown["biz_opaque_callback_data"] = entry.tag
    if status in _PRICED:
        shown["pricing"] = _pricing(entry.template)
    if status is Status.FAILED:
        shown["errors"] = [_error(_FAILED_WITH)]
    return shown


def _pricing(template: Template | None) -> dict[str, Any]:
    """A template costs what its category does; free text, in an open window, costs nothing."""
    if template is None:
        billable, kind, category = False, "free_customer_service", "service"
    else:
        billable, kind, category = True, "regular", template.category.lower()
    return {"billable": billable, "pricing_model": "PMP", "type": kind, "category": category}


def _error(code: int) -> dict[str, Any]:
    known = CATALOGUE[code]
    return {
        "code": code,
        "title": known.title,
        "message": known.title,
        "error_data": {"details": known.details},
        "href": _HREF,
    }
