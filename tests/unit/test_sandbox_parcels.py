"""A posted body is Meta's, key by key: escaped, signed, split into changes and entries."""

import re
from typing import Any

import msgspec
import pytest

from sandbox.ledger import Entry
from sandbox.parcels import News, Said, StatusDue, Update, body_of, fields_of, signature
from sandbox.receipts import WABA_ID
from sandbox.rules import Receipts, Webhooks
from sandbox.templates import TEMPLATES
from tests.sandboxes import NUMBER, PLAIN, RUN, Json

AT = 1_750_030_073.25


def entry(to: str = PLAIN, *, sender: str = NUMBER, tag: str = "a tag", number: int = 7) -> Entry:
    sale = TEMPLATES["sale", "en_US"]
    return Entry(number, 0, AT, sender, accepted=True, to=to, tag=tag, template=sale)


def due(status: str, of: Entry | None = None, **more: Any) -> StatusDue:
    return StatusDue(of or entry(), status, AT, **more)


def body(
    *updates: Update, receipts: Receipts | None = None, webhooks: Webhooks | None = None
) -> Json:
    posted = body_of(updates, RUN, receipts or Receipts(), webhooks or Webhooks())
    decoded: Json = msgspec.json.decode(posted)
    return decoded


def values(of: Json) -> list[Json]:
    return [change["value"] for each in of["entry"] for change in each["changes"]]


def test_a_body_is_metas_key_by_key() -> None:
    assert body(due("delivered", priced=True)) == {
        "object": "whatsapp_business_account",
        "entry": [
            {
                "id": WABA_ID,
                "changes": [
                    {
                        "value": {
                            "messaging_product": "whatsapp",
                            "metadata": {
                                "display_phone_number": "15550783881", "phone_number_id": NUMBER,
                            },
                            "contacts": [{"profile": {"name": "Nº 5678"}, "wa_id": PLAIN}],
                            "statuses": [
                                {
                                    "id": values(body(due("sent")))[0]["statuses"][0]["id"],
                                    "status": "delivered",
                                    "timestamp": "1750030073",
                                    "recipient_id": PLAIN,
                                    "biz_opaque_callback_data": "a tag",
                                    "pricing": {
                                        "billable": True, "pricing_model": "PMP",
                                        "type": "regular", "category": "marketing",
                                    },
                                }
                            ],
                        },
                        "field": "messages",
                    }
                ],
            }
        ],
    }  # fmt: skip


def test_failed_has_its_error_and_no_contact() -> None:
    (value,) = values(body(due("failed", code=131049)))
    (status,) = value["statuses"]
    assert "contacts" not in value
    assert [error["code"] for error in status["errors"]] == [131049]
    assert "pricing" not in status


def test_contacts_are_those_of_what_did_not_fail_each_once() -> None:
    other = entry("4915112345679", number=8)
    (value,) = values(body(due("sent"), due("read"), due("failed", other, code=131026)))
    assert [contact["wa_id"] for contact in value["contacts"]] == [PLAIN]


def test_milliseconds_are_asked_for_by_message() -> None:
    (value,) = values(body(due("sent", milliseconds=True), due("delivered")))
    assert [status["timestamp"] for status in value["statuses"]] == ["1750030073250", "1750030073"]


def test_contacts_and_prices_can_be_left_out_and_the_conversation_added() -> None:
    old = Receipts(contacts=False, pricing=False, conversation=True)
    (value,) = values(body(due("sent", priced=True), due("read"), receipts=old))
    assert "contacts" not in value
    sent, read = value["statuses"]
    assert "pricing" not in sent
    assert sent["conversation"] == {
        "id": f"{7:032x}", "expiration_timestamp": str(int(AT) + 86_400),
        "origin": {"type": "marketing"},
    }  # fmt: skip
    assert "conversation" not in read


def test_a_user_id_is_no_phone_number_here_either() -> None:
    (value,) = values(body(due("sent", entry("US.134912"))))
    assert value["contacts"] == [{"user_id": "US.134912"}]
    assert value["statuses"][0]["recipient_user_id"] == "US.134912"


def test_numbers_have_changes_of_their_own_and_long_ones_are_split() -> None:
    dues = [due("sent", entry(sender=sender, number=n)) for n in range(5) for sender in ("1", "2")]
    split = Webhooks(statuses_per_change=2, changes_per_entry=4)
    made = body(*dues, webhooks=split)
    assert [len(each["changes"]) for each in made["entry"]] == [4, 2]
    found = [
        (value["metadata"]["phone_number_id"], len(value["statuses"])) for value in values(made)
    ]
    assert found == [("1", 2), ("1", 2), ("1", 1), ("2", 2), ("2", 2), ("2", 1)]


def test_messages_of_people_stand_beside_statuses_and_news_in_entries_with_a_time() -> None:
    said = Said(NUMBER, {"wa_id": PLAIN}, {"type": "text"})
    news = News("account_update", {"event": "ACCOUNT_RESTRICTION"}, AT)
    updates = (due("sent"), said, said, news)
    made = body(*updates)
    assert [[change["field"] for change in each["changes"]] for each in made["entry"]] == [
        ["messages", "messages"], ["account_update"]
    ]  # fmt: skip
    assert [each.get("time") for each in made["entry"]] == [None, 1_750_030_073]
    inbound = values(made)[1]
    assert inbound["contacts"] == [{"wa_id": PLAIN}]
    assert inbound["messages"] == [{"type": "text"}, {"type": "text"}]
    assert fields_of(updates) == ("messages", "account_update")


@pytest.mark.parametrize("tag", ["é", "😀", "Ann", "\x7f", '\u0080 \\u00e9 " \\'])
def test_all_beyond_ascii_is_escaped_and_comes_back_as_it_was(tag: str) -> None:
    posted = body_of([due("sent", entry(tag=tag))], RUN, Receipts(), Webhooks())
    assert posted.isascii()
    assert b"N\\u00ba 5678" in posted
    (value,) = values(msgspec.json.decode(posted))
    assert value["statuses"][0]["biz_opaque_callback_data"] == tag


def test_a_pair_of_surrogates_is_in_small_letters_as_metas() -> None:
    posted = body_of([due("sent", entry(tag="😀"))], RUN, Receipts(), Webhooks())
    assert b"\\ud83d\\ude00" in posted


def test_the_signature_is_that_of_the_exact_bytes() -> None:
    # A known pair of body and signature: what a receiver must come to as well.
    known = (
        rb'{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages",'
        rb'"value":{"messages":[{"text":{"body":"caf\u00e9 \ud83d\ude00/ok"}}]}}]}]}'
    )
    assert signature(known, "test-app-secret") == (
        "sha256=4dd62447b0f90ca478ae58ac9f9f96f4f59142fed042abb1fefd22318f2adf90"
    )
    assert re.fullmatch(r"sha256=[0-9a-f]{64}", signature(b"", "s"))
