"""A phone shows what its owner got, with values in place, and what they wrote."""

from typing import Any

import msgspec

from sandbox.chats import chat, people
from sandbox.script import Writing
from tests.sandboxes import PLAIN, Play

Json = dict[str, Any]
IMAGE = {"type": "image", "image": {"link": "https://example.com/sale.jpg"}}
SALE = [
    {"type": "header", "parameters": [IMAGE]},
    {"type": "button", "sub_type": "url", "index": "0",
     "parameters": [{"type": "text", "text": "summer"}]},
    {"type": "button", "sub_type": "quick_reply", "index": "1",
     "parameters": [{"type": "payload", "payload": "stop-sale"}]},
]  # fmt: skip


def phone(play: Play, to: str = PLAIN, limit: int = 50) -> Json:
    desk = play.table.desk
    said = desk.sequel.heard.of(to, desk.moment().at)
    shown: Json = msgspec.json.decode(msgspec.json.encode(chat(desk.ledger, said, to, limit)))
    return shown


def write(play: Play, **said: Any) -> None:
    play.stage.write(msgspec.convert({"from": PLAIN, **said}, Writing))


def test_a_message_has_its_header_its_link_and_what_a_reply_gives_back() -> None:
    play = Play()
    play.table.send(PLAIN, "sale", components=SALE)
    (message,) = phone(play)["messages"]
    assert message["text"] == "value 0, everything is cheaper until Sunday."
    assert message["header"] == {"kind": "image", "text": "https://example.com/sale.jpg"}
    assert message["buttons"] == [
        {"kind": "url", "text": "Shop now", "value": "https://example.com/sale/summer"},
        {"kind": "quick_reply", "text": "Stop promotions", "value": "stop-sale"},
    ]


def test_a_header_of_text_has_its_values_and_the_footer_is_there() -> None:
    play = Play()
    named = {"day": "Monday", "first_name": "Ann", "time": "10:30"}
    values = [{"type": "text", "parameter_name": name, "text": text}
              for name, text in named.items()]  # fmt: skip
    body = {
        "messaging_product": "whatsapp", "to": PLAIN, "type": "template",
        "template": {"name": "appointment", "language": {"code": "en_US"}, "components": [
            {"type": "header", "parameters": values[:1]},
            {"type": "body", "parameters": values[1:]},
        ]},
    }  # fmt: skip
    assert play.table.desk.take("1", "Bearer t", msgspec.json.encode(body)).status == 200
    (message,) = phone(play)["messages"]
    assert message["header"] == {"kind": "text", "text": "See you on Monday"}
    assert message["footer"] == "Reply to this message to change it."


def test_a_message_has_come_as_far_as_was_posted_by_now() -> None:
    play = Play()
    play.table.send()
    seen = [phone(play)["messages"][0]["posted"]]
    for seconds in (1, 2, 3):
        play.table.statuses(until=seconds)
        seen.append(phone(play)["messages"][0]["posted"])
    assert seen == [None, "sent", "delivered", "read"]


def test_receipts_in_any_order_leave_a_message_where_it_was() -> None:
    play = Play()
    play.table.send("4915118000004")  # read first
    play.table.statuses()
    assert phone(play, "4915118000004")["messages"][0]["posted"] == "read"


def test_what_the_person_said_stands_between_the_messages_in_order_of_time() -> None:
    play = Play()
    play.table.send()
    play.table.clock.seconds = 1
    write(play, text="STOP")
    play.table.clock.seconds = 2
    write(play, preference="stop")
    play.table.clock.seconds = 3
    play.table.send()
    shown = [each["text"] for each in phone(play)["messages"]]
    assert shown == ["Hello World", "STOP", "stopped marketing messages in WhatsApp", "Hello World"]


def test_what_a_person_will_say_is_not_on_their_phone_yet() -> None:
    play = Play()
    play.table.send("4915118000021")  # writes STOP after its receipts
    assert len(phone(play, "4915118000021")["messages"]) == 1
    play.table.clock.seconds = 60
    assert phone(play, "4915118000021")["messages"][1]["text"] == "STOP"


def test_a_refused_message_is_on_no_phone_and_an_emptied_ledger_empties_them() -> None:
    play = Play()
    play.table.send("4915119131026")
    assert phone(play, "4915119131026")["messages"] == []
    play.table.send()
    write(play, text="STOP")
    play.table.desk.forget()
    assert phone(play)["messages"] == []


def test_only_the_newest_messages_are_shown() -> None:
    play = Play()
    for _ in range(4):
        play.table.send()
    assert len(phone(play, limit=3)["messages"]) == 3


def test_people_are_found_by_digits_the_latest_first_and_once() -> None:
    play = Play()
    for to in ("491511110001", "491511110002", "491511110001", "15550000003"):
        play.table.send(to)
    ledger = play.table.desk.ledger
    assert [each["to"] for each in people(ledger, "1111", 20)] == ["491511110001", "491511110002"]
    assert [each["to"] for each in people(ledger, "", 1)] == ["15550000003"]
