"""What becomes of a send: checks, limits, fixed fates and chance, and what the ledger holds."""

import re
from functools import partial
from random import Random

import msgspec
import pytest

from sandbox.desk import Desk, Reply
from sandbox.errors import CATALOGUE
from sandbox.fates import VARIANTS, Manner, fate_of
from sandbox.ledger import Wanted
from sandbox.receipts import receipt
from sandbox.rules import Rules
from tests.sandboxes import NUMBER, PLAIN, RUN, Clock, code_of, no_faults


def new_desk(clock: Clock | None = None, **faults: object) -> Desk:
    rules = Rules(no_faults(**faults))
    return Desk(rules, now=clock or Clock(), dice=Random(7), run=RUN)


def take(desk: Desk, to: str = PLAIN, *, sender: str = NUMBER, token: str = "Bearer t") -> Reply:
    body = {
        "messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": "Hello"},
        "biz_opaque_callback_data": "a tag",
    }  # fmt: skip
    return desk.take(sender, token, msgspec.json.encode(body))


def told(desk: Desk) -> list[str]:
    page = desk.ledger.page(Wanted(), accepted_only=False)
    return [entry["told"] for entry in page["entries"]]


def accepted(desk: Desk) -> int:
    count = desk.ledger.summary()["accepted"]
    assert isinstance(count, int)
    return count


def test_an_accepted_send_is_answered_with_the_id_that_the_ledger_has() -> None:
    desk = new_desk()
    reply = take(desk, "+49 151 12345678")
    (entry,) = desk.ledger.page(Wanted(), accepted_only=True)["entries"]
    assert (reply.status, reply.manner, reply.delay_seconds) == (200, Manner.PLAIN, 0)
    assert msgspec.json.decode(reply.body) == {
        "messaging_product": "whatsapp",
        "contacts": [{"input": "+49 151 12345678", "wa_id": PLAIN}],
        "messages": [{"id": entry["messageId"], "message_status": "accepted"}],
    }
    assert (entry["to"], entry["tag"], entry["text"]) == (PLAIN, "a tag", "Hello")


def test_a_user_id_is_answered_without_a_phone_number() -> None:
    desk = new_desk()
    body = (
        b'{"messaging_product":"whatsapp","recipient":"US.134912","type":"text",'
        b'"text":{"body":"Hello"}}'
    )
    answer = msgspec.json.decode(desk.take(NUMBER, "Bearer t", body).body)
    assert answer["contacts"] == [{"input": "US.134912", "user_id": "US.134912"}]


def test_ids_look_like_metas_and_differ() -> None:
    desk = new_desk()
    ids = [msgspec.json.decode(take(desk).body)["messages"][0]["id"] for _ in range(100)]
    assert len(set(ids)) == 100
    assert all(re.fullmatch(r"wamid\.HBgN[A-Za-z0-9+/]+=*", each) for each in ids)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"to": 5}',
        b'{"template": {"components": 1}}',
        b"\xff",
        b'{"to": "\xff"}',
        b'{"to": "\\ud800"}',
        b'{"x": ' + b"[" * 100_000,
    ],
    ids=[
        "empty",
        "cut",
        "a list",
        "a number",
        "no list",
        "no text",
        "no UTF-8",
        "half a pair",
        "deep",
    ],
)
def test_a_body_that_cannot_be_read_is_100(body: bytes) -> None:
    desk = new_desk()
    reply = desk.take(NUMBER, "Bearer t", body)
    assert (reply.status, code_of(reply), told(desk)) == (400, 100, ["100"])


def test_what_is_refused_at_the_door_is_no_send_but_a_request() -> None:
    desk = new_desk()
    assert [
        (reply.status, code_of(reply))
        for reply in (take(desk, token="Bearer expired"), take(desk, sender="me"))
    ] == [(401, 190), (400, 100)]
    assert (told(desk), accepted(desk)) == (["190", "100"], 0)


def test_down_answers_503_to_everything() -> None:
    desk = new_desk(down=True)
    reply = take(desk)
    assert (reply.status, code_of(reply), accepted(desk)) == (503, 2, 0)


def test_a_dead_token_is_refused_whatever_it_is() -> None:
    desk = new_desk(token_dead=True)
    reply = take(desk)
    assert (reply.status, code_of(reply), accepted(desk)) == (401, 190, 0)
    refusal = desk.refuse_at_the_door(NUMBER, "Bearer t", "get")
    assert refusal is not None
    assert refusal.code == 190


def test_a_lost_answer_is_of_a_send_that_was_accepted() -> None:
    desk = new_desk(lost_answers=1)
    assert take(desk).manner is Manner.SILENT
    assert (told(desk), accepted(desk)) == (["silent"], 1)


def test_only_the_share_of_the_answers_gets_lost_that_the_faults_name() -> None:
    desk = new_desk(lost_answers=0.25)
    manners = [take(desk, f"49151123{number:05d}").manner for number in range(400)]
    assert 60 < manners.count(Manner.SILENT) < 140
    assert accepted(desk) == 400


def test_faster_than_the_throughput_is_throttled_with_a_time_to_come_back() -> None:
    clock = Clock()
    desk = new_desk(clock, throughput_per_second=2)
    replies = [take(desk) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 429]
    assert (code_of(replies[2]), replies[2].retry_after_seconds) == (130429, 1)
    clock.seconds = 1
    assert take(desk).status == 200


def test_too_many_to_one_recipient_are_refused_for_that_one_only() -> None:
    desk = new_desk(pair_burst=2)
    replies = [take(desk) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 429]
    assert code_of(replies[2]) == 131056
    assert take(desk, "4915112345679").status == 200


def test_chance_refuses_what_is_otherwise_fine() -> None:
    desk = new_desk(errors={131000: 1.0})
    assert code_of(take(desk)) == 131000
    assert accepted(desk) == 0


@pytest.mark.parametrize("code", [code for code in CATALOGUE if code >= 100_000])
def test_a_number_that_ends_in_a_code_is_always_refused_with_it(code: int) -> None:
    desk = new_desk()
    replies = [take(desk, f"4915119{code}") for _ in range(2)]
    assert [code_of(reply) for reply in replies] == [code, code]
    assert [reply.status for reply in replies] == [CATALOGUE[code].http_status] * 2
    assert accepted(desk) == 0


@pytest.mark.parametrize(
    "to",
    [
        PLAIN,
        "4915110131026",
        "4915119131027",
        "4915118131027",
        "4915110000001",
        "4915119000000",
        "4915118000000",
        "12025550123",
    ],
)
def test_most_numbers_have_no_fate(to: str) -> None:
    assert fate_of(to) is None
    assert take(new_desk(), to).status == 200


def test_the_first_fifty_thousand_made_up_numbers_have_no_fate() -> None:
    assert not any(fate_of(f"4915{n:09d}") for n in range(50_000))


FATES = {
    # digits: manner, status and body of the first reply; whether it is in the ledger; told
    "000001": (Manner.SILENT, 200, None, True, "silent"),
    "000002": (Manner.DROPPED, 200, None, True, "dropped"),
    "000003": (Manner.DROPPED, 500, None, False, "dropped"),
    "000004": (Manner.PLAIN, 502, b"<html>", False, "502"),
    "000005": (Manner.PLAIN, 200, b'"messages":[null]', True, "200"),
    "000006": (Manner.PLAIN, 500, b"131000", False, "131000"),
    "000007": (Manner.PLAIN, 429, b"130429", False, "130429"),
    "000008": (Manner.PLAIN, 200, b'"message_status":"accepted"', True, "200"),
    "000009": (Manner.PLAIN, 200, b"", True, "200"),
    "000010": (Manner.PLAIN, 400, b"130429", False, "130429"),
    "000011": (Manner.DRIP, 200, b'"message_status":"accepted"', True, "dripped"),
    "000012": (Manner.PLAIN, 500, b"<html>", True, "500"),
    "000013": (Manner.PLAIN, 200, b'"message_status":"accepted"', True, "200"),
    "000014": (Manner.PLAIN, 429, b"130429", False, "130429"),
    "000015": (Manner.PLAIN, 400, b"80007", False, "80007"),
    "000016": (Manner.PLAIN, 429, b"<html>", False, "429"),
}


def test_every_variant_is_tested() -> None:
    assert FATES.keys() == VARIANTS.keys()


@pytest.mark.parametrize("digits", FATES)
def test_a_fixed_fate_comes_true(digits: str) -> None:
    manner, status, part, in_ledger, said = FATES[digits]
    desk = new_desk()
    reply = take(desk, f"4915119{digits}")
    assert (reply.manner, reply.status) == (manner, status)
    assert part is None or part in reply.body
    assert (accepted(desk), told(desk)) == (int(in_ledger), [said])


@pytest.mark.parametrize("digits", FATES)
def test_what_is_in_the_ledger_has_its_receipt_with_its_tag_whatever_was_answered(
    digits: str,
) -> None:
    _, _, _, in_ledger, _ = FATES[digits]
    desk = new_desk()
    take(desk, f"4915119{digits}")
    show = partial(receipt, run=desk.ledger.run)
    receipts = desk.ledger.page(Wanted(), accepted_only=True, show=show)["entries"]
    values = [shown["body"]["entry"][0]["changes"][0]["value"] for shown in receipts]
    tags = {status["biz_opaque_callback_data"] for value in values for status in value["statuses"]}
    assert (len(receipts), tags) == ((1, {"a tag"}) if in_ledger else (0, set()))


def test_the_empty_answer_is_empty_and_the_slow_ones_are_slow() -> None:
    desk = new_desk()
    assert take(desk, "4915119000009").body == b""
    assert take(desk, "4915119000008").delay_seconds == 3
    assert take(desk, "4915119000013").delay_seconds == 20


@pytest.mark.parametrize("digits", ["000004", "000012", "000016"])
def test_a_page_in_place_of_the_answer_is_html(digits: str) -> None:
    assert take(new_desk(), f"4915119{digits}").content_type == "text/html"


@pytest.mark.parametrize("digits", ["000011", "000013"])
def test_an_answer_that_comes_late_is_the_right_one(digits: str) -> None:
    desk = new_desk()
    answer = msgspec.json.decode(take(desk, f"4915119{digits}").body)
    (entry,) = desk.ledger.page(Wanted(), accepted_only=True)["entries"]
    assert answer["messages"] == [{"id": entry["messageId"], "message_status": "accepted"}]


@pytest.mark.parametrize(
    ("digits", "retry_after", "regain_minutes"),
    [("000006", None, None), ("000007", 1, None), ("000010", None, None), ("000014", None, 1),
     ("000015", 1, None)],
)  # fmt: skip
def test_what_is_refused_once_is_accepted_at_the_second_attempt_and_starts_anew(
    digits: str, retry_after: int | None, regain_minutes: int | None
) -> None:
    desk = new_desk()
    replies = [take(desk, f"4915119{digits}") for _ in range(4)]
    assert [reply.status == 200 for reply in replies] == [False, True, False, True]
    assert replies[0].retry_after_seconds == retry_after
    assert replies[0].regain_minutes == regain_minutes
    assert accepted(desk) == 2


def test_first_attempts_are_counted_for_each_sender_and_forgotten_with_the_ledger() -> None:
    desk = new_desk()
    to = "4915119000006"
    assert take(desk, to).status == 500
    assert take(desk, to, sender="2").status == 500
    desk.forget()
    assert take(desk, to).status == 500
    assert accepted(desk) == 0


def test_the_type_says_which_content_counts() -> None:
    desk = new_desk()
    body = (
        b'{"messaging_product":"whatsapp","to":"4915112345678","type":"text",'
        b'"text":{"body":"Hello"},"template":{"name":"nope","language":{"code":"de"}}}'
    )
    assert desk.take(NUMBER, "Bearer t", body).status == 200
    (entry,) = desk.ledger.page(Wanted(), accepted_only=True)["entries"]
    assert (entry["type"], entry["text"]) == ("text", "Hello")


def test_an_endless_recipient_is_refused_and_kept_short() -> None:
    desk = new_desk()
    assert take(desk, "x" * 100_000).status == 400
    (entry,) = desk.ledger.page(Wanted(), accepted_only=False)["entries"]
    assert len(entry["to"]) <= 140
