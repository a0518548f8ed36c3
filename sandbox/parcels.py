"""What is due, put together into the body of one webhook, and signed. Pure."""

import hashlib
import hmac
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, TypeAlias, TypeVar

import msgspec

from sandbox.courses import Status, further
from sandbox.ledger import Entry
from sandbox.receipts import (
    WABA_ID,
    contact_json,
    conversation_json,
    envelope,
    messages_value,
    status_json,
)
from sandbox.rules import Receipts, Webhooks

MESSAGES: Final = "messages"
_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7f]")
_CONVERSED: Final = frozenset({Status.SENT, Status.DELIVERED})
Json = dict[str, Any]
T = TypeVar("T")


class StatusDue(msgspec.Struct, frozen=True, gc=False):
    """A status of a message, as of `at`."""

    entry: Entry
    status: str
    at: float  # seconds since 1970
    code: int = 0
    priced: bool = False
    milliseconds: bool = False


class Said(msgspec.Struct, frozen=True):
    """A message of a person to one of the numbers: its contact and itself."""

    phone_number_id: str
    contact: Json
    message: Json


class News(msgspec.Struct, frozen=True):
    """A change of any other field."""

    field: str
    value: Json
    at: float


Update: TypeAlias = StatusDue | Said | News


def body_of(updates: Sequence[Update], run: str, receipts: Receipts, webhooks: Webhooks) -> bytes:
    """The exact bytes to post and to sign: JSON with all beyond U+007F as \\uXXXX, as Meta's."""
    changes = [
        *_status_changes(updates, run, receipts, webhooks.statuses_per_change),
        *_said_changes(updates),
    ]
    entries = [
        {"id": WABA_ID, "changes": some} for some in _chunks(changes, webhooks.changes_per_entry)
    ]
    entries += [_news_entry(each) for each in updates if isinstance(each, News)]
    return _escaped(msgspec.json.encode(envelope(entries)))


def note_posted(updates: Iterable[Update]) -> None:
    """Write down how far each message has come, as far as it was posted."""
    for each in updates:
        if isinstance(each, StatusDue):
            each.entry.posted = further(each.entry.posted, each.status)


def fields_of(updates: Iterable[Update]) -> tuple[str, ...]:
    """The fields that a body with these updates has, each once."""
    fields = (each.field if isinstance(each, News) else MESSAGES for each in updates)
    return tuple(dict.fromkeys(fields))


def signature(body: bytes, secret: str) -> str:
    """The value of X-Hub-Signature-256."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _status_changes(
    updates: Iterable[Update], run: str, receipts: Receipts, most: int
) -> Iterator[Json]:
    by_number: defaultdict[str, list[StatusDue]] = defaultdict(list)
    for each in updates:
        if isinstance(each, StatusDue):
            by_number[each.entry.phone_number_id].append(each)
    for phone_number_id, dues in by_number.items():
        for some in _chunks(dues, most):
            value = messages_value(
                phone_number_id,
                contacts=_contacts(some) if receipts.contacts else (),
                statuses=[_shown(due, run, receipts) for due in some],
            )
            yield {"value": value, "field": MESSAGES}


def _said_changes(updates: Iterable[Update]) -> Iterator[Json]:
    by_number: defaultdict[str, list[Said]] = defaultdict(list)
    for each in updates:
        if isinstance(each, Said):
            by_number[each.phone_number_id].append(each)
    for phone_number_id, said in by_number.items():
        contacts = {each.contact["wa_id"]: each.contact for each in said}
        value = messages_value(
            phone_number_id,
            contacts=list(contacts.values()),
            messages=[each.message for each in said],
        )
        yield {"value": value, "field": MESSAGES}


def _news_entry(news: News) -> Json:
    change = {"value": news.value, "field": news.field}
    return {"id": WABA_ID, "time": int(news.at), "changes": [change]}


def _contacts(dues: Iterable[StatusDue]) -> list[Json]:
    """Each recipient once; those of `failed` are left out."""
    recipients = {due.entry.to: due.entry for due in dues if not due.code}
    return [contact_json(entry) for entry in recipients.values()]


def _shown(due: StatusDue, run: str, receipts: Receipts) -> Json:
    timestamp = str(int(due.at * 1000) if due.milliseconds else int(due.at))
    priced = due.priced and receipts.pricing
    shown = status_json(due.entry, run, due.status, timestamp, code=due.code, priced=priced)
    if receipts.conversation and due.status in _CONVERSED:
        shown["conversation"] = conversation_json(due.entry)
    return shown


def _chunks(items: Sequence[T], most: int) -> Iterator[list[T]]:
    for first in range(0, len(items), most):
        yield list(items[first : first + most])


def _escaped(body: bytes) -> bytes:
    """Outside of strings JSON has nothing beyond ASCII, so the text can be escaped as a whole."""
    if body.isascii():
        return body
    text = _BEYOND_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], body.decode())
    return text.encode("ascii")
