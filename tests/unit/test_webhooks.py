"""Everything that Meta may post is read, and what is odd costs nothing beside it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.notices import Inbound, NumberError, Preference, Restriction, Wish
from schemas.outcomes import ApiError
from schemas.readings import digits, mended
from schemas.webhooks import Webhook, open_body, read_webhook

AT = datetime(2025, 6, 15, 23, 27, 53, tzinfo=UTC)
NUMBER = "106540352242922"
WABA = "102290129340398"


def body(field: str, value: Any, **entry: Any) -> bytes:
    """A webhook with one change, as Meta writes it: everything above U+007F escaped."""
    made = {"id": WABA, "time": 1750030073, "changes": [{"field": field, "value": value}], **entry}
    return json.dumps({"object": "whatsapp_business_account", "entry": [made]}).encode()


def read(field: str, **value: Any) -> Webhook:
    return read_webhook(body(field, value))


def listed(**lists: Any) -> Webhook:
    metadata = {"display_phone_number": "15550783881", "phone_number_id": NUMBER}
    return read("messages", messaging_product="whatsapp", metadata=metadata, **lists)


def inbound(**changes: Any) -> Inbound:
    message = {
        "from": "16505551234", "id": "wamid.in", "timestamp": "1750030073", "type": "text",
        "text": {"body": "STOP"},
    }  # fmt: skip
    (one,) = listed(messages=[{**message, **changes}]).inbound
    return one


def test_a_typed_stop_says_who_wrote_what_when_and_to_which_number() -> None:
    assert inbound() == Inbound(
        message_id="wamid.in", number="16505551234", at=AT, phone_number_id=NUMBER, text="STOP"
    )


def test_the_button_of_a_template_names_the_message_that_it_answers() -> None:
    pressed = inbound(
        type="button",
        button={"payload": "unsubscribe", "text": "No more of this"},
        context={"from": "15550783881", "id": "wamid.ours"},
    )
    assert (pressed.payload, pressed.text) == ("unsubscribe", "No more of this")
    assert pressed.context_id == "wamid.ours"


def test_a_button_without_a_payload_is_its_text() -> None:
    assert inbound(type="button", button={"text": "Stop"}).payload == "Stop"


@pytest.mark.parametrize("kind", ["button_reply", "list_reply"])
def test_a_reply_is_its_id_and_its_title(kind: str) -> None:
    reply = {"type": kind, kind: {"id": "stop-1", "title": "Stop"}}
    pressed = inbound(type="interactive", interactive=reply)
    assert (pressed.payload, pressed.text) == ("stop-1", "Stop")


@pytest.mark.parametrize(
    ("changes", "number", "user_id"),
    [
        ({"from": "+1 650 555 1234", "from_user_id": "US.1349"}, "16505551234", "US.1349"),
        ({"from": None, "from_user_id": "US.1349"}, "", "US.1349"),
        ({"from": "US.1349"}, "", "US.1349"),
        ({"from": 16505551234}, "16505551234", ""),
    ],
)
def test_a_person_may_show_a_number_a_user_name_or_both(
    changes: dict[str, Any], number: str, user_id: str
) -> None:
    sender = inbound(**changes)
    assert (sender.number, sender.user_id) == (number, user_id)


@pytest.mark.parametrize(
    "odd",
    [
        {"type": "image", "image": {"id": "1"}},
        {"type": "system", "system": {"type": "user_changed_number", "wa_id": "1"}},
        {"type": "reaction", "reaction": {"emoji": "x"}},
        {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {}}},
        {"type": "text", "text": {}},
        {"type": "text", "text": None},
        {"type": "button", "button": []},
        {"type": "no such type"},
        {"id": None},
        {"timestamp": "yesterday"},
        {"timestamp": 10**30},
    ],
)
def test_a_message_that_says_nothing_of_use_is_passed_over_and_costs_no_other(
    odd: dict[str, Any],
) -> None:
    message = {"id": "1", "from": "16505551234", "timestamp": "1750030073", "type": "text",
               "text": {"body": "x"}}  # fmt: skip
    webhook = listed(messages=[{**message, **odd}, message, None, "x"])
    assert [one.text for one in webhook.inbound] == ["x"]
    assert webhook.passed_over == 3


@pytest.mark.parametrize("at", [1750030073, "1750030073", 1750030073000, "1750030073000"])
@pytest.mark.parametrize("wish", list(Wish))
def test_a_preference_says_who_wants_what_since_when(wish: Wish, at: object) -> None:
    preference = {"wa_id": "16505551234", "detail": "User requested to stop marketing messages",
                  "category": "marketing_messages", "value": wish, "timestamp": at}  # fmt: skip
    metadata = {"phone_number_id": NUMBER}
    webhook = read("user_preferences", metadata=metadata, contacts=[{"wa_id": "16505551234"}],
                   user_preferences=[preference, {**preference, "value": "pause"}])  # fmt: skip
    assert webhook.preferences == [
        Preference(
            number="16505551234", wish=wish, category="marketing_messages", at=AT,
            phone_number_id=NUMBER,
        )
    ]  # fmt: skip
    assert webhook.passed_over == 1


def template(**changes: Any) -> dict[str, Any]:
    return {
        "event": "PAUSED", "message_template_id": 594425479261596,
        "message_template_name": "sale_11", "message_template_language": "en-US",
        "reason": None, "message_template_category": "MARKETING", **changes,
    }  # fmt: skip


def test_a_paused_template_is_named_as_templates_are() -> None:
    told = {"title": "FIRST_PAUSE", "description": "Paused for 3 hours"}
    (news,) = read("message_template_status_update", **template(other_info=told)).templates
    assert (news.event, news.name, news.language) == ("PAUSED", "sale_11", "en_US")
    assert (news.reason, news.title, news.details) == ("", "FIRST_PAUSE", "Paused for 3 hours")
    assert (news.waba_id, news.template_id, news.at) == (WABA, "594425479261596", AT)
    assert news.disabled_from is None


def test_a_rejected_and_a_disabled_template_say_why_and_when() -> None:
    reason = {"reason": "Has a threat", "recommendation": "Leave it out"}
    rejected = template(event="REJECTED", reason="SCAM", rejection_info=reason)
    (news,) = read("message_template_status_update", **rejected).templates
    assert (news.event, news.reason, news.details) == ("REJECTED", "SCAM", "Has a threat")
    for date in (1750030073, "1750030073", "2025-06-15T23:27:53", "2025-06-15T23:27:53+00:00"):
        disabled = template(event="DISABLED", reason="NONE", disable_info={"disable_date": date})
        (news,) = read("message_template_status_update", **disabled).templates
        assert (news.reason, news.disabled_from) == ("", AT)


def test_a_restricted_account_says_what_it_may_not_and_until_when() -> None:
    restrictions = [
        {"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1750030073},
        {"restriction_type": "RESTRICTED_ADD_PHONE_NUMBER_ACTION"},
        "odd",
    ]
    (news,) = read(
        "account_update", event="ACCOUNT_RESTRICTION", restriction_info=restrictions
    ).accounts
    assert (news.waba_id, news.event, news.at) == (WABA, "ACCOUNT_RESTRICTION", AT)
    assert news.restrictions == [
        Restriction("RESTRICTED_BIZ_INITIATED_MESSAGING", AT),
        Restriction("RESTRICTED_ADD_PHONE_NUMBER_ACTION", None),
    ]


def test_a_ban_and_a_violation_are_told_by_their_names() -> None:
    ban = {"waba_ban_state": "SCHEDULE_FOR_DISABLE", "waba_ban_date": "today"}
    (news,) = read("account_update", event="DISABLED_UPDATE", ban_info=ban).accounts
    assert (news.ban_state, news.violation, news.restrictions) == ("SCHEDULE_FOR_DISABLE", "", [])
    violation = {"violation_type": "SPAM"}
    (news,) = read("account_update", event="ACCOUNT_VIOLATION", violation_info=violation).accounts
    assert news.violation == "SPAM"


def test_a_number_and_a_business_say_how_many_people_they_may_write_to() -> None:
    (number,) = read(
        "phone_number_quality_update", display_phone_number="1 555-078-3881", event="ONBOARDING",
        old_limit="TIER_250", current_limit="TIER_1K",
        max_daily_conversations_per_business="TIER_2K",
    ).numbers  # fmt: skip
    assert (number.display_number, number.event, number.limit) == (
        "15550783881",
        "ONBOARDING",
        "TIER_2K",
    )
    (business,) = read("business_capability_update", max_daily_conversation_per_phone=-1).numbers
    assert (business.display_number, business.event, business.limit) == ("", "", "-1")


def test_an_error_of_no_message_names_its_number() -> None:
    error = {"code": 130429, "title": "Rate limit hit", "error_data": {"details": "Too fast"}}
    webhook = listed(errors=[error, {"title": "without a code"}, {**error, "code": "131031"}])
    assert webhook.errors == [
        NumberError(NUMBER, ApiError(130429, "Rate limit hit", "Too fast")),
        NumberError(NUMBER, ApiError(131031, "Rate limit hit", "Too fast")),
    ]
    assert webhook.passed_over == 1


def test_everything_may_come_in_one_post() -> None:
    status = {"id": "wamid.1", "status": "sent", "timestamp": "1750030073"}
    message = {"id": "wamid.in", "from": "16505551234", "timestamp": "1750030073", "type": "text",
               "text": {"body": "hello"}}  # fmt: skip
    mixed = {"field": "messages", "value": {"statuses": [status] * 2, "messages": [message]}}
    paused = {"field": "message_template_status_update", "value": template()}
    unknown = {"field": "history", "value": {"history": [{"threads": []}]}}
    entries = [
        {"id": "1", "changes": [mixed, paused, unknown, None, {"field": "messages"}, mixed]},
        "no entry",
        {"id": 2, "changes": "none"},
        {"id": "3", "changes": [mixed]},
    ]
    webhook = read_webhook(json.dumps({"entry": entries}).encode())
    assert (len(webhook.receipts), len(webhook.inbound), len(webhook.templates)) == (6, 3, 1)
    assert webhook.passed_over == 5


def test_what_is_around_the_items_may_be_odd() -> None:
    status = {"id": "wamid.1", "status": "sent", "timestamp": "1750030073"}
    odd: list[Any] = [None, 7, [], {"phone_number_id": None}]
    for metadata in odd:
        webhook = read("messages", metadata=metadata, statuses=[status], messages=None)
        assert (len(webhook.receipts), webhook.passed_over) == (1, 0)
    webhook = read("messages", statuses=[status], messages={"not": "a list"}, contacts=7)
    assert (len(webhook.receipts), webhook.passed_over) == (1, 1)


@pytest.mark.parametrize("news", [{}, {"event": None}, {"event": "PAUSED"}, {"event": 7}])
def test_news_of_nothing_are_passed_over(news: dict[str, Any]) -> None:
    webhook = read("message_template_status_update", **news)
    assert (webhook.templates, webhook.passed_over) == ([], 1)


def test_half_an_emoji_in_a_name_costs_no_status() -> None:
    status = {"id": "wamid.1", "status": "read", "timestamp": "1750030073"}
    contact = {"profile": {"name": "Ann \ud83d"}, "wa_id": "16505551234"}
    whole = body("messages", {"contacts": [contact], "statuses": [status]})
    assert rb"\ud83d" in whole
    assert [receipt.status for receipt in read_webhook(whole).receipts] == ["read"]


@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_mending_replaces_halves_of_pairs_and_changes_nothing_else(text: str) -> None:
    escaped = json.dumps(text).encode()
    units = text.encode("utf-16-le", "surrogatepass")
    assert json.loads(mended(escaped)) == units.decode("utf-16-le", "replace")
    assert open_body(b'{"object": ' + mended(escaped) + b"}").object is not None


def test_an_escaped_backslash_before_a_u_is_no_half_of_a_pair() -> None:
    assert mended(rb'"\\ud83d"') == rb'"\\ud83d"'


@pytest.mark.parametrize(
    ("text", "number"),
    [("+49 1511 2345678", "4915112345678"), ("(650) 555-1234", "6505551234"), ("US.13491", ""),
     ("123456", ""), ("1" * 16, ""), ("١٢٣٤٥٦٧", ""), ("", "")],
)  # fmt: skip
def test_a_number_is_its_digits_or_nothing(text: str, number: str) -> None:
    assert digits(text) == number


scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(-1e9, 1e9)
json_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = ("messages", "user_preferences", "account_update", "message_template_status_update",
          "phone_number_quality_update")  # fmt: skip
NAMES = ("event", "message_template_name", "reason", "other_info", "restriction_info", "ban_info",
         "statuses", "messages", "user_preferences", "errors", "metadata")  # fmt: skip


@given(
    field=st.sampled_from(FIELDS),
    value=st.dictionaries(st.sampled_from(NAMES), json_values | st.lists(json_values)),
)
def test_no_value_of_any_shape_breaks_the_reading_of_what_comes_beside_it(
    field: str, value: dict[str, Any]
) -> None:
    status = {"id": "wamid.1", "status": "sent", "timestamp": "1750030073"}
    odd, sound = {"field": field, "value": value}, {"value": {"statuses": [status]}}
    webhook = read_webhook(json.dumps({"entry": [{"changes": [odd, sound]}]}).encode())
    assert webhook.receipts[-1].message_id == "wamid.1"
