"""Orders held against templates of every form: what passes, and what is said of the rest."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from gateway.errors import Refusal
from gateway.forms import Template, form_of
from gateway.numbers import Numbers
from gateway.orders import Order, check
from gateway.picks import FromUpload
from gateway.preflight import Passed, hold
from gateway.recipients import Recipients
from sandbox.templates import TEMPLATES
from schemas import api, jobs
from schemas.meta import components
from schemas.places import fault_of, key_of
from schemas.settings import Gateway

A, B = "491701234567", "491701234568"
IMAGE = {"header.image": "https://example.com/a.jpg"}
WHERE = {"header.latitude": "52.5", "header.longitude": "13.4"}


def template(*components: dict[str, Any], **more: Any) -> Template:
    shown = {"name": "offer", "language": "en_US", "status": "APPROVED", "category": "MARKETING"}
    return msgspec.convert({**shown, "components": components, **more}, Template)


def body(text: str) -> dict[str, Any]:
    return {"type": "BODY", "text": text}


def header(kind: str, text: str | None = None) -> dict[str, Any]:
    return {"type": "HEADER", "format": kind, "text": text}


def buttons(*shown: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": shown}


LINK = {"type": "URL", "text": "Shop", "url": "https://example.com/{{1}}"}
FIXED = {"type": "URL", "text": "Home", "url": "https://example.com/"}
STOP = {"type": "QUICK_REPLY", "text": "Stop"}
CODE = {"type": "COPY_CODE", "text": "Copy"}

FORMS: dict[str, tuple[Template, dict[str, str]]] = {
    "nothing to fill": (template(body("Hello")), {}),
    "positional": (template(body("{{1}}, {{2}} and {{1}} again")), {"1": "a", "2": "b"}),
    "named": (template(body("Hi {{first_name}}")), {"first_name": "Ann"}),
    "header text": (template(header("TEXT", "{{1}} sale"), body("Hi {{1}}")),
                    {"header.1": "Autumn", "1": "Ann"}),
    "named header text": (template(header("TEXT", "{{image}} sale"), body("Hi")),
                          {"header.text.image": "Autumn"}),
    "image": (template(header("IMAGE"), body("Hi")), IMAGE),
    "video": (template(header("video"), body("Hi")), {"header.video": "123"}),
    "document": (template(header("DOCUMENT"), body("Hi")), {"header.document": "123"}),
    "document with a name": (template(header("DOCUMENT"), body("Hi")),
                             {"header.document": "123", "header.filename": "Bill.pdf"}),
    "location": (template(header("LOCATION"), body("Hi")), WHERE),
    "location with labels": (template(header("LOCATION"), body("Hi {{name}}")),
                             {**WHERE, "header.name": "Gate", "header.address": "1", "name": "x"}),
    "links": (template(body("Hi"), buttons(FIXED, LINK)), {"button.1.url": "x"}),
    "quick reply as it is": (template(body("Hi"), buttons(STOP)), {}),
    "quick reply with a payload": (template(body("Hi"), buttons(STOP, LINK)),
                                   {"button.0.payload": "STOP", "button.1.url": "x"}),
    "coupon": (template(body("Hi {{1}}"), buttons(STOP, CODE)),
               {"1": "Ann", "button.1.code": "SAVE25"}),
    "one-time password": (template(body("{{1}} is your code"), buttons({"type": "OTP"}),
                                   category="authentication"),
                          {"1": "123456", "button.0.url": "123456"}),
}  # fmt: skip


def order(request: api.QuickSend | api.CustomizeSend | api.DirectSend) -> Order:
    made = check(request, Gateway(), datetime.now(UTC))
    assert isinstance(made, Order), made
    return made


def quick(values: dict[str, Any], language: str = "en_US") -> Order:
    return order(
        api.QuickSend(
            phone_number_id="1", template_name="offer", recipients_text=A, language=language,
            variables=values,
        )
    )  # fmt: skip


def rows(mappings: dict[str, str], *data: dict[str, Any]) -> Order:
    return order(
        api.CustomizeSend(
            phone_number_id="1", template_name="offer", recipient_column="to",
            data=[msgspec.Raw(msgspec.json.encode(row)) for row in data or ({"to": A},)],
            variable_mappings=mappings,
        )
    )  # fmt: skip


def direct(sent: list[dict[str, Any]] | None) -> Order:
    content = api.TemplateContent("offer", components=sent)
    message = api.TemplateMessage(content)
    return order(api.DirectSend(phone_number_id="1", recipients=[A], message=message))


def held(made: Order, *templates: Template) -> Passed | Refusal:
    assert isinstance(made.content, jobs.Template)
    return hold(made, made.content, templates)


def refused(made: Order, *templates: Template) -> Refusal:
    verdict = held(made, *templates)
    assert isinstance(verdict, Refusal), verdict
    assert verdict.status == 400
    return verdict


@pytest.mark.parametrize("form", FORMS)
def test_values_that_fill_a_template_pass(form: str) -> None:
    asked, values = FORMS[form]
    for made in (quick(values), rows(dict.fromkeys(values, "column"))):
        verdict = held(made, asked)
        assert isinstance(verdict, Passed), verdict
        assert verdict.is_checked
        assert verdict.said == api.Preflight("checked")
        assert verdict.category == (asked.category or "").upper()


@pytest.mark.parametrize("form", FORMS)
def test_the_same_as_components_passes(form: str) -> None:
    asked, values = FORMS[form]
    verdict = held(direct(components(values)), asked)
    assert isinstance(verdict, Passed), verdict
    assert verdict.is_checked


@pytest.mark.parametrize("form", FORMS)
def test_each_value_that_is_missing_is_named_with_what_the_template_takes(form: str) -> None:
    asked, values = FORMS[form]
    for place in form_of(asked).needed:
        key = key_of(place)
        less = {name: value for name, value in values.items() if name != key}
        said = refused(quick({} if fault_of(less) else less), asked)
        assert said.error == "Template parameters do not match"
        assert said.message.startswith("offer (en_US) takes ")
        assert said.details == {"places": [key_of(each) for each in form_of(asked).places]}
        assert key in said.message.partition("lacks ")[2]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"1": "a"}, "offer (en_US) takes 1, 2; variables lacks 2."),
        ({"1": "a", "2": "b", "3": "c"},
         "offer (en_US) takes 1, 2; variables has 3, which it does not take."),
        ({"name": "a"},
         "offer (en_US) takes 1, 2; variables lacks 1, 2 and has name, which it does not take."),
        ({"1": "a", "2": "b", **IMAGE},
         "offer (en_US) takes 1, 2; variables has header.image, which it does not take."),
        ({}, "offer (en_US) takes 1, 2; variables lacks 1, 2."),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_once_for_everybody(values: dict[str, str], said: str) -> None:
    assert refused(quick(values), template(body("{{1}} {{2}}"))).message == said


def test_what_may_be_given_is_told_where_something_is_wrong() -> None:
    asked = template(header("DOCUMENT"), body("Hi"), buttons(STOP, FIXED))
    said = refused(quick({"button.1.url": "x"}), asked).message
    assert said == (
        "offer (en_US) takes header.document, and may have header.filename, button.0.payload;"
        " variables lacks header.document and has button.1.url, which it does not take."
    )
    assert refused(rows({"1": "x"}), template(body("Hi"))).message == (
        "offer (en_US) takes no values; variableMappings has 1, which it does not take."
    )


@pytest.mark.parametrize(
    ("given", "asked"),
    [({"header.video": "1"}, "IMAGE"), (IMAGE, "DOCUMENT"), (WHERE, "VIDEO"),
     ({"header.1": "x"}, "IMAGE"), (IMAGE, "LOCATION"), (IMAGE, "TEXT")],
)  # fmt: skip
def test_another_kind_of_header_does_not_fit(given: dict[str, str], asked: str) -> None:
    said = refused(quick(given), template(header(asked, "Hi"), body("Hi"))).message
    assert "which it does not take" in said


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (None, "components lacks body 1, header image, button 0 url."),
        ([{"type": "body", "parameters": [{"type": "text", "text": "a", "parameter_name": "x"}]}],
         "components lacks body 1, header image, button 0 url and has body x, which it does not"),
        ([{"type": "BODY", "parameters": [{"type": "image", "image": {"id": "1"}}]}],
         "components has a body 1 of type image: it takes text, currency, date_time."),
        ([{"type": "body", "parameters": [{"type": "text", "text": "a\nb"}]}],
         "components has a body 1 that has a line break"),
        ([{"type": "body", "parameters": [{"type": "text"}]}],
         "components has a body 1 that is empty."),
        ([{"type": "header", "parameters": [{"type": "image", "image": {}}]}],
         "components has a header image with neither a link nor an id."),
        ([{"type": "button", "sub_type": "url", "index": "x", "parameters": []}],
         "components has a button at index x: 0 to 9 there can be."),
        ([{"type": "body", "parameters": [{"type": "text", "text": "a"}]}] * 2,
         "components fills the body 1 twice."),
        ([{"type": "body", "parameters": "Ann"}],
         "components has a part 0 that Meta does not know"),
    ],
)  # fmt: skip
def test_components_that_do_not_fit_are_told_in_their_own_words(
    sent: list[dict[str, Any]] | None, said: str
) -> None:
    asked = template(header("IMAGE"), body("{{1}}"), buttons(LINK))
    assert said in refused(direct(sent), asked).message


def test_components_of_the_field_pass_in_whatever_case_and_kind_of_index() -> None:
    asked = template(header("IMAGE"), body("{{1}} {{2}}"), buttons(LINK, STOP, CODE))
    money = {"fallback_value": "$100", "code": "USD", "amount_1000": 100000}
    sent: list[dict[str, Any]] = [
        {"type": "HEADER", "parameters": [{"type": "IMAGE", "image": {"link": "http://e.com/x"}}]},
        {"type": "Body", "parameters": [{"type": "TEXT", "text": "a"},
                                        {"type": "currency", "currency": money}]},
        {"type": "BUTTON", "sub_type": "URL", "index": 0,
         "parameters": [{"type": "text", "text": "x"}]},
        {"type": "button", "sub_type": "COPY_CODE", "index": "2",
         "parameters": [{"type": "coupon_code", "coupon_code": "X"}]},
    ]  # fmt: skip
    verdict = held(direct(sent), asked)
    assert isinstance(verdict, Passed), verdict
    assert verdict.is_checked


CAROUSEL = template(body("Hi {{1}}"), {"type": "CAROUSEL", "cards": []})


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        (CAROUSEL, "a carousel"),
        (template(body("Hi {{1}}"), {"type": "LIMITED_TIME_OFFER",
                                     "limited_time_offer": {"has_expiration": True}}), "an offer"),
        (template(body("Hi {{1}}"), header("PRODUCT")), "a header of the kind PRODUCT"),
        (template(body("Hi {{1}}"), buttons({"type": "MPM"})), "a button to products"),
    ],
)  # fmt: skip
def test_parts_that_no_key_fills_need_components_and_are_left_to_the_first_message(
    asked: Template, part: str
) -> None:
    said = refused(quick({"1": "Ann"}), asked).message
    assert part in said
    assert "POST /api/bulk/send" in said
    text = {"type": "body", "parameters": [{"type": "text", "text": "Ann"}]}
    verdict = held(direct([text, {"type": "carousel", "cards": []}]), asked)
    assert isinstance(verdict, Passed)
    assert (verdict.is_checked, verdict.category) == (False, "MARKETING")
    assert verdict.said is not None
    assert verdict.said.state == "skipped"
    assert part in (verdict.said.reason or "")


@pytest.mark.parametrize(
    ("asked", "part"),
    [(template(body("Hi"), buttons({"type": "FLOW"}, LINK)), "a button of the kind FLOW"),
     (template(body("Hi"), buttons(STOP, LINK), {"type": "NEW"}), "a part of the kind NEW")],
)  # fmt: skip
def test_parts_that_are_not_known_here_are_left_to_the_first_message(
    asked: Template, part: str
) -> None:
    verdict = held(quick({"button.1.url": "x"}), asked)
    assert isinstance(verdict, Passed)
    assert not verdict.is_checked
    assert verdict.said == api.Preflight(
        "skipped", f"offer (en_US) has {part}, which is not looked into."
    )
    assert "lacks button.1.url" in refused(quick({}), asked).message


def test_an_offer_that_does_not_end_asks_for_nothing() -> None:
    offer = {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"has_expiration": False}}
    assert isinstance(held(quick({}), template(body("Hi"), offer)), Passed)


@pytest.mark.parametrize("status", ["PAUSED", "DISABLED", "PENDING", "REJECTED", "ARCHIVED", "x"])
def test_only_what_is_approved_is_ready(status: str) -> None:
    said = refused(quick({}), template(body("Hi"), status=status, rejected_reason="NONE"))
    assert (said.error, said.details) == ("Template not ready", {"status": status.upper()})
    assert said.message.startswith(f"offer (en_US) is {status.upper()} at Meta")


def test_of_two_in_a_language_the_approved_one_counts() -> None:
    old = template(body("Hi {{1}}"), status="DELETED")
    assert isinstance(held(quick({}), old, template(body("Hi"))), Passed)


def test_why_a_template_was_rejected_is_passed_on() -> None:
    asked = template(body("Hi"), status="rejected", rejected_reason="INVALID_FORMAT")
    assert "is REJECTED (INVALID_FORMAT) at Meta" in refused(quick({}), asked).message


def test_a_template_that_is_not_there_names_the_languages_that_are() -> None:
    others = [template(body("Hi"), language=code) for code in ("pt_BR", "de", "en_GB")]
    said = refused(quick({}), *others)
    assert said.message == "offer is not there in en_US; it is in de, en_GB, pt_BR."
    assert said.details == {"languages": ["de", "en_GB", "pt_BR"]}
    assert refused(quick({})).message.startswith("There is no template offer at Meta.")


def test_the_language_of_the_order_decides() -> None:
    paused = template(body("Hi"), status="PAUSED")
    german = template(body("Hallo {{1}}"), language="de")
    assert isinstance(held(quick({"1": "Ann"}, language="de"), paused, german), Passed)
    assert "is PAUSED" in refused(quick({}), paused, german).message


@pytest.mark.parametrize("category", [None, "OTHER"])
def test_a_category_that_is_not_known_is_none(category: str | None) -> None:
    verdict = held(quick({}), template(body("Hi"), category=category))
    assert isinstance(verdict, Passed)
    assert verdict.category is None


def gathered(made: Order, asked: Template) -> Recipients:
    verdict = held(made, asked)
    assert isinstance(verdict, Passed), verdict
    recipients = Recipients(Numbers(), verdict.check)
    assert not isinstance(made.source, FromUpload)
    for entry in made.source.entries():
        recipients.add(entry)
    return recipients


def test_rows_that_do_not_fill_their_template_are_kept_apart_by_line() -> None:
    asked = template(header("IMAGE"), body("Hi {{1}}, {{1}}!"), buttons(LINK))
    good = {"to": A, "name": "Ann", "photo": "https://e.com/a.jpg", "path": "x"}
    data = [
        good,
        {**good, "to": B, "name": ""},
        {**good, "to": B, "photo": "a.jpg"},
        {**good, "to": B, "name": "x" * 600},
        {**good, "to": B, "path": "x" * 1990},
        {**good, "to": "no number"},
    ]
    mappings = {"1": "name", "header.image": "photo", "button.0.url": "path"}
    recipients = gathered(rows(mappings, *data), asked)
    assert [(row.line, row.value, row.reason) for row in recipients.unfilled] == [
        (2, B, 'the column "name" is empty'),
        (3, B, 'the column "photo" is neither an https link nor the id of a file at Meta'),
        (4, B, "fills the body to 1206 characters: 1024 at most"),
        (5, B, "makes the link of button 0 longer than 2000"),
    ]
    assert recipients.unfilled_total == 4
    assert [recipient for recipient, _ in recipients.accepted] == [A]
    assert recipients.rejected_total == 1
    assert recipients.total == len(data)


def test_a_body_may_have_1024_characters_with_its_values_in_place() -> None:
    asked = template(body("Hi {{ 1 }}!"))
    most = "x" * (1024 - len("Hi !"))
    assert isinstance(held(quick({"1": most}), asked), Passed)
    assert refused(quick({"1": f"{most}x"}), asked).message == (
        "variables fills the body to 1025 characters: 1024 at most."
    )


def test_without_a_template_a_row_is_rejected_by_itself() -> None:
    made = rows({"1": "name"}, {"to": A, "name": ""}, {"to": B, "name": "Bob"})
    recipients = Recipients(Numbers())
    assert not isinstance(made.source, FromUpload)
    for entry in made.source.entries():
        recipients.add(entry)
    assert (recipients.unfilled_total, recipients.rejected_total) == (0, 1)


@pytest.mark.parametrize(
    ("name", "needed"),
    [("hello_world", []), ("order_update", ["1", "2"]), ("welcome", ["first_name"]),
     ("sale", ["1", "header.image", "button.0.url"])],
)  # fmt: skip
def test_the_sandboxs_shelf_is_read_as_it_is_shown(name: str, needed: list[str]) -> None:
    shown = msgspec.json.encode(TEMPLATES[name, "en_US"].shown())
    form = form_of(msgspec.json.decode(shown, type=Template))
    assert [key_of(place) for place in form.needed] == needed
