"""Orders: what can be carried out, and refusals that say what to change."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from gateway.errors import Refusal
from gateway.malformed import malformed
from gateway.orders import Order, Request, check, ignored_fields, oversized
from schemas import api
from schemas.jobs import Template, Text
from schemas.settings import Gateway

SETTINGS = Gateway()
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
QUICK = {"phone_number_id": "1", "template_name": "hello", "recipients_text": "+491701234567"}
ROWS = {
    "templateName": "hello",
    "phoneNumberId": "1",
    "recipientColumn": "phone",
    "data": [{"phone": "+491701234567"}],
}
DIRECT = {"phone_number_id": "1", "recipients": ["+491701234567"],
          "message": {"kind": "text", "text": {"body": "Hi"}}}  # fmt: skip


def read(kind: type[Request], body: object) -> Order | Refusal:
    text = msgspec.json.encode(body)
    try:
        request = msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError as error:
        return malformed(error, text)
    return check(request, SETTINGS, NOW)


def order(kind: type[Request], body: object) -> Order:
    made = read(kind, body)
    assert isinstance(made, Order), made
    return made


def refusal(kind: type[Request], body: object) -> Refusal:
    made = read(kind, body)
    assert isinstance(made, Refusal)
    return made


def test_a_quick_send_says_the_same_to_everybody() -> None:
    made = order(api.QuickSend, {**QUICK, "variables": {"1": "Ann", "2": 7}, "campaign_name": "c"})
    assert made.content == Template("hello", "en_US", {"1": "Ann", "2": "7"})
    assert (made.campaign_name, made.label) == ("c", "hello")


def test_a_customize_send_keeps_no_values_for_everybody() -> None:
    made = order(api.CustomizeSend, {**ROWS, "language": "de", "variableMappings": {"1": "phone"}})
    assert made.content == Template("hello", "de")


def test_fields_that_no_form_knows_are_named() -> None:
    body = msgspec.json.encode({**QUICK, "templat_language": "de", "batch": 5})
    assert ignored_fields(body, api.QuickSend) == ["templat_language", "batch"]
    assert ignored_fields(msgspec.json.encode(ROWS), api.CustomizeSend) == []


def test_what_would_take_long_to_decode_is_refused_by_its_size() -> None:
    large = msgspec.json.encode({**QUICK, "variables": {str(n): "x" for n in range(50_000)}})
    refused = oversized(large, api.QuickSend, 50_000)
    assert refused is not None
    assert "variables is too large" in refused.message
    assert oversized(msgspec.json.encode(QUICK), api.QuickSend, 50_000) is None


def test_free_text_goes_out_as_it_is() -> None:
    made = order(api.DirectSend, {**DIRECT, "campaignId": "c-1"})
    assert made.content == Text("Hi")
    assert (made.campaign_id, made.label) == ("c-1", "text")


def test_components_go_to_meta_as_they_are() -> None:
    components = [{"type": "body", "parameters": [{"type": "text", "text": "Ann"}]}]
    template = {"name": "hello", "language_code": "de", "components": components}
    message = {"kind": "template", "template": template}
    content = order(api.DirectSend, {**DIRECT, "message": message}).content
    assert isinstance(content, Template)
    assert content.components is not None
    assert [msgspec.json.decode(part) for part in content.components] == components


def test_the_default_number_is_for_the_direct_form() -> None:
    body = msgspec.json.encode({**DIRECT, "phone_number_id": None})
    made = check(
        msgspec.json.decode(body, type=api.DirectSend), Gateway(default_phone_number_id="42"), NOW
    )
    assert isinstance(made, Order)
    assert made.phone_number_id == "42"


@pytest.mark.parametrize(
    ("kind", "body", "missing"),
    [
        (api.QuickSend, {}, ["phone_number_id", "template_name", "recipients_text"]),
        (api.QuickSend, {**QUICK, "template_name": None, "phone_number_id": " "},
         ["phone_number_id", "template_name"]),
        (api.CustomizeSend, {}, ["templateName", "phoneNumberId", "recipientColumn", "data"]),
        (api.DirectSend, {}, ["recipients", "message"]),
        (api.DirectSend, {**DIRECT, "phone_number_id": None}, ["phone_number_id"]),
        (api.DirectSend, {**DIRECT, "message": {}}, ["message.kind"]),
        (api.DirectSend, {**DIRECT, "message": {"kind": "text"}}, ["message.text"]),
        (api.DirectSend, {**DIRECT, "message": {"kind": "template", "template": {}}},
         ["message.template.name"]),
    ],
)  # fmt: skip
def test_all_missing_fields_are_named(
    kind: type[Request], body: dict[str, Any], missing: list[str]
) -> None:
    refused = refusal(kind, body)
    assert (refused.status, refused.error) == (400, "Missing required fields")
    assert refused.details == {"missing": missing}


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        (api.QuickSend, [], "The body must be an object, not a list."),
        (api.QuickSend, {**QUICK, "recipients_text": 5},
         "recipients_text must be a string, not a whole number."),
        (api.QuickSend, {**QUICK, "variables": []}, "variables must be an object, not a list."),
        (api.QuickSend, {**QUICK, "phone_number_id": "12a"}, "digits only"),
        (api.QuickSend, {**QUICK, "phone_number_id": "1.*"}, "digits only"),
        (api.QuickSend, {**QUICK, "phone_number_id": "9" * 33}, "digits only, up to 32"),
        (api.QuickSend, {**QUICK, "phone_number_id": "\u0661"}, "digits only"),
        (api.QuickSend, {**QUICK, "template_name": "x" * 513}, "1 to 512 characters"),
        (api.QuickSend, {**QUICK, "language": "english"}, "such as en_US or de"),
        (api.QuickSend, {**QUICK, "campaign_name": "x" * 513}, "512 characters"),
        (api.QuickSend, {**QUICK, "variables": {"1": ""}}, 'variables["1"] is empty'),
        (api.QuickSend, {**QUICK, "variables": {"1": None}}, 'variables["1"] is empty'),
        (api.QuickSend, {**QUICK, "variables": {"1": "a\nb"}}, "line break"),
        (api.QuickSend, {**QUICK, "variables": {"1": "a", "3": "b"}}, "without gaps"),
        (api.QuickSend, {**QUICK, "variables": {"01": "a"}}, "without gaps"),
        (api.QuickSend, {**QUICK, "variables": {"0": "a"}}, "without gaps"),
        (api.QuickSend, {**QUICK, "variables": {"1": "a", "name": "b"}}, "one kind"),
        (api.QuickSend, {**QUICK, "variables": {str(n): "a" for n in range(1, 102)}}, "has 101"),
        (api.QuickSend, {**QUICK, "variables": {"First Name": "a"}}, "'First Name'"),
        (api.CustomizeSend, {**ROWS, "data": {}}, "data must be a list, not an object."),
        (api.CustomizeSend, {**ROWS, "variableMappings": {"2": "phone"}}, "without gaps"),
        (api.DirectSend, {**DIRECT, "message": {"kind": "image"}}, "'image'"),
        (api.DirectSend, {**DIRECT, "message": {"kind": "text", "text": {"body": " "}}},
         "1 to 4096"),
        (api.DirectSend, {**DIRECT, "recipients": "all"},
         "recipients must be a list, not a string."),
        (api.QuickSend, {**QUICK, "variables": {"1": []}},
         "must be a string or a number, not a list."),
    ],
)  # fmt: skip
def test_a_bad_request_says_what_is_wrong(kind: type[Request], body: object, said: str) -> None:
    refused = refusal(kind, body)
    assert (refused.status, refused.error) == (400, "Bad Request")
    assert said in refused.message


@pytest.mark.parametrize(
    "body", [b"", b"{", b"nul", b'{"a":1} x', b"\xff", b'{"template_name":"\xff"}', b'"\\ud800"']
)
def test_what_is_no_json_is_refused_in_words(body: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)) as caught:
        msgspec.json.decode(body, type=api.QuickSend)
    refused = malformed(caught.value, body)
    assert (refused.status, refused.error) == (400, "Bad Request")
    assert refused.message.startswith("The body is")
