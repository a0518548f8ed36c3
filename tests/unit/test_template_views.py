"""Templates as people are shown them: their parts, and the places that preflight judges by."""

from typing import Any

import msgspec
import pytest

from gateway import preflight
from gateway.forms import Template, form_of
from gateway.template_views import MEANINGS, view, views
from gateway.values import LONGEST_VALUE
from sandbox.templates import TEMPLATES
from schemas.places import Part, places_of
from schemas.template_api import TemplateHeader, TemplatePlace

PAYLOAD = 'What comes back when the button "Stop promotions" is tapped; if empty, the words on it.'


def template(*components: dict[str, Any], **more: Any) -> Template:
    shown = {"name": "offer", "language": "en_US", "status": "APPROVED", "category": "MARKETING"}
    return msgspec.convert({**shown, "components": components, **more}, Template)


def sample(name: str) -> Template:
    """One of the sandbox's, as Meta lists it."""
    found = next(one for one in TEMPLATES.values() if one.name == name)
    return msgspec.convert(found.shown(), Template)


def places(*components: dict[str, Any]) -> dict[str, TemplatePlace]:
    return {place.key: place for place in view(template(*components)).places}


def body(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "BODY", "text": text, **more}


def buttons(*shown: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": shown}


def test_a_template_is_shown_with_its_parts() -> None:
    shown = view(sample("sale"))
    assert (shown.name, shown.language, shown.status, shown.category) == (
        "sale", "en_US", "APPROVED", "MARKETING",
    )  # fmt: skip
    assert (shown.sendable, shown.supported, shown.unsupported) == (True, True, None)
    assert shown.header == TemplateHeader("image", None)
    assert shown.body == "{{1}}, everything is cheaper until Sunday."
    assert [(one.kind, one.text, one.url) for one in shown.buttons] == [
        ("url", "Shop now", "https://example.com/sale/{{1}}"),
        ("quick_reply", "Stop promotions", None),
    ]


def test_each_place_is_told_with_its_key_what_it_is_and_an_example() -> None:
    assert [
        (place.key, place.means, place.required, place.example)
        for place in view(sample("sale")).places
    ] == [
        ("1", "Stands in place of {{1}} in the text.", True, "Ann"),
        ("header.image", "The image above the text: an https link, or the id of a file at Meta.",
         True, None),
        ("button.0.url", 'The end of the link of the button "Shop now".', True, "summer"),
        ("button.1.payload", PAYLOAD, False, None),
    ]  # fmt: skip


def test_named_variables_have_their_own_examples_in_header_and_text() -> None:
    shown = view(sample("appointment"))
    assert [(place.key, place.example) for place in shown.places] == [
        ("first_name", "Ann"), ("time", "10:30"), ("header.day", "Monday"),
    ]  # fmt: skip
    assert shown.header == TemplateHeader("text", "See you on {{day}}")
    assert shown.footer == "Reply to this message to change it."


@pytest.mark.parametrize("name", sorted({one.name for one in TEMPLATES.values()}))
def test_the_places_are_those_that_preflight_judges_by(name: str) -> None:
    form, shown = form_of(sample(name)), view(sample(name))
    named = places_of([place.key for place in shown.places])
    assert tuple(named.values()) == form.places
    assert [place.required for place in shown.places] == [p in form.needed for p in form.places]


def test_every_kind_of_place_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Part)


def test_as_much_fits_as_preflight_lets_pass() -> None:
    asked = template(
        body("Hi {{1}}, {{1}} and {{2}}" + "." * 100),
        buttons({"type": "URL", "text": "Go", "url": "https://example.com/{{1}}"}),
    )
    form, most = form_of(asked), {place.key: place.most for place in view(asked).places}
    assert most["1"] is not None
    assert most["2"] is not None
    assert most["button.0.url"] is not None
    check = preflight._lengths(form, places_of(list(most)))
    short = {"1": "a", "2": "a", "button.0.url": "a"}
    for key, room in most.items():
        assert room is not None
        assert check({**short, key: "x" * room}) is None
    for key, more in (("1", 1), ("2", 1), ("button.0.url", 1)):
        assert check({**short, key: "x" * (int(most[key] or 0) + more)}) is not None


def test_what_fits_is_told_of_the_other_places() -> None:
    told = places(
        {"type": "HEADER", "format": "LOCATION"}, body("Hi"),
        buttons({"type": "COPY_CODE", "example": ["SAVE25"]}),
    )  # fmt: skip
    assert {key: place.most for key, place in told.items()} == {
        "header.latitude": None, "header.longitude": None, "header.name": LONGEST_VALUE,
        "header.address": LONGEST_VALUE, "button.0.code": 20,
    }  # fmt: skip
    assert (told["button.0.code"].example, told["header.name"].required) == ("SAVE25", False)
    assert told["button.0.code"].means == "The code that button 1 copies."


@pytest.mark.parametrize(
    "example",
    [None, 7, "Ann", [], {"body_text": ["Ann"]}, {"body_text": []}, {"body_text": [[7]]},
     {"body_text_named_params": [{"param_name": "x"}]}],
)  # fmt: skip
def test_an_example_of_another_shape_is_none(example: Any) -> None:
    told = places(
        body("Hi {{1}}", example=example),
        buttons({"type": "URL", "text": "Go", "url": "https://e.com/{{1}}", "example": {"x": 1}}),
    )
    assert [place.example for place in told.values()] == [None, None]


def test_what_keys_cannot_fill_is_said() -> None:
    shown = view(template(body("Hi"), {"type": "CAROUSEL"}))
    assert shown.supported is False
    assert shown.unsupported == (
        "It has a carousel, which only POST /api/bulk/send can fill, with the components as Meta"
        " takes them."
    )


def test_a_template_that_is_not_approved_cannot_be_sent() -> None:
    shown = view(template(body("Hi"), status="paused", category=None))
    assert (shown.status, shown.sendable, shown.category) == ("PAUSED", False, None)


def test_a_template_without_parts_is_shown_too() -> None:
    shown = view(msgspec.convert({"name": "bare", "language": "de"}, Template))
    assert (shown.header, shown.body, shown.footer, shown.buttons, shown.places) == (
        None, None, None, [], [],
    )  # fmt: skip


def test_a_call_button_tells_whom_it_calls() -> None:
    shown = view(template(buttons({"type": "PHONE_NUMBER", "text": "Call", "phone_number": 4915})))
    assert shown.buttons[0].phone_number == "4915"


def test_templates_are_in_the_order_of_their_names_and_languages() -> None:
    given = [template(name=n, language=c) for n, c in (("b", "de"), ("a", "en"), ("a", "de"))]
    assert [(one.name, one.language) for one in views(given, 2)] == [("a", "de"), ("a", "en")]
