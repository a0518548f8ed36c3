"""What the sandbox refuses, with which code and in which words, as Meta does."""

from typing import Any

import msgspec
import pytest

from sandbox.bodies import SEND
from sandbox.brought import body_values, payloads
from sandbox.checks import check, check_object_id, check_token, wa_id
from sandbox.errors import Refusal
from sandbox.templates import TEMPLATES

Json = dict[str, Any]
IMAGE = {"type": "image", "image": {"link": "https://example.com/x.jpg"}}
SUFFIX = {"type": "text", "text": "summer"}


def text(value: str, **more: str) -> Json:
    return {"type": "text", "text": value, **more}


def body(*parameters: Json, type_: str = "body") -> Json:
    return {"type": type_, "parameters": list(parameters)}


def url_button(index: object, *parameters: Json) -> Json:
    return {"type": "button", "sub_type": "url", "index": index, "parameters": list(parameters)}


def template(name: str, *components: Json, code: str = "en_US", **language: str) -> Json:
    made: Json = {"name": name, "language": {"code": code, **language}}
    return made | ({"components": list(components)} if components else {})


ORDER = template("order_update", body(text("Ann"), text("SKU-1")))
HEADER = body(IMAGE, type_="header")
SALE_BODY = body(text("Ann"))
SALE = template("sale", HEADER, SALE_BODY, url_button("0", SUFFIX))
DOCUMENT = {"type": "document", "document": {"link": "https://example.com/r.pdf", "filename": "r"}}
VIDEO = {"type": "video", "video": {"link": "https://example.com/v.mp4"}}
PLACE = {"latitude": 52.52, "longitude": "13.405", "name": "Shop", "address": "Street 1"}
CODE = {"type": "coupon_code", "coupon_code": "SUMMER10"}


def button(kind: str, index: object, *parameters: Json) -> Json:
    return {"type": "button", "sub_type": kind, "index": index, "parameters": list(parameters)}


def place(**changes: object) -> Json:
    """A header with a place; a change of None leaves a key out."""
    whole = {key: value for key, value in (PLACE | changes).items() if value is not None}
    return body({"type": "location", "location": whole}, type_="header")


PICKUP_BODY = body(text("SKU-1"))
COUPON_BODY = body(text("10"))
STOP = {"type": "payload", "payload": "STOP"}
APPOINTMENT = (
    body(text("Monday", parameter_name="day"), type_="header"),
    body(text("10:30", parameter_name="time"), text("Ann", parameter_name="first_name")),
)


def send(**changes: object) -> Json:
    """A send of `order_update`; a change of None leaves a key out."""
    whole: Json = {
        "messaging_product": "whatsapp", "to": "4915112345678", "type": "template",
        "template": ORDER,
    }  # fmt: skip
    return {key: value for key, value in (whole | changes).items() if value is not None}


def checked(request: Json) -> Refusal | None:
    return check(SEND.decode(msgspec.json.encode(request)), TEMPLATES)


GOOD = {
    "positional values": send(),
    "no variables, no components": send(template=template("hello_world")),
    "named": send(template=template("welcome", body(text("Ann", parameter_name="first_name")))),
    "media and a button": send(template=SALE),
    "upper case types": send(
        template=template("order_update", body(text("A"), text("B"), type_="BODY"))
    ),
    "an index that is a number": send(
        template=template("sale", HEADER, SALE_BODY, url_button(0, SUFFIX))
    ),
    "media by id": send(
        template=template(
            "sale", body({"type": "image", "image": {"id": "17"}}, type_="HEADER"), SALE_BODY,
            url_button("0", SUFFIX),
        )
    ),
    "a quick reply's payload": send(
        template=template(
            "sale", HEADER, SALE_BODY, url_button("0", SUFFIX),
            {"type": "button", "sub_type": "quick_reply", "index": "1",
             "parameters": [{"type": "payload", "payload": "STOP"}]},
        )
    ),
    "a document": send(
        template=template("invoice", body(DOCUMENT, type_="header"), body(text("R-1042")))
    ),
    "a video, and an address that is the same for all": send(
        template=template("tutorial", body(VIDEO, type_="header"))
    ),
    "a button without anything to fill, said all the same": send(
        template=template("tutorial", body(VIDEO, type_="header"), button("url", "0"))
    ),
    "a place": send(template=template("pickup", place(), PICKUP_BODY)),
    "a place without a name": send(
        template=template("pickup", place(name=None, address=None), PICKUP_BODY)
    ),
    "a coupon": send(
        template=template("coupon", COUPON_BODY, button("copy_code", 0, CODE))
    ),
    "a coupon and a payload": send(
        template=template(
            "coupon", COUPON_BODY, button("COPY_CODE", "0", CODE), button("quick_reply", "1", STOP)
        )
    ),
    "named, in the header, too": send(template=template("appointment", *APPOINTMENT)),
    "a quick reply alone": send(template=template("news", body(text("Ann"), text("it")))),
    "another language": send(template=template("news", body(text("Ann"), text("es")), code="de")),
    "a language policy": send(
        template=template("hello_world", policy="deterministic")
    ),
    "currency and date": send(
        template=template(
            "order_update",
            body({"type": "currency", "currency": {"fallback_value": "$1"}},
                 {"type": "date_time", "date_time": {"fallback_value": "Monday"}}),
        )
    ),
    "free text": send(type="text", template=None, text={"body": "Hello"}),
    "a plus and blanks": send(to="+49 (151) 1234-5678"),
    "a user id": send(to=None, recipient="US.13491208655302741918"),
    "a tag of 512 characters": send(biz_opaque_callback_data="x" * 512),
    "recipient_type": send(recipient_type="individual"),
    "unknown keys": send(something="else"),
}  # fmt: skip


@pytest.mark.parametrize("case", GOOD)
def test_a_good_request_is_taken(case: str) -> None:
    assert checked(GOOD[case]) is None


def count(where: str, given: int, expected: int) -> str:
    return (
        f"{where}: number of localizable_params ({given}) does not match the expected number of"
        f" params ({expected})"
    )


NO_COUPON = (
    "buttons: Button at index 0 of type copy_code requires a non-empty parameter coupon_code"
)
NO_IMAGE = "header: Format mismatch, expected IMAGE, received"
BAD: dict[str, tuple[Json, int, str | None]] = {
    "no product": (send(messaging_product=None), 131008, "Parameter messaging_product is missing"),
    "another product": (send(messaging_product="sms"), 100, None),
    "no recipient": (send(to=None), 131008, "Parameter to is missing"),
    "an empty recipient": (send(to=""), 131008, "Parameter to is missing"),
    "a recipient of letters": (send(to="Ann"), 131009, None),
    "a bad user id": (send(to=None, recipient="us.1"), 131009, None),
    "a group": (send(recipient_type="group"), 100, None),
    "no type": (send(type=None), 131008, "Parameter type is missing"),
    "an unknown type": (send(type="hologram"), 131051, None),
    "a tag of 513 characters": (send(biz_opaque_callback_data="x" * 513), 100, None),
    "no template": (send(template=None), 131008, "Parameter template.name is missing"),
    "no language": (
        send(template={"name": "hello_world"}), 131008,
        "Parameter template.language.code is missing",
    ),
    "an unknown template": (
        send(template=template("nope")), 132001, "template name (nope) does not exist in en_US"
    ),
    "another language": (
        send(template=template("hello_world", code="de")), 132001,
        "template name (hello_world) does not exist in de",
    ),
    "another policy": (send(template=template("hello_world", policy="fallback")), 131009, None),
    "a paused template": (send(template=template("paused_offer")), 132015, None),
    "a disabled template": (send(template=template("disabled_offer")), 132016, None),
    "no values": (send(template=template("order_update")), 132000, count("body", 0, 2)),
    "one value of two": (
        send(template=template("order_update", body(text("A")))), 132000, count("body", 1, 2)
    ),
    "a value too many": (
        send(template=template("hello_world", body(text("A")))), 132000, count("body", 1, 0)
    ),
    "a header too many": (
        send(template=template("hello_world", body(text("A"), type_="header"))), 132000,
        count("header", 1, 0),
    ),
    "names where there are none": (
        send(template=template("order_update", body(text("A", parameter_name="a"), text("B")))),
        132012, "body: the template's parameters have no names",
    ),
    "no names where there are some": (
        send(template=template("welcome", body(text("A")))), 132012,
        "body: parameter_name must be first_name",
    ),
    "another name": (
        send(template=template("welcome", body(text("A", parameter_name="name")))), 132012, None
    ),
    "an empty value": (
        send(template=template("order_update", body(text(""), text("B")))), 100,
        "Parameter 'text' is mandatory for component parameter type 'text'",
    ),
    "a line break in a value": (
        send(template=template("order_update", body(text("A\nB"), text("B")))), 132012, None
    ),
    "five spaces in a value": (
        send(template=template("order_update", body(text("A     B"), text("B")))), 132012, None
    ),
    "an image in the body": (
        send(template=template("order_update", body(IMAGE, text("B")))), 132012,
        "body: Format mismatch, expected TEXT, received IMAGE",
    ),
    "more than 1024 characters": (
        send(template=template("order_update", body(text("A" * 1000), text("B")))), 132005, None
    ),
    "an unknown component": (
        send(template=template("hello_world", body(type_="footer"))), 100, None
    ),
    "no image": (
        send(template=template("sale", SALE_BODY)), 132012, f"{NO_IMAGE} UNKNOWN"
    ),
    "text for an image": (
        send(template=template("sale", body(text("A"), type_="header"), SALE_BODY)), 132012,
        f"{NO_IMAGE} TEXT",
    ),
    "an image without an address": (
        send(template=template("sale", body({**IMAGE, "image": {}}, type_="header"), SALE_BODY)),
        131008, "Parameter image.link or image.id is missing",
    ),
    "two images": (
        send(template=template("sale", body(IMAGE, IMAGE, type_="header"), SALE_BODY)), 132000,
        count("header", 2, 1),
    ),
    "no end of the address": (
        send(template=template("sale", HEADER, SALE_BODY)), 131008,
        "buttons: Button at index 0 of type Url requires a parameter",
    ),
    "an empty end of the address": (
        send(template=template("sale", HEADER, SALE_BODY, url_button("0"))),
        131008, None,
    ),
    "a button that is not there": (
        send(template=template("hello_world", url_button("0", SUFFIX))), 131009, None
    ),
    "a button of another kind": (
        send(template=template("sale", HEADER, SALE_BODY, url_button("1", SUFFIX))),
        132018, "buttons: Button at index 1 must be of type QuickReply",
    ),
    "a coupon for an address": (
        send(template=template("sale", HEADER, SALE_BODY, button("copy_code", "0", CODE))),
        132018, "buttons: Button at index 0 must be of type Url",
    ),
    "a payload for an address": (
        send(template=template("sale", HEADER, SALE_BODY, url_button("0", STOP))), 132012,
        "buttons: Button at index 0: Format mismatch, expected TEXT, received PAYLOAD",
    ),
    "an address of more than 2000 characters": (
        send(template=template("sale", HEADER, SALE_BODY, url_button("0", text("x" * 1990)))),
        132005, None,
    ),
    "two ends of an address": (
        send(template=template("sale", HEADER, SALE_BODY, url_button("0", SUFFIX, SUFFIX))),
        132000, count("buttons: Button at index 0", 2, 1),
    ),
    "an end for an address that is the same for all": (
        send(template=template("tutorial", body(VIDEO, type_="header"), url_button("0", SUFFIX))),
        132000, count("buttons: Button at index 0", 1, 0),
    ),
    "an empty payload": (
        send(template=template(
            "news", body(text("Ann"), text("it")),
            button("quick_reply", "0", {"type": "payload", "payload": ""}),
        )), 131008,
        "buttons: Button at index 0 of type QuickReply requires a non-empty parameter payload",
    ),
    "no coupon": (
        send(template=template("coupon", COUPON_BODY)), 131008, NO_COUPON,
    ),
    "an empty coupon": (
        send(template=template(
            "coupon", COUPON_BODY, button("copy_code", "0", CODE | {"coupon_code": ""})
        )), 131008, NO_COUPON,
    ),
    "a coupon button without a coupon": (
        send(template=template("coupon", COUPON_BODY, button("copy_code", "0"))), 131008, NO_COUPON,
    ),
    "a coupon of 21 characters": (
        send(template=template(
            "coupon", COUPON_BODY, button("copy_code", "0", CODE | {"coupon_code": "x" * 21})
        )), 132005, None,
    ),
    "text for a coupon": (
        send(template=template("coupon", COUPON_BODY, button("copy_code", "0", text("X")))), 132012,
        "buttons: Button at index 0: Format mismatch, expected COUPON_CODE, received TEXT",
    ),
    "no place": (
        send(template=template("pickup", PICKUP_BODY)), 132012,
        "header: Format mismatch, expected LOCATION, received UNKNOWN",
    ),
    "a place without a latitude": (
        send(template=template("pickup", place(latitude=None), PICKUP_BODY)), 131008,
        "Parameter location.latitude is missing",
    ),
    "a place with an empty longitude": (
        send(template=template("pickup", place(longitude=""), PICKUP_BODY)), 131008,
        "Parameter location.longitude is missing",
    ),
    "a place beyond the pole": (
        send(template=template("pickup", place(latitude=91), PICKUP_BODY)), 131009, None
    ),
    "a place in words": (
        send(template=template("pickup", place(longitude="east"), PICKUP_BODY)), 131009, None
    ),
    "a video for a document": (
        send(template=template("invoice", body(VIDEO, type_="header"), body(text("R")))), 132012,
        "header: Format mismatch, expected DOCUMENT, received VIDEO",
    ),
    "an image at no address": (
        send(template=template(
            "sale", body({"type": "image", "image": {"link": "x.jpg"}}, type_="header"), SALE_BODY,
        )), 100, "Param image['link'] is not a valid URL",
    ),
    "no value for the header": (
        send(template=template("appointment", APPOINTMENT[1])), 132000, count("header", 0, 1)
    ),
    "no name for the header's value": (
        send(template=template(
            "appointment", body(text("Monday"), type_="header"), APPOINTMENT[1]
        )), 132012, "header: parameter_name must be day",
    ),
    "a header of more than 60 characters": (
        send(template=template(
            "appointment", body(text("x" * 50, parameter_name="day"), type_="header"),
            APPOINTMENT[1],
        )), 132005, "header: 61 characters, at most 60",
    ),
    "a button without a place": (
        send(template=template("sale", HEADER, SALE_BODY, url_button("x", SUFFIX))),
        131009, None,
    ),
    "no text": (send(type="text"), 131008, "Parameter text.body is missing"),
    "text of 4097 characters": (send(type="text", text={"body": "x" * 4097}), 100, None),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_request_is_refused_with_its_code(case: str) -> None:
    request, code, details = BAD[case]
    refusal = checked(request)
    assert refusal is not None
    assert refusal.code == code
    assert details is None or refusal.details == details


def test_a_filled_text_of_exactly_1024_characters_is_taken() -> None:
    fixed = len("Hi , your order  is on its way.")
    longest = body(text("A" * (1024 - fixed - 1)), text("B"))
    assert checked(send(template=template("order_update", longest))) is None


@pytest.mark.parametrize(
    ("authorization", "subcode"),
    [(None, None), ("", None), ("Bearer", None), ("Bearer  ", None), ("Basic abc", None),
     ("Bearer expired", 463)],
)  # fmt: skip
def test_no_token_and_an_expired_one_are_190(
    authorization: str | None, subcode: int | None
) -> None:
    refusal = check_token(authorization)
    assert refusal is not None
    assert (refusal.code, refusal.status, refusal.subcode) == (190, 401, subcode)


@pytest.mark.parametrize("authorization", ["Bearer EAAG", "bearer x"])
def test_any_other_token_will_do(authorization: str) -> None:
    assert check_token(authorization) is None


@pytest.mark.parametrize("object_id", ["me", "12a", "", "٣", "1" * 33])
def test_an_id_that_is_no_number_does_not_exist(object_id: str) -> None:
    refusal = check_object_id(object_id, "post")
    assert refusal is not None
    assert (refusal.code, refusal.subcode, refusal.status) == (100, 33, 400)


def test_an_id_of_digits_exists() -> None:
    assert check_object_id("106540352242922", "post") is None


@pytest.mark.parametrize(
    ("to", "digits"),
    [("4915112345678", "4915112345678"), ("+49 151-1234.5678", "4915112345678"), ("1234", None),
     ("1" * 16, None), ("٤٩١٥١١٢٣٤٥", None), ("49x1512345", None)],
)  # fmt: skip
def test_a_recipient_is_5_to_15_digits(to: str, digits: str | None) -> None:
    assert wa_id(to) == digits


def test_named_values_may_come_in_any_order() -> None:
    form = msgspec.structs.replace(TEMPLATES["welcome", "en_US"].form, body=("first", "last"))
    request = template(
        "x", body(text("Lee", parameter_name="last"), text("Ann", parameter_name="first"))
    )
    decoded = SEND.decode(msgspec.json.encode(send(template=request))).template
    assert decoded is not None
    assert body_values(decoded, form) == ("Ann", "Lee")


def test_payloads_are_kept_by_their_index() -> None:
    request = template("sale", HEADER, SALE_BODY, button("quick_reply", "1", STOP))
    decoded = SEND.decode(msgspec.json.encode(send(template=request))).template
    assert decoded is not None
    assert payloads(decoded) == {1: "STOP"}
