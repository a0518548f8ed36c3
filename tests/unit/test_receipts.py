"""What Meta says later is read however it comes, and folded into one standing a message."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from schemas.messages import MessageTag
from schemas.receipts import Receipt, Status, fold
from schemas.webhooks import read_webhook

JOB = UUID(int=7)
TAG = MessageTag(JOB, 3, 1)


def status(**changes: Any) -> dict[str, Any]:
    fields = {
        "id": "wamid.1", "status": "delivered", "timestamp": "1750030073",
        "recipient_id": "4915112345678", "biz_opaque_callback_data": TAG.encode(),
    }  # fmt: skip
    return {key: value for key, value in {**fields, **changes}.items() if value is not None}


def body(*statuses: Any) -> bytes:
    value = {"messaging_product": "whatsapp", "statuses": list(statuses)}
    change = {"field": "messages", "value": value}
    return json.dumps({"object": "x", "entry": [{"id": "1", "changes": [change]}]}).encode()


def read_one(**changes: Any) -> Receipt:
    (receipt,) = read_webhook(body(status(**changes))).receipts
    return receipt


def test_a_receipt_says_which_message_what_and_when() -> None:
    receipt = read_one()
    assert (receipt.message_id, receipt.status, receipt.tag) == ("wamid.1", "delivered", TAG)
    assert receipt.at == datetime(2025, 6, 15, 23, 27, 53, tzinfo=UTC)
    assert receipt.recipient == "4915112345678"


@pytest.mark.parametrize("timestamp", ["1750030073", 1750030073, "1750030073000", 1750030073000])
def test_times_come_as_text_or_numbers_in_seconds_or_milliseconds(timestamp: object) -> None:
    assert read_one(timestamp=timestamp).at.timestamp() == 1750030073


@pytest.mark.parametrize(
    "tag", [None, "", "campaign-7", "2:00:1:1", "1:zz:1:1", f"1:{JOB.hex}:9999999999:1"]
)
def test_a_tag_that_is_none_of_ours_is_none(tag: str | None) -> None:
    assert read_one(biz_opaque_callback_data=tag).tag is None


def test_a_failure_brings_its_code_title_and_details() -> None:
    error = {"code": 131026, "title": "Message undeliverable", "error_data": {"details": "why"}}
    receipt = read_one(status="failed", errors=[error])
    assert receipt.error is not None
    assert (receipt.error.code, receipt.error.title) == (131026, "Message undeliverable")
    assert receipt.error.details == "why"


@pytest.mark.parametrize("errors", [None, [], [{}], [{"code": 2**40, "error_data": "text"}]])
def test_a_failure_without_a_readable_reason_is_still_a_failure(errors: object) -> None:
    receipt = read_one(status="failed", errors=errors)
    assert receipt.status is Status.FAILED
    assert receipt.error is not None
    assert receipt.error.code == 0


@pytest.mark.parametrize(
    "odd",
    [status(status="played"), status(status="deleted"), status(timestamp="soon"),
     status(timestamp=10**30), status(id=""), {"status": "sent"}, 7, None],
)  # fmt: skip
def test_a_status_of_no_use_is_passed_over_and_costs_no_other(odd: object) -> None:
    webhook = read_webhook(body(odd, status()))
    assert [receipt.status for receipt in webhook.receipts] == ["delivered"]
    assert webhook.passed_over == 1


def test_many_entries_changes_and_inbound_messages_come_in_one_body() -> None:
    change = json.loads(body(status(), status(status="read")))["entry"][0]
    inbound = {"field": "messages", "value": {"messages": [{"from": "1", "type": "text"}]}}
    other = {"field": "account_update", "value": {"event": "x"}}
    entries = [change, {"id": "2", "changes": [inbound, other, *change["changes"]]}, {"id": "3"}]
    webhook = read_webhook(json.dumps({"entry": entries}).encode())
    assert [r.status for r in webhook.receipts] == ["delivered", "read", "delivered", "read"]


@pytest.mark.parametrize("text", [b"", b"[]", b'{"entry": 7}', b"\xff", b"null"])
def test_what_is_no_webhook_is_refused(text: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        read_webhook(text)


def test_a_nul_that_no_database_keeps_is_left_out() -> None:
    assert read_one(id="wamid\x00.1").message_id == "wamid.1"


def test_the_receipts_of_a_message_fold_into_one_standing_in_any_order() -> None:
    receipts = [
        read_one(status=name, timestamp=at)
        for name, at in (("read", 30), ("sent", 10), ("delivered", 20), ("delivered", 21))
    ]
    ((standing,),) = [list(batch.values()) for batch in fold(((JOB, 3), r) for r in receipts)]
    times = [standing.sent_at, standing.delivered_at, standing.read_at]
    assert [at.timestamp() for at in times if at] == [10, 20, 30]
    assert standing.failed_at is None


def test_receipts_of_two_ids_of_one_message_make_two_batches() -> None:
    receipts = [read_one(id="wamid.1"), read_one(id="wamid.2"), read_one(id="wamid.2")]
    batches = fold([((JOB, 3), receipts[0]), ((JOB, 3), receipts[1]), ((JOB, 4), receipts[2])])
    assert [sorted(seq for _, seq in batch) for batch in batches] == [[3, 4], [3]]
