"""A webhook of Meta's, read: everything that one POST may carry, item by item.

Its shape is entries of changes of values (business-messaging/whatsapp: webhooks, overview). An
item that is unknown or malformed is counted and costs no other. Pure.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import NoneType
from typing import Any, Final

import msgspec

from schemas.notices import (
    NEWS,
    AccountNews,
    Inbound,
    NumberError,
    NumberNews,
    Preference,
    Scene,
    TemplateNews,
    read_inbound,
    read_number_error,
    read_preference,
)
from schemas.readings import UNREADABLE, Tree, mended, text_at, time_at, tree_of
from schemas.receipts import Receipt, read_receipt

OBJECT: Final = "whatsapp_business_account"
Item = Receipt | Inbound | Preference | TemplateNews | AccountNews | NumberNews | NumberError


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """What a body had, each kind in its order, and how many of its items were of no use."""

    receipts: list[Receipt] = []
    inbound: list[Inbound] = []
    preferences: list[Preference] = []
    templates: list[TemplateNews] = []
    accounts: list[AccountNews] = []
    numbers: list[NumberNews] = []
    errors: list[NumberError] = []
    passed_over: int = 0


class Body(msgspec.Struct):
    """The outermost object of a webhook."""

    object: Any = None
    entry: list[msgspec.Raw] = []

    @property
    def is_ours(self) -> bool:
        """Whether it is about WhatsApp: an app may be subscribed to pages, too."""
        return bool(self.object == OBJECT)


class _Entry(msgspec.Struct):
    """What is said about one business account."""

    id: Any = None
    time: Any = None
    changes: list[msgspec.Raw] = []


class _Change(msgspec.Struct):
    """A field of that account, and what is new of it."""

    field: Any = None
    value: msgspec.Raw = msgspec.Raw(b"null")


Read = Callable[[msgspec.Raw, Scene], Item | None]


def _each(read: Callable[[Tree, Scene], Item | None]) -> Read:
    def read_raw(raw: msgspec.Raw, scene: Scene) -> Item | None:
        tree = tree_of(raw)
        return None if tree is None else read(tree, scene)

    return read_raw


# The lists of a value, and how an item is read. `contacts` say who the others are from; nothing
# of them is needed.
LISTS: Final[Mapping[str, Read | None]] = {
    "statuses": lambda raw, _: read_receipt(raw),
    "messages": _each(read_inbound),
    "user_preferences": _each(read_preference),
    "errors": _each(read_number_error),
    "contacts": None,
}

_decode_body: Final = msgspec.json.Decoder(Body).decode
_decode_entry: Final = msgspec.json.Decoder(_Entry).decode
_decode_change: Final = msgspec.json.Decoder(_Change).decode
_decode_value: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_list: Final = msgspec.json.Decoder(list[msgspec.Raw] | None).decode


def open_body(body: bytes) -> Body:
    """The outermost object, its entries unread.

    Raises msgspec.DecodeError, UnicodeDecodeError or RecursionError when it is no webhook.
    """
    try:
        return _decode_body(body)
    except msgspec.DecodeError:
        if (sound := mended(body)) == body:
            raise
        return _decode_body(sound)


def read_webhook(body: bytes) -> Webhook:
    """All that a body says. Raises what `open_body` raises."""
    found: defaultdict[type, list[Any]] = defaultdict(list)
    for item in _items(open_body(body).entry):
        found[type(item)].append(item)
    return Webhook(
        receipts=found[Receipt],
        inbound=found[Inbound],
        preferences=found[Preference],
        templates=found[TemplateNews],
        accounts=found[AccountNews],
        numbers=found[NumberNews],
        errors=found[NumberError],
        passed_over=len(found[NoneType]),
    )


def is_news(field: object) -> bool:
    """Whether a change of this field is one piece of news, and no lists of items."""
    return isinstance(field, str) and field in NEWS


def _items(entries: Iterable[msgspec.Raw]) -> Iterator[Item | None]:
    """Every item in its order; None for each that is of no use."""
    for raw in entries:
        try:
            entry = _decode_entry(raw)
        except UNREADABLE:
            yield None
            continue
        around = {"id": entry.id, "time": entry.time}
        scene = Scene(waba_id=text_at(around, "id"), at=time_at(around, "time"))
        for change in entry.changes:
            yield from _of_change(change, scene)


def _of_change(raw: msgspec.Raw, scene: Scene) -> Iterator[Item | None]:
    try:
        change = _decode_change(raw)
        value = _decode_value(change.value)
    except UNREADABLE:
        yield None
        return
    if is_news(change.field):
        yield NEWS[change.field](tree_of(change.value) or {}, scene)
    elif LISTS.keys() & value.keys():
        yield from _of_lists(value, scene)
    else:
        yield None


def _of_lists(value: dict[str, msgspec.Raw], scene: Scene) -> Iterator[Item | None]:
    metadata = tree_of(value["metadata"]) if "metadata" in value else None
    phone_number_id = text_at(metadata or {}, "phone_number_id")
    scene = msgspec.structs.replace(scene, phone_number_id=phone_number_id)
    for name, read in LISTS.items():
        if read is None or name not in value:
            continue
        try:
            items = _decode_list(value[name]) or ()
        except UNREADABLE:
            yield None
            continue
        for item in items:
            yield read(item, scene)
