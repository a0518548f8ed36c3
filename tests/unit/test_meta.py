"""What we post to Meta: the body for each kind of content; the sandbox's checks take it."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from sandbox.bodies import SEND
from sandbox.checks import check
from sandbox.templates import TEMPLATES
from schemas.jobs import Content, Template, Text
from schemas.messages import MessageTag
from schemas.meta import components, request_body

TAG = "1:0123456789abcdef0123456789abcdef:7:1"


def built(content: Content, **variables: str) -> dict[str, Any]:
    body = msgspec.json.decode(request_body(content, "4915112345678", variables, TAG))
    assert isinstance(body, dict)
    return body


def raw(component: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(component))


def test_a_template_with_positional_values() -> None:
    content = Template("order_update", variables={"2": "SKU-1"})
    assert built(content, **{"1": "Ann"}) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "4915112345678",
        "biz_opaque_callback_data": TAG,
        "type": "template",
        "template": {
            "name": "order_update",
            "language": {"code": "en_US"},
            "components": [
                {
                    "type": "body",
                    "parameters": [
                        {"type": "text", "text": "Ann"},
                        {"type": "text", "text": "SKU-1"},
                    ],
                }
            ],
        },
    }


def test_a_messages_own_values_win() -> None:
    body = built(Template("order_update", variables={"1": "you", "2": "it"}), **{"1": "Ann"})
    (component,) = body["template"]["components"]
    assert [parameter["text"] for parameter in component["parameters"]] == ["Ann", "it"]


def test_positional_values_go_by_number_not_by_spelling() -> None:
    values = {str(n): f"v{n}" for n in (10, 2, 1, 9, 3, 4, 5, 6, 7, 8)}
    (body,) = components(values)
    assert [parameter["text"] for parameter in body["parameters"]] == [
        f"v{n}" for n in range(1, 11)
    ]


def test_named_values_carry_their_names() -> None:
    (body,) = components({"first_name": "Ann"})
    assert body["parameters"] == [{"type": "text", "parameter_name": "first_name", "text": "Ann"}]


FORMS: dict[str, tuple[dict[str, str], list[dict[str, Any]]]] = {
    "header text": (
        {"1": "Ann", "header.1": "Autumn"},
        [{"type": "header", "parameters": [{"type": "text", "text": "Autumn"}]},
         {"type": "body", "parameters": [{"type": "text", "text": "Ann"}]}],
    ),
    "named header text": (
        {"header.season": "Autumn"},
        [{"type": "header",
          "parameters": [{"type": "text", "parameter_name": "season", "text": "Autumn"}]}],
    ),
    "image": (
        {"header.image": "https://e.com/x.jpg"},
        [{"type": "header",
          "parameters": [{"type": "image", "image": {"link": "https://e.com/x.jpg"}}]}],
    ),
    "video by its id": (
        {"header.video": "1166846181421424"},
        [{"type": "header",
          "parameters": [{"type": "video", "video": {"id": "1166846181421424"}}]}],
    ),
    "document": (
        {"header.filename": "Bill.pdf", "header.document": "https://e.com/1.pdf"},
        [{"type": "header", "parameters": [
            {"type": "document",
             "document": {"link": "https://e.com/1.pdf", "filename": "Bill.pdf"}}]}],
    ),
    "location": (
        {"header.latitude": "52.5163", "header.longitude": "13.3777",
         "header.name": "Gate", "header.address": "Pariser Platz"},
        [{"type": "header", "parameters": [
            {"type": "location",
             "location": {"latitude": "52.5163", "longitude": "13.3777",
                          "name": "Gate", "address": "Pariser Platz"}}]}],
    ),
    "buttons, in their order": (
        {"button.2.code": "SAVE25", "button.0.payload": "STOP", "button.1.url": "suffix/123"},
        [{"type": "button", "sub_type": "quick_reply", "index": "0",
          "parameters": [{"type": "payload", "payload": "STOP"}]},
         {"type": "button", "sub_type": "url", "index": "1",
          "parameters": [{"type": "text", "text": "suffix/123"}]},
         {"type": "button", "sub_type": "copy_code", "index": "2",
          "parameters": [{"type": "coupon_code", "coupon_code": "SAVE25"}]}],
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_every_part_of_a_template_is_reached_by_its_key(form: str) -> None:
    values, made = FORMS[form]
    assert components(values) == made


def test_the_example_of_metas_documentation_is_made_from_keys() -> None:
    values = {"header.image": "https://host/x.jpg", "1": "Ann", "2": "SKU-1",
              "button.0.payload": "STOP", "button.1.url": "suffix/123"}  # fmt: skip
    assert components(values) == [
        {"type": "header",
         "parameters": [{"type": "image", "image": {"link": "https://host/x.jpg"}}]},
        {"type": "body",
         "parameters": [{"type": "text", "text": "Ann"}, {"type": "text", "text": "SKU-1"}]},
        {"type": "button", "sub_type": "quick_reply", "index": "0",
         "parameters": [{"type": "payload", "payload": "STOP"}]},
        {"type": "button", "sub_type": "url", "index": "1",
         "parameters": [{"type": "text", "text": "suffix/123"}]},
    ]  # fmt: skip


def test_a_row_brings_its_own_image_to_a_body_that_is_the_same_for_all() -> None:
    content = Template("sale", variables={"1": "you", "header.image": "https://e.com/all.jpg"})
    body = built(content, **{"header.image": "https://e.com/ann.jpg"})
    header, text = body["template"]["components"]
    assert header["parameters"][0]["image"] == {"link": "https://e.com/ann.jpg"}
    assert text["parameters"] == [{"type": "text", "text": "you"}]


def test_what_is_in_the_ledger_since_before_there_were_such_keys_can_be_read() -> None:
    old = b'{"kind":"template","name":"order_update","variables":{"1":"Ann","2":"A-1"}}'
    content = msgspec.json.decode(old, type=Content)
    (body,) = built(content)["template"]["components"]
    assert [parameter["text"] for parameter in body["parameters"]] == ["Ann", "A-1"]


def test_a_template_without_variables_has_no_components() -> None:
    assert built(Template("hello_world"))["template"] == {
        "name": "hello_world",
        "language": {"code": "en_US"},
    }


def test_given_components_go_out_as_they_are() -> None:
    component = {"type": "body", "parameters": [{"type": "text", "text": "Ann"}]}
    body = built(Template("sale", components=[raw(component)]), **{"1": "not used"})
    assert body["template"]["components"] == [component]


def test_free_text() -> None:
    body = built(Text("Hello\nworld ✓", preview_url=True))
    assert (body["type"], body["text"]) == ("text", {"body": "Hello\nworld ✓", "preview_url": True})


SALE = (
    {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://e.com/x.jpg"}}]},
    {"type": "body", "parameters": [{"type": "text", "text": "Ann"}]},
    {"type": "button", "sub_type": "url", "index": "0",
     "parameters": [{"type": "text", "text": "summer"}]},
)  # fmt: skip
CONTENTS: dict[str, tuple[Content, dict[str, str]]] = {
    "no variables": (Template("hello_world"), {}),
    "positional, of the job and of the message": (
        Template("order_update", variables={"2": "SKU-1"}), {"1": "Ann"}
    ),
    "positional, out of order": (Template("order_update"), {"2": "SKU-1", "1": "Ann"}),
    "named": (Template("welcome"), {"first_name": "Ann"}),
    "every part by its key": (Template("sale"), {
        "1": "Ann", "header.image": "https://e.com/x.jpg", "button.0.url": "summer",
        "button.1.payload": "STOP",
    }),
    "components": (Template("sale", components=[raw(part) for part in SALE]), {}),
    "free text": (Text("Hello"), {}),
    "free text with a preview": (Text("https://example.com", preview_url=True), {}),
}  # fmt: skip


@pytest.mark.parametrize("case", CONTENTS)
def test_the_sandbox_takes_what_we_build(case: str) -> None:
    content, variables = CONTENTS[case]
    body = request_body(content, "4915112345678", variables, TAG)
    assert check(SEND.decode(body), TEMPLATES) is None


def test_the_sandbox_does_not_take_what_lacks_a_value() -> None:
    body = request_body(Template("order_update"), "4915112345678", {"1": "Ann"}, TAG)
    refusal = check(SEND.decode(body), TEMPLATES)
    assert refusal is not None
    assert refusal.code == 132000


def test_the_longest_tag_of_ours_is_within_metas_limit() -> None:
    longest = MessageTag(UUID(int=2**128 - 1), 10**9, 10**9).encode()
    body = request_body(Text("Hello"), "4915112345678", {}, longest)
    assert check(SEND.decode(body), TEMPLATES) is None
