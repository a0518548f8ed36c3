"""A webhook that is too large is cut into pieces that say, together, what it said."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from gateway.pieces import Cut, cut
from schemas.webhooks import Webhook, read_webhook

KINDS = ("receipts", "inbound", "preferences", "templates", "accounts", "numbers", "errors")


def status(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"wamid.{number}", "status": "sent", "timestamp": "1750030073", **more}


def text(number: int, body: str = "hello", **more: Any) -> dict[str, Any]:
    return {"id": f"wamid.in.{number}", "from": "4915112345678", "timestamp": "1750030073",
            "type": "text", "text": {"body": body}, **more}  # fmt: skip


def change(**lists: list[Any]) -> dict[str, Any]:
    metadata = {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"}
    value = {"messaging_product": "whatsapp", "metadata": metadata, **lists}
    return {"field": "messages", "value": value}


def webhook(*entries: Any) -> bytes:
    body = {"object": "whatsapp_business_account", "entry": list(entries)}
    return json.dumps(body, separators=(",", ":")).encode()


def together(pieces: list[bytes]) -> Webhook:
    read = [read_webhook(piece) for piece in pieces]
    lists = {kind: [item for one in read for item in getattr(one, kind)] for kind in KINDS}
    return Webhook(**lists, passed_over=sum(one.passed_over for one in read))


def test_a_small_webhook_stays_as_it_came_to_the_byte() -> None:
    body = b' {"entry" : [ ] , "object":"whatsapp_business_account"} '
    assert cut(body, 1000) == Cut([body])


def test_the_statuses_of_a_large_webhook_part_and_keep_what_stands_around_them() -> None:
    entry = {"id": "102290129340398", "time": 1750030073}
    whole = webhook({**entry, "changes": [change(statuses=[status(n) for n in range(100)])]})
    made = cut(whole, 1000)
    assert made.dropped == 0
    assert len(made.pieces) < 15
    assert max(map(len, made.pieces)) <= 1000
    first = json.loads(made.pieces[0])
    assert first["object"] == "whatsapp_business_account"
    assert {**first["entry"][0], "changes": None} == {**entry, "changes": None}
    parted = first["entry"][0]["changes"][0]
    assert parted["field"] == "messages"
    assert parted["value"]["metadata"]["phone_number_id"] == "106540352242922"
    ids = [receipt.message_id for receipt in together(made.pieces).receipts]
    assert ids == [f"wamid.{n}" for n in range(100)]


def test_an_item_too_large_for_any_piece_is_dropped_and_costs_no_other() -> None:
    lists = change(messages=[text(1), text(2, "x" * 2000), text(3)], statuses=[status(4)])
    made = cut(webhook({"id": "1", "changes": [lists]}), 1000)
    read = together(made.pieces)
    assert made.dropped == 1
    assert [inbound.message_id for inbound in read.inbound] == ["wamid.in.1", "wamid.in.3"]
    assert [receipt.message_id for receipt in read.receipts] == ["wamid.4"]


def test_news_are_never_parted() -> None:
    restrictions = [{"restriction_type": f"RESTRICTED_{n}", "expiration": n} for n in range(9)]
    value = {"event": "ACCOUNT_RESTRICTION", "restriction_info": restrictions, "errors": [1, 2]}
    news = {"field": "account_update", "value": value}
    statuses = change(statuses=[status(n) for n in range(30)])
    made = cut(webhook({"id": "1", "changes": [statuses, news]}), 1200)
    assert len(made.pieces) > 1
    (account,) = together(made.pieces).accounts
    assert len(account.restrictions) == 9


def test_half_an_emoji_does_not_keep_a_large_webhook_from_being_cut() -> None:
    half = rb'{"name":"\ud83d"}'
    body = webhook({"changes": [change(contacts=["NAME"], statuses=[status(n) for n in range(9)])]})
    made = cut(body.replace(b'"NAME"', half), 600)
    assert len(made.pieces) > 1
    assert len(together(made.pieces).receipts) == 9


@pytest.mark.parametrize("body", [b"[" + b"1," * 500, b'{"entry":' + b'"x"' + b" " * 999 + b"}"])
def test_what_is_no_webhook_cannot_be_cut(body: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        cut(body, 100)


odd = st.sampled_from([None, 7, "text", [], {}, {"id": 1}, [{"id": "x"}]])


def mostly(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What is usual, and in one case of eight something odd."""
    return st.integers(0, 7).flatmap(lambda n: odd if n == 7 else usual)


made = st.sampled_from([status(1, pad="-" * 200), text(2, pad="-" * 300), text(3), status(4)])
names = st.sampled_from(
    ["statuses", "messages", "contacts", "errors", "user_preferences", "metadata", "flows"]
)
lists = mostly(st.lists(mostly(made), min_size=2, max_size=6))
fields = st.sampled_from(
    ["messages", "user_preferences", "account_update", "message_template_status_update", "history",
     None, 7]
)  # fmt: skip
news = {"event": "PAUSED", "message_template_name": "sale", "statuses": [status(1)] * 2}
values = mostly(st.one_of(st.dictionaries(names, lists, min_size=1, max_size=3), st.just(news)))
changes = mostly(st.fixed_dictionaries({"field": fields, "value": values}))
entries = mostly(
    st.fixed_dictionaries(
        {"id": odd, "time": odd, "changes": mostly(st.lists(changes, min_size=1, max_size=3))}
    )
)


@given(
    body=st.lists(entries, min_size=1, max_size=4).map(lambda parts: webhook(*parts)),
    most=st.integers(800, 1500),
)
def test_the_pieces_say_what_the_whole_says(body: bytes, most: int) -> None:
    made = cut(body, most)
    event(f"{min(len(made.pieces), 5)} pieces")
    assume(made.dropped == 0)  # a list beside one that is none is not parted, and may be too large
    assert all(len(piece) <= most for piece in made.pieces)
    assert len(body) > most or made.pieces == [body]
    assert together(made.pieces) == read_webhook(body)
