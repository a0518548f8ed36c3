"""A receipt: what Meta's webhook says of an accepted send. Pure: entry in, JSON out.

After webhooks/reference/messages/status, as it is from v24 on: without `conversation`.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sandbox.answers import message_id
from sandbox.courses import Status
from sandbox.errors import CATALOGUE
from sandbox.inbound import DISPLAY_PHONE_NUMBER, contact
from sandbox.ledger import Entry
from sandbox.templates import Template

WABA_ID: Final = "102290129340398"
_FAILED_WITH: Final = 131026
_HREF: Final = "/documentation/business-messaging/whatsapp/support/error-codes"
_WINDOW_SECONDS: Final = 24 * 3600


USUAL: Final = (Status.SENT, Status.DELIVERED)
_SECONDS_LATER: Final = {Status.SENT: 0, Status.DELIVERED: 1, Status.READ: 2, Status.FAILED: 1}
_PRICED: Final = frozenset(USUAL)  # Meta: `sent`, and one of `delivered` and `read`


def receipt(entry: Entry, *, run: str, statuses: Iterable[Status] = USUAL) -> dict[str, Any]:
    """`{"number": …, "body": …}`: the entry's number, and the body with `statuses` in it."""
    shown = [_usual_json(entry, run, status) for status in statuses]
    change = {"field": "messages", "value": messages_value(entry.phone_number_id, statuses=shown)}
    return {"number": entry.number, "body": envelope([{"id": WABA_ID, "changes": [change]}])}


def envelope(entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The body of a webhook with these entries."""
    return {"object": "whatsapp_business_account", "entry": list(entries)}


def messages_value(phone_number_id: str, **lists: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The value of a `messages` change: `contacts`, `statuses`, `messages`, as far as there are."""
    metadata = {
        "display_phone_number": DISPLAY_PHONE_NUMBER,
        "phone_number_id": phone_number_id,
    }
    given = {name: each for name, each in lists.items() if each}
    return {"messaging_product": "whatsapp", "metadata": metadata, **given}


def status_json(
    entry: Entry, run: str, status: str, timestamp: str, *, code: int = 0, priced: bool = False
) -> dict[str, Any]:
    """One of `statuses`; `code` is of `failed`."""
    shown: dict[str, Any] = {
        "id": message_id(run, entry.number, entry.to),
        "status": status,
        "timestamp": timestamp,
        "recipient_id" if entry.to.isdecimal() else "recipient_user_id": entry.to,
    }
    if entry.tag:
        shown["biz_opaque_callback_data"] = entry.tag
    if priced:
        shown["pricing"] = _pricing(entry.template)
    if code:
        shown["errors"] = [_error(code)]
    return shown


def conversation_json(entry: Entry) -> dict[str, Any]:
    """What `sent` and `delivered` had until v23."""
    category = entry.template.category.lower() if entry.template else "service"
    return {
        "id": f"{entry.number:032x}",
        "expiration_timestamp": str(int(entry.at) + _WINDOW_SECONDS),
        "origin": {"type": category},
    }


def contact_json(entry: Entry) -> dict[str, Any]:
    """The recipient, as it stands beside every status but `failed`."""
    return contact(entry.to) if entry.to.isdecimal() else {"user_id": entry.to}


def _usual_json(entry: Entry, run: str, status: Status) -> dict[str, Any]:
    return status_json(
        entry,
        run,
        status,
        str(int(entry.at) + _SECONDS_LATER[status]),
        code=_FAILED_WITH if status is Status.FAILED else 0,
        priced=status in _PRICED,
    )


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
