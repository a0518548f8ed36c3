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
from schemas.meta import body_parameters, request_body

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
    assert [parameter["text"] for parameter in body_parameters(values)] == [
        f"v{n}" for n in range(1, 11)
    ]


def test_named_values_carry_their_names() -> None:
    assert body_parameters({"first_name": "Ann"}) == [
        {"type": "text", "parameter_name": "first_name", "text": "Ann"}
    ]


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
