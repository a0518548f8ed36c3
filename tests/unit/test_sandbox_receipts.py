"""A receipt is Meta's webhook body, key by key, with the id and the tag of the send it is for."""

from typing import Any

import pytest

from sandbox.courses import Status
from sandbox.errors import CATALOGUE
from sandbox.ledger import Entry, Ledger, Wanted
from sandbox.receipts import receipt
from sandbox.templates import TEMPLATES

NUMBER = "106540352242922"
PLAIN = "4915112345678"
RUN = "0123ABCD"
AT = 1_750_030_073
ORDER = TEMPLATES["order_update", "en_US"]
FREE = {
    "billable": False, "pricing_model": "PMP", "type": "free_customer_service",
    "category": "service",
}  # fmt: skip


def entry(**changes: Any) -> Entry:
    """An accepted send of `order_update`, half a second after AT."""
    whole: dict[str, Any] = {
        "number": 7, "monotonic_ns": 0, "at": AT + 0.5, "phone_number_id": NUMBER,
        "told": "200", "accepted": True, "to": PLAIN, "tag": "job:7:1", "template": ORDER,
        "values": ("Ann", "SKU-1"),
    }  # fmt: skip
    return Entry(**(whole | changes))


def statuses(of: Entry, *wanted: Status) -> list[dict[str, Any]]:
    """Those of the default body when none is wanted."""
    shown = receipt(of, run=RUN, statuses=wanted) if wanted else receipt(of, run=RUN)
    found: list[dict[str, Any]] = shown["body"]["entry"][0]["changes"][0]["value"]["statuses"]
    return found


def test_a_body_is_metas_key_by_key() -> None:
    message = statuses(entry())[0]["id"]
    status = {
        "id": message,
        "recipient_id": PLAIN,
        "biz_opaque_callback_data": "job:7:1",
        "pricing": {
            "billable": True, "pricing_model": "PMP", "type": "regular", "category": "utility",
        },
    }  # fmt: skip
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550783881", "phone_number_id": NUMBER},
        "statuses": [
            status | {"status": "sent", "timestamp": str(AT)},
            status | {"status": "delivered", "timestamp": str(AT + 1)},
        ],
    }
    assert receipt(entry(), run=RUN) == {
        "number": 7,
        "body": {
            "object": "whatsapp_business_account",
            "entry": [
                {"id": "102290129340398", "changes": [{"field": "messages", "value": value}]}
            ],
        },
    }


def test_the_id_is_the_one_that_the_ledger_shows() -> None:
    ledger = Ledger(RUN)
    made = ledger.enter(0, AT, NUMBER)
    made.accepted, made.to, made.values = True, PLAIN, ("Hello",)
    (shown,) = ledger.page(Wanted(), accepted_only=True)["entries"]
    assert {status["id"] for status in statuses(made)} == {shown["messageId"]}


@pytest.mark.parametrize(
    ("status", "seconds"),
    [(Status.SENT, 0), (Status.DELIVERED, 1), (Status.READ, 2), (Status.FAILED, 1)],
)
def test_a_status_that_is_asked_for_comes_alone_at_its_time(status: Status, seconds: int) -> None:
    (alone,) = statuses(entry(), status)
    assert (alone["status"], alone["timestamp"]) == (status, str(AT + seconds))
    assert (alone["recipient_id"], alone["biz_opaque_callback_data"]) == (PLAIN, "job:7:1")


def test_failed_brings_its_error_and_no_price() -> None:
    (failed,) = statuses(entry(), Status.FAILED)
    known = CATALOGUE[131026]
    assert failed["errors"] == [
        {
            "code": 131026,
            "title": "Message undeliverable",
            "message": "Message undeliverable",
            "error_data": {"details": known.details},
            "href": "/documentation/business-messaging/whatsapp/support/error-codes",
        }
    ]
    assert "pricing" not in failed


def test_only_failed_has_errors_and_only_sent_and_delivered_have_a_price() -> None:
    found = statuses(entry(), *Status)
    assert [status["status"] for status in found if "errors" in status] == ["failed"]
    assert [status["status"] for status in found if "pricing" in status] == ["sent", "delivered"]


@pytest.mark.parametrize("tag", ["x" * 512, 'é "\\" 😀', " "])
def test_a_tag_comes_back_exactly_as_it_came(tag: str) -> None:
    assert {status["biz_opaque_callback_data"] for status in statuses(entry(tag=tag), *Status)} == {
        tag
    }


def test_a_send_without_a_tag_has_a_receipt_without_one() -> None:
    assert not any("biz_opaque_callback_data" in status for status in statuses(entry(tag="")))


def test_a_user_id_is_no_phone_number_in_the_receipt_either() -> None:
    sent, _ = statuses(entry(to="US.134912"))
    assert sent["recipient_user_id"] == "US.134912"
    assert "recipient_id" not in sent


def test_a_template_is_priced_by_its_category_and_free_text_costs_nothing() -> None:
    sale = entry(template=TEMPLATES["sale", "en_US"])
    assert {status["pricing"]["category"] for status in statuses(sale)} == {"marketing"}
    free = entry(template=None, values=("Hello",))
    assert [status["pricing"] for status in statuses(free)] == [FREE, FREE]
