"""The script is done as it says, at its time; a bad one is refused and changes nothing."""

from typing import Any

import msgspec
import pytest

from sandbox.script import Notice, Script, TemplateChange, Writing, read
from sandbox.stage import Unknown
from tests.sandboxes import (
    NUMBER,
    PLAIN,
    STARTED_AT,
    Json,
    Play,
    code_of,
    message_of,
    template_body,
)

NEWS = "message_template_status_update"
SPRING = {
    "name": "spring",
    "category": "MARKETING",
    "components": [{"type": "BODY", "text": "Spring is here."}],
}


def writing(**given: Any) -> Writing:
    return read(msgspec.json.encode(given), Writing)


def change(**given: Any) -> TemplateChange:
    return read(msgspec.json.encode(given), TemplateChange)


BAD: dict[str, tuple[Json, str]] = {
    "an unknown section": ({"fautls": {}}, "unknown field `fautls`"),
    "an unknown key": ({"receipts": {"sent": 1}}, "receipts: .*unknown field `sent`"),
    "a value out of range": ({"faults": {"latencyMs": -1}}, "faults: .*latencyMs"),
    "a step without a time": ({"timeline": [{"do": {}}]}, "afterSends or afterSeconds"),
    "a step with two times": (
        {"timeline": [{"afterSends": 1, "afterSeconds": 1, "do": {}}]}, "afterSends or afterSeconds"
    ),
    "a step before the first send": (
        {"timeline": [{"afterSends": 0, "do": {}}]}, "afterSends"
    ),
    "an unknown deed": (
        {"timeline": [{"afterSends": 1, "do": {"dance": 1}}]}, "unknown field `dance`"
    ),
    "an unknown key in a step": (
        {"timeline": [{"afterSends": 1, "do": {}}, {"afterSends": 2, "do": {"faults": {"x": 1}}}]},
        r"timeline\[1\]\.do\.faults: .*unknown field `x`",
    ),
    "a template that is not there": (
        {"timeline": [{"afterSends": 1, "do": {"template": {"name": "nope"}}}]},
        r"timeline\[0\]\.do\.template: there is no nope in en_US",
    ),
    "a status that is none": (
        {"timeline": [{"afterSends": 1, "do": {"template": {"name": "sale", "status": "Z"}}}]},
        "status is one of APPROVED",
    ),
    "a person who says nothing": (
        {"timeline": [{"afterSends": 1, "do": {"message": {"from": PLAIN}}}]}, "say one of text"
    ),
    "a bad template": ({"templates": [SPRING, {"name": "x"}]}, r"templates\[1\]\.components"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_script_says_what_is_wrong_and_changes_nothing(case: str) -> None:
    script, says = BAD[case]
    play = Play()
    before = play.stage.shown()
    with pytest.raises(ValueError, match=says):
        play.put({"faults": {"latencyMs": 5}} | script)
    assert play.stage.shown() == before
    assert ("spring", "en_US") not in play.table.desk.shelf.templates


def test_json_that_is_none_is_refused_in_words() -> None:
    for body, says in ((b"", "truncated"), (b"{", "truncated"), (b'{"\xff": 1}', "utf-8")):
        with pytest.raises(ValueError, match=says):
            read(body, Script)
    with pytest.raises(ValueError, match="nested too deeply"):
        read(b'{"x": ' + b"[" * 100_000, dict[str, Any])


def test_a_script_changes_what_it_names_and_can_be_read_and_put_again() -> None:
    play = Play()
    step = {"afterSends": 3, "do": {"faults": {"down": True}}}
    play.put({"receipts": {"read": 0.25}, "timeline": [step]})
    shown = msgspec.json.decode(msgspec.json.encode(play.stage.shown()))
    assert shown["receipts"]["read"] == 0.25
    assert shown["receipts"]["sentMs"] == 1000
    other = Play()
    other.put(shown)
    again = msgspec.json.decode(msgspec.json.encode(other.stage.shown()))
    assert again == shown


def test_a_step_is_done_after_so_many_accepted_sends() -> None:
    play = Play({"timeline": [{"afterSends": 2, "do": {"template": {
        "name": "hello_world", "status": "PAUSED"}}}]})  # fmt: skip
    table = play.table
    table.send("4915119131026")
    assert [table.send().status for _ in range(3)] == [200, 200, 400]
    assert code_of(table.send()) == 132015
    progress = play.stage.shown()["progress"]
    assert (progress["acceptedSends"], progress["done"]) == (2, [0])


def test_steps_after_seconds_are_put_off_and_done_at_their_time() -> None:
    play = Play({"timeline": [{"afterSeconds": 5, "do": {"faults": {"down": True}}}]})
    (call,) = play.calls
    assert call.seconds == 5
    assert play.table.send().status == 200
    call.call()
    assert play.table.send().status == 503


def test_a_new_timeline_takes_the_place_of_the_one_before() -> None:
    play = Play({"timeline": [{"afterSeconds": 5, "do": {}}, {"afterSends": 1, "do": {}}]})
    play.put({"timeline": [{"afterSends": 2, "do": {"limits": {"messaging": 250}}}]})
    assert [call.is_canceled for call in play.calls] == [True]
    play.table.send()
    assert play.stage.shown()["progress"]["done"] == []
    play.put({"receipts": {"read": 0}})
    play.table.send()
    assert play.stage.shown()["progress"]["done"] == [0]
    assert play.table.desk.rules.limits.messaging == 250


def test_a_step_that_cannot_be_done_any_more_is_told_of() -> None:
    play = Play({"timeline": [
        {"afterSends": 1, "do": {"template": {"name": "news", "status": "PAUSED"}}},
        {"afterSends": 1, "do": {"faults": {"down": True}}},
    ]})  # fmt: skip
    play.stage.remove_template("news", None)
    assert play.table.send().status == 200
    progress = play.stage.shown()["progress"]
    assert progress["problems"] == ["timeline[0]: there is no template news in en_US"]
    assert progress["done"] == [0, 1]
    assert play.table.desk.rules.faults.down


def test_everything_that_can_be_done_can_be_a_step() -> None:
    play = Play({"timeline": [{"afterSends": 1, "do": {
        "receipts": {"read": 0}, "advanceSeconds": 60,
        "template": {"name": "sale", "quality": "RED"},
        "message": {"from": PLAIN, "text": "STOP"},
        "notice": {"field": "account_update"},
    }}]})  # fmt: skip
    play.table.send()
    assert play.stage.shown()["progress"]["advancedSeconds"] == 60
    fields = [
        change["field"] for change in play.table.changes() if "statuses" not in change["value"]
    ]
    assert sorted(fields) == ["account_update", "message_template_quality_update", "messages"]


def test_a_reset_is_as_at_the_start_but_for_the_ledger() -> None:
    script = {"faults": {"latencyMs": 0, "errors": {"131026": 0.5}}, "templates": [SPRING]}
    play = Play(script)
    first = [play.table.send(f"49151123456{n:02d}").status for n in range(50)]
    play.put({"faults": {"down": True}, "limits": {"messaging": 1}})
    play.stage.remove_template("spring", None)
    play.stage.change_template(change(name="sale", status="DISABLED"))
    play.table.desk.advance(60)
    play.stage.reset()
    shelf = play.table.desk.shelf.templates
    assert shelf["sale", "en_US"].status == "APPROVED"
    assert ("spring", "en_US") in shelf
    assert play.stage.shown()["progress"]["advancedSeconds"] == 0
    assert play.table.desk.rules.limits.messaging == 0
    again = [play.table.send(f"49151123456{n:02d}").status for n in range(50)]
    assert (again, set(again)) == (first, {200, 400})
    assert play.table.desk.ledger.summary()["requests"] == 100


def test_everything_as_usual_is_the_faults_of_the_start_and_nothing_else() -> None:
    play = Play({"faults": {"latencyMs": 40}, "limits": {"messaging": 7}})
    play.put({"faults": {"latencyMs": 900, "down": True}, "limits": {"messaging": 9}})
    play.stage.calm()
    rules = play.table.desk.rules
    assert (rules.faults.latency_ms, rules.faults.down, rules.limits.messaging) == (40, False, 9)


def test_everything_as_usual_approves_what_was_paused_since_the_start_and_tells_of_it() -> None:
    play = Play()
    play.stage.change_template(change(name="sale", status="PAUSED"))
    play.told("message_template_status_update")
    play.stage.calm()
    (told,) = play.told("message_template_status_update")
    assert (told["message_template_name"], told["event"]) == ("sale", "APPROVED")
    shelf = play.table.desk.shelf.templates
    assert shelf["sale", "en_US"].status == "APPROVED"
    assert shelf["paused_offer", "en_US"].status == "PAUSED"


def test_a_template_that_is_put_is_sent_at_once() -> None:
    play = Play()
    assert play.table.send(PLAIN, "spring").status == 404
    play.put({"templates": [SPRING]})
    assert play.table.send(PLAIN, "spring").status == 200
    (told,) = play.told(NEWS)
    assert (told["event"], told["message_template_name"]) == ("APPROVED", "spring")


def told_after(*changes: Json, name: str = "sale") -> list[Json]:
    play = Play()
    for given in changes:
        play.stage.change_template(change(name=name, **given))
    return play.told(NEWS)


def test_pausing_and_approving_is_told_as_meta_does() -> None:
    paused, approved, again = told_after(
        {"status": "PAUSED"}, {"status": "APPROVED"}, {"status": "PAUSED"}
    )
    assert paused == {
        "event": "PAUSED", "message_template_id": 594425479261004,
        "message_template_name": "sale", "message_template_language": "en_US", "reason": "NONE",
        "message_template_category": "MARKETING",
        "other_info": {
            "title": "FIRST_PAUSE",
            "description": "Your WhatsApp message template has been paused for 3 hours.",
        },
    }  # fmt: skip
    assert (approved["event"], approved["other_info"]["title"]) == ("APPROVED", "UNPAUSE")
    assert again["other_info"] == {
        "title": "SECOND_PAUSE",
        "description": "Your WhatsApp message template has been paused for 6 hours.",
    }


def test_disabling_and_reinstating_is_told_as_meta_does() -> None:
    disabled, reinstated = told_after({"status": "DISABLED"}, {"status": "APPROVED"})
    assert (disabled["event"], disabled["disable_info"]) == (
        "DISABLED", {"disable_date": STARTED_AT}
    )  # fmt: skip
    assert reinstated["event"] == "REINSTATED"


def test_the_same_status_is_no_news_but_an_event_can_be_asked_for() -> None:
    assert told_after({"status": "APPROVED"}) == []
    (flagged,) = told_after({"event": "FLAGGED", "reason": "SCAM"})
    assert (flagged["event"], flagged["reason"]) == ("FLAGGED", "SCAM")
    (deleted,) = told_after({"status": "PENDING_DELETION"})
    assert deleted["reason"] is None
    (own,) = told_after({"status": "APPROVED", "event": "REINSTATED"}, name="paused_offer")
    assert (own["event"], own["other_info"]["title"]) == ("REINSTATED", "UNPAUSE")


def test_a_quality_is_told_and_shown() -> None:
    play = Play()
    shown = play.stage.change_template(change(name="sale", quality="RED"))
    assert shown["quality_score"] == {"score": "RED"}
    assert play.told("message_template_quality_update") == [
        {
            "previous_quality_score": "UNKNOWN", "new_quality_score": "RED",
            "message_template_id": 594425479261004, "message_template_name": "sale",
            "message_template_language": "en_US",
        }
    ]  # fmt: skip


def test_a_paced_template_is_released_with_a_good_quality() -> None:
    play = Play()
    assert play.stage.change_template(change(name="hello_world", holdAfter=1))["held"] == 0
    said = [message_of(play.table.send())["message_status"] for _ in range(3)]
    assert said.count("held_for_quality_assessment") == 2
    shown = play.stage.change_template(change(name="hello_world", held="release"))
    assert (shown["released"], shown["held"], shown["status"]) == (2, None, "APPROVED")
    (quality,) = play.told("message_template_quality_update")
    assert quality["new_quality_score"] == "GREEN"


def test_a_paced_template_that_is_dropped_is_paused_until_it_is_lifted() -> None:
    play = Play()
    play.stage.change_template(change(name="hello_world", holdAfter=0))
    play.table.send()
    shown = play.stage.change_template(change(name="hello_world", held="drop"))
    assert (shown["dropped"], shown["status"]) == (1, "PAUSED")
    assert code_of(play.table.send()) == 132015
    (paused,) = play.told(NEWS)
    assert (paused["event"], paused["other_info"]["title"]) == ("PAUSED", "RATE_LIMITING_PAUSE")


def test_a_removed_template_is_told_of_in_each_language() -> None:
    play = Play()
    play.stage.remove_template("news", None)
    assert [(told["event"], told["message_template_language"]) for told in play.told(NEWS)] == [
        ("DELETED", "en_US"), ("DELETED", "de")
    ]  # fmt: skip
    for action in (
        lambda: play.stage.remove_template("news", "de"),
        lambda: play.stage.change_template(change(name="news", status="PAUSED")),
    ):
        with pytest.raises(Unknown, match="there is no"):
            action()


@pytest.mark.parametrize(
    ("said", "kind", "content"),
    [
        ({"text": "stop"}, "text", {"body": "stop"}),
        ({"button": "Stop"}, "button", {"payload": "Stop", "text": "Stop"}),
        ({"button": "Stop", "payload": "s:1"}, "button", {"payload": "s:1", "text": "Stop"}),
        (
            {"reply": {"id": "r1", "title": "No"}}, "interactive",
            {"type": "button_reply", "button_reply": {"id": "r1", "title": "No"}},
        ),
    ],
)  # fmt: skip
def test_a_person_writes_about_the_last_message_to_them(
    said: Json, kind: str, content: Json
) -> None:
    play = Play()
    play.table.send()
    last = message_of(play.table.desk.take("2", "Bearer t", template_body(PLAIN)))["id"]
    play.table.send("4915112345679")
    play.table.changes()
    written = play.stage.write(writing(**{"from": "+49 151 12345678"}, **said))
    assert written == {"from": PLAIN, "phone_number_id": "2", "about": last}
    (change_,) = play.table.changes()
    (message,) = change_["value"]["messages"]
    assert (message["type"], message[kind], message["context"]["id"]) == (kind, content, last)
    assert change_["value"]["metadata"]["phone_number_id"] == "2"
    assert play.table.desk.people.has_window("2", PLAIN, 0)


def test_a_stranger_has_to_say_whom_they_write_to() -> None:
    play = Play()
    with pytest.raises(Unknown, match="say to which phone_number_id"):
        play.stage.write(writing(**{"from": PLAIN}, text="Hello"))
    play.stage.write(writing(**{"from": PLAIN}, text="Hello", phone_number_id=NUMBER))
    (change_,) = play.table.changes()
    assert "context" not in change_["value"]["messages"][0]


def test_a_preference_is_kept_and_told() -> None:
    play = Play()
    stop = writing(**{"from": PLAIN}, preference="stop", phone_number_id=NUMBER)
    play.stage.write(stop)
    assert play.table.desk.people.has_stopped(PLAIN, 0)
    (told,) = play.told("user_preferences")
    assert told["user_preferences"] == [
        {
            "wa_id": PLAIN, "detail": "User requested to stop marketing messages",
            "category": "marketing_messages", "value": "stop", "timestamp": STARTED_AT,
        }
    ]  # fmt: skip
    assert told["metadata"]["phone_number_id"] == NUMBER


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"from": "Ann", "text": "x"}, "from is a phone number"),
        ({"text": "x"}, "missing required field `from`"),
        ({"from": PLAIN, "text": "x", "button": "y"}, "say one of"),
        ({"from": PLAIN, "text": "x", "payload": "y"}, "payload goes with button"),
        ({"from": PLAIN, "preference": "pause"}, "preference"),
        ({"from": PLAIN, "txt": "x"}, "unknown field `txt`"),
    ],
)
def test_what_nobody_can_say_is_refused_in_words(given: Json, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        writing(**given)


def test_a_messaging_limit_that_changes_is_told() -> None:
    play = Play()
    play.put({"limits": {"messaging": 2000}})
    play.put({"limits": {"messaging": 2000}})
    play.put({"limits": {"messaging": 0}})
    assert play.told("business_capability_update") == [
        {"max_daily_conversations_per_business": 2000, "max_phone_numbers_per_waba": 25},
        {"max_daily_conversations_per_business": -1, "max_phone_numbers_per_waba": 25},
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (
            "account_update",
            {
                "event": "ACCOUNT_RESTRICTION",
                "restriction_info": [
                    {
                        "restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING",
                        "expiration": STARTED_AT + 7 * 86_400,
                    }
                ],
            },
        ),
        (
            "phone_number_quality_update",
            {
                "display_phone_number": "15550783881", "event": "THROUGHPUT_UPGRADE",
                "max_daily_conversations_per_business": "TIER_UNLIMITED",
            },
        ),
        (
            "business_capability_update",
            {"max_daily_conversations_per_business": -1, "max_phone_numbers_per_waba": 25},
        ),
        ("account_review_update", {"decision": "APPROVED"}),
    ],
)  # fmt: skip
def test_news_have_a_usual_value(field: str, value: Json) -> None:
    play = Play()
    play.stage.tell(Notice(field))
    assert play.told(field) == [value]


def test_news_are_told_as_they_are_given() -> None:
    play = Play()
    value = {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}}
    play.stage.tell(Notice("account_update", value))
    assert play.told("account_update") == [value]


def test_news_without_a_value_that_have_no_usual_one_are_refused() -> None:
    with pytest.raises(ValueError, match="say the value of security"):
        Play().stage.tell(Notice("security"))
    with pytest.raises(ValueError, match="field is one of account_update"):
        read(b'{"field": "weather"}', Notice)
