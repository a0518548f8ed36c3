"""What follows an accepted send: fixed fates, held messages, who stopped, who answers, limits."""

from typing import Any

import pytest

from sandbox.errors import CATALOGUE
from sandbox.fates import COURSES
from sandbox.ledger import Wanted
from tests.sandboxes import (
    NUMBER,
    PLAIN,
    STARTED_AT,
    Json,
    Table,
    code_of,
    message_of,
    template_body,
    text_body,
)

BASE = "4915118"  # then the six digits of a fate that comes later
HELLO = ("hello_world", "en_US")


def told(table: Table, until: float = 1000) -> list[tuple[str, int]]:
    """Each status and its time, in seconds after the start."""
    return [
        (status["status"], int(status["timestamp"]) - STARTED_AT)
        for status in table.statuses(until)
    ]


def table_statuses(table: Table) -> list[Json]:
    return [status for change in table.changes() for status in change["value"].get("statuses", ())]


def inbound(table: Table) -> list[Json]:
    """The changes that are not about statuses."""
    return [change for change in table.changes() if "statuses" not in change["value"]]


def test_receipts_bring_the_id_and_the_tag_of_the_answer() -> None:
    table = Table()
    message = message_of(table.send())
    statuses = table.statuses()
    assert {status["id"] for status in statuses} == {message["id"]}
    assert {status["biz_opaque_callback_data"] for status in statuses} == {f"tag of {PLAIN}"}
    assert [status["status"] for status in statuses] == ["sent", "delivered", "read"]


def test_a_refused_send_has_no_sequel() -> None:
    table = Table({"faults": {"errors": {"131026": 1}}})
    assert code_of(table.send()) == 131026
    assert table.changes() == []


def test_receipts_come_at_their_times() -> None:
    table = Table()
    table.send()
    assert [told(table, until) for until in (0.9, 1, 1.9, 2.5, 3)] == [
        [], [("sent", 1)], [], [("delivered", 2)], [("read", 3)]
    ]  # fmt: skip


@pytest.mark.parametrize("code", [code for code in CATALOGUE if code >= 100_000])
def test_an_8_and_a_code_is_accepted_and_fails_with_it_later(code: int) -> None:
    table = Table()
    reply = table.send(f"{BASE}{code}")
    assert (reply.status, message_of(reply)["message_status"]) == (200, "accepted")
    (failed,) = table.statuses()
    assert (failed["status"], failed["errors"][0]["code"]) == ("failed", code)
    assert failed["errors"][0]["title"] == CATALOGUE[code].title


USUAL = [("sent", 1), ("delivered", 2), ("read", 3)]
FATES: dict[str, tuple[str, list[tuple[str, int]]]] = {
    # digits: what the 200 says, and the statuses in order of posting with their own times
    "000001": ("accepted", [("sent", 0), ("delivered", 0), ("read", 0)]),
    "000002": ("accepted", []),
    "000003": ("accepted", [each for each in USUAL for _ in range(2)]),
    "000004": ("accepted", [("read", 3), ("delivered", 2), ("sent", 1)]),
    "000005": ("accepted", [("sent", 1)]),
    "000006": ("accepted", [("sent", 1), ("read", 2)]),
    "000007": ("accepted", USUAL),
    "000008": ("accepted", [("sent", 0), ("delivered", 0), ("read", 0)]),
    "000009": ("accepted", [("sent", 1), ("deleted", 2), ("delivered", 3)]),
    "000010": ("accepted", [("sent", 1), ("failed", 2)]),
    "000011": ("held_for_quality_assessment", [("sent", 4), ("delivered", 5), ("read", 6)]),
    "000012": ("held_for_quality_assessment", [("failed", 4)]),
    "000013": ("paused", []),
    **{f"0000{number}": ("accepted", USUAL) for number in range(21, 28)},
}


def test_every_fate_that_comes_later_is_tested() -> None:
    assert FATES.keys() == COURSES.keys()


@pytest.mark.parametrize("digits", FATES)
def test_a_fate_that_comes_later_comes_true(digits: str) -> None:
    said, expected = FATES[digits]
    table = Table()
    message = message_of(table.send(f"{BASE}{digits}"))
    assert message["message_status"] == said
    statuses = [
        status for change in table.changes() for status in change["value"].get("statuses", ())
    ]
    seconds = [int(status["timestamp"][:10]) - STARTED_AT for status in statuses]
    assert list(zip([each["status"] for each in statuses], seconds, strict=True)) == expected
    assert {status["id"] for status in statuses} <= {message["id"]}


def test_a_time_in_milliseconds_has_13_digits() -> None:
    table = Table()
    table.send(f"{BASE}000007")
    assert [status["timestamp"] for status in table.statuses()] == [
        f"{STARTED_AT + after}000" for after in (1, 2, 3)
    ]


def test_read_without_delivered_brings_the_price_that_delivered_would_have() -> None:
    table = Table()
    table.send(f"{BASE}000006")
    assert ["pricing" in status for status in table.statuses()] == [True, True]
    table.send()
    assert ["pricing" in status for status in table.statuses()] == [True, True, False]


def test_receipts_that_are_due_at_once_are_due_before_a_slow_answer() -> None:
    table = Table()
    reply = table.send(f"{BASE}000008")
    assert reply.delay_seconds == 3
    assert [status for status, _ in told(table, until=0)] == ["sent"]


def test_a_dropped_message_fails_with_132015() -> None:
    table = Table()
    table.send(f"{BASE}000012")
    (failed,) = table.statuses()
    assert failed["errors"][0]["code"] == 132015


@pytest.mark.parametrize(
    ("digits", "kind", "content"),
    [
        ("000021", "text", {"body": "STOP"}),
        ("000022", "button", {"payload": "Stop promotions", "text": "Stop promotions"}),
        (
            "000023", "interactive",
            {"type": "button_reply", "button_reply": {"id": "STOP", "title": "STOP"}},
        ),
        ("000026", "text", {"body": "Thanks, stop by soon"}),
        ("000027", "text", {"body": " Arrêt. "}),
    ],
)  # fmt: skip
def test_a_person_answers_about_the_message(digits: str, kind: str, content: Json) -> None:
    table, person = Table(), f"{BASE}{digits}"
    sent = message_of(table.send(person, "news"))
    (change,) = inbound(table)
    (message,) = change["value"]["messages"]
    assert change["field"] == "messages"
    assert change["value"]["contacts"][0]["wa_id"] == person
    assert message == {
        "from": person, "id": message["id"], "timestamp": str(STARTED_AT + 4), "type": kind,
        "context": {"from": "15550783881", "id": sent["id"]}, kind: content,
    }  # fmt: skip
    assert message["id"] != sent["id"]
    assert change["value"]["metadata"]["phone_number_id"] == NUMBER


def test_a_quick_reply_gives_back_the_payload_that_was_sent() -> None:
    table = Table()
    payload = {"type": "payload", "payload": "stop:42"}
    button = {"type": "button", "sub_type": "quick_reply", "index": 0, "parameters": [payload]}
    table.send(f"{BASE}000022", "news", components=[button])
    (change,) = inbound(table)
    (message,) = change["value"]["messages"]
    assert message["button"] == {"payload": "stop:42", "text": "Stop promotions"}


def test_who_has_no_button_to_tap_writes() -> None:
    table = Table()
    table.send(f"{BASE}000022")
    (change,) = inbound(table)
    assert change["value"]["messages"][0]["text"] == {"body": "STOP"}


def test_ids_of_what_people_say_differ() -> None:
    table = Table()
    for _ in range(5):
        table.send(f"{BASE}000021")
    messages = [change["value"]["messages"] for change in inbound(table)]
    assert len({message["id"] for some in messages for message in some}) == 5


def test_who_stops_marketing_gets_no_more_of_it_until_they_resume() -> None:
    table, person = Table(), f"{BASE}000025"
    table.send(person, "news")
    preferences = [change["value"]["user_preferences"][0] for change in inbound(table)]
    assert [(each["value"], each["timestamp"] - STARTED_AT) for each in preferences] == [
        ("stop", 4), ("resume", 5)
    ]  # fmt: skip
    codes: list[Any] = []
    for seconds in (3.9, 4.0, 4.9, 5.0):
        table.clock.seconds = seconds
        table.send(person, "news")
        codes.append([each.get("errors", [{}])[0].get("code") for each in table_statuses(table)])
    usual = [None] * 3
    assert codes == [usual, [131050], [131050], usual]


def test_who_stopped_marketing_still_gets_what_is_none() -> None:
    table, person = Table(), f"{BASE}000024"
    table.send(person, "news")
    table.changes()
    table.clock.seconds = 10
    assert message_of(table.send(person, "news"))["message_status"] == "accepted"
    assert [status for status, _ in told(table)] == ["failed"]
    table.send(person)
    table.desk.take(NUMBER, "Bearer t", text_body(person))
    assert "failed" not in {status["status"] for status in table_statuses(table)}


def test_a_stop_by_text_is_of_no_account_to_meta() -> None:
    table, person = Table(), f"{BASE}000021"
    table.send(person, "news")
    table.clock.seconds = 100
    table.send(person, "news")
    assert "failed" not in {status["status"] for status in table_statuses(table)}


def test_shares_make_people_answer() -> None:
    table = Table({"inbound": {"text": 1, "words": ["Basta"]}})
    table.send()
    (change,) = inbound(table)
    assert change["value"]["messages"][0]["text"] == {"body": "Basta"}


def test_who_is_known_by_a_user_id_alone_answers_nothing() -> None:
    table = Table({"inbound": {"text": 1}})
    table.send("", recipient="US.134912")
    assert inbound(table) == []


def test_more_people_than_the_messaging_limit_are_refused_by_any_number() -> None:
    table = Table({"limits": {"messaging": 2}})
    replies = [table.send(f"491511234567{n}") for n in (1, 2, 1)]
    assert [reply.status for reply in replies] == [200, 200, 200]
    refused = table.send("4915112345673")
    assert (code_of(refused), refused.status) == (131048, 429)
    other = table.desk.take("2", "Bearer t", template_body("4915112345673"))
    assert code_of(other) == 131048
    assert table.desk.ledger.summary()["accepted"] == 3


def test_a_place_is_free_again_when_the_clock_has_moved_on() -> None:
    table = Table({"limits": {"messaging": 1}})
    assert table.send("4915112345671").status == 200
    table.desk.advance(24 * 3600 - 1)
    assert table.send("4915112345672").status == 429
    table.desk.advance(1)
    assert table.send("4915112345672").status == 200


def test_beyond_the_limit_can_come_later_and_with_another_code() -> None:
    table = Table({"limits": {"messaging": 1, "beyondLater": True, "beyondCode": 131049}})
    table.send("4915112345671")
    table.statuses()
    assert message_of(table.send("4915112345672"))["message_status"] == "accepted"
    (failed,) = table.statuses()
    assert failed["errors"][0]["code"] == 131049


def test_beyond_the_limit_a_fate_is_none() -> None:
    table = Table({"limits": {"messaging": 1}})
    table.send("4915112345671")
    assert code_of(table.send("4915119000008")) == 131048


def test_who_wrote_and_who_gets_free_text_does_not_count() -> None:
    table = Table({"limits": {"messaging": 1}})
    table.send("4915112345671")
    table.desk.people.write(NUMBER, "4915112345672", 0)
    assert table.send("4915112345672").status == 200
    assert table.desk.take(NUMBER, "Bearer t", text_body("4915112345673")).status == 200
    assert table.desk.reach()["people"] == 1


def test_free_text_needs_an_open_window_where_that_is_asked_for() -> None:
    table, person = Table({"limits": {"alwaysOpen": False}}), "4915112345671"
    assert code_of(table.desk.take(NUMBER, "Bearer t", text_body(person))) == 131047
    table.desk.people.write(NUMBER, person, 0)
    assert table.desk.take(NUMBER, "Bearer t", text_body(person)).status == 200
    assert code_of(table.desk.take("2", "Bearer t", text_body(person))) == 131047
    table.desk.advance(24 * 3600)
    assert code_of(table.desk.take(NUMBER, "Bearer t", text_body(person))) == 131047
    assert table.send(person).status == 200


def test_held_messages_are_released_together() -> None:
    table = Table()
    table.desk.shelf.pace(HELLO, after=1)
    said = [message_of(table.send(f"491511234567{n}"))["message_status"] for n in range(3)]
    assert said == ["accepted", *["held_for_quality_assessment"] * 2]
    table.statuses()
    table.clock.seconds = 60
    count = table.desk.sequel.release(HELLO, table.desk.rules, table.desk.moment())
    assert count == 2
    assert told(table) == [(status, 60 + after) for status, after in USUAL for _ in range(2)]
    assert message_of(table.send())["message_status"] == "accepted"


def test_held_messages_that_are_dropped_fail_with_132015() -> None:
    table = Table()
    table.desk.shelf.pace(HELLO, after=0)
    table.send()
    assert table.statuses() == []
    assert table.desk.sequel.drop(HELLO, table.desk.rules, table.desk.moment()) == 1
    (failed,) = table.statuses()
    assert failed["errors"][0]["code"] == 132015


def becomes(table: Table) -> list[tuple[str | None, int | None]]:
    """What the ledger says of each accepted message."""
    entries = table.desk.ledger.page(Wanted(), accepted_only=True)["entries"]
    return [(entry["becomes"], entry.get("failedWith")) for entry in entries]


def test_the_ledger_knows_what_becomes_of_a_message_that_is_held() -> None:
    table = Table()
    table.desk.shelf.pace(HELLO, after=0)
    table.send()
    assert becomes(table) == [("held", None)]
    table.desk.sequel.release(HELLO, table.desk.rules, table.desk.moment())
    assert becomes(table) == [("read", None)]


def test_the_ledger_knows_what_the_receipts_come_to() -> None:
    table = Table()
    for digits in ("000002", "000004", "000005", "000009", "000010", "000013", "131049"):
        table.send(f"{BASE}{digits}")
    assert becomes(table) == [
        (None, None), ("read", None), ("sent", None), ("delivered", None), ("failed", 131026),
        ("paused", None), ("failed", 131049),
    ]  # fmt: skip
    assert table.desk.ledger.summary()["becomes"] == {
        "read": 1, "sent": 1, "delivered": 1, "failed": 2, "paused": 1
    }  # fmt: skip
