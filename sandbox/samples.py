"""The templates that lie on the sandbox's shelf when it starts, as Meta's own JSON."""

from typing import Any, Final


def _body(text: str, **example: object) -> dict[str, Any]:
    return {"type": "BODY", "text": text} | ({"example": example} if example else {})


def _header(kind: str) -> dict[str, Any]:
    return {"type": "HEADER", "format": kind, "example": {"header_handle": ["4::aW"]}}


def _buttons(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": list(buttons)}


def _named(**examples: str) -> list[dict[str, str]]:
    return [{"param_name": name, "example": example} for name, example in examples.items()]


_STOP: Final = {"type": "QUICK_REPLY", "text": "Stop promotions"}

SAMPLES: Final[tuple[dict[str, Any], ...]] = (
    {"name": "hello_world", "components": [_body("Hello World")]},
    {
        "name": "order_update",
        "components": [
            _body("Hi {{1}}, your order {{2}} is on its way.", body_text=[["Ann", "SKU-1"]])
        ],
    },
    {
        "name": "welcome",
        "parameter_format": "NAMED",
        "components": [
            _body("Welcome, {{first_name}}!", body_text_named_params=_named(first_name="Ann"))
        ],
    },
    {
        "name": "sale",
        "category": "MARKETING",
        "components": [
            _header("IMAGE"),
            _body("{{1}}, everything is cheaper until Sunday.", body_text=[["Ann"]]),
            _buttons(
                {
                    "type": "URL",
                    "text": "Shop now",
                    "url": "https://example.com/sale/{{1}}",
                    "example": ["https://example.com/sale/summer"],
                },
                _STOP,
            ),
        ],
    },
    {
        "name": "paused_offer",
        "category": "MARKETING",
        "status": "PAUSED",
        "components": [_body("Ten percent off.")],
    },
    {
        "name": "disabled_offer",
        "category": "MARKETING",
        "status": "DISABLED",
        "components": [_body("Half price.")],
    },
    {
        "name": "news",
        "category": "MARKETING",
        "components": [
            _body("Hi {{1}}, {{2}} has arrived.", body_text=[["Ann", "the new catalogue"]]),
            _buttons(_STOP),
        ],
    },
    {
        "name": "news",
        "language": "de",
        "category": "MARKETING",
        "components": [
            _body("Hallo {{1}}, {{2}} ist da.", body_text=[["Ann", "der neue Katalog"]]),
            _buttons({"type": "QUICK_REPLY", "text": "Werbung abbestellen"}),
        ],
    },
    {
        "name": "invoice",
        "components": [
            _header("DOCUMENT"),
            _body("Invoice {{1}} is attached.", body_text=[["R-1042"]]),
        ],
    },
    {
        "name": "tutorial",
        "category": "MARKETING",
        "components": [
            _header("VIDEO"),
            _body("See how it works."),
            _buttons({"type": "URL", "text": "More", "url": "https://example.com/tutorials"}),
        ],
    },
    {
        "name": "pickup",
        "components": [
            {"type": "HEADER", "format": "LOCATION"},
            _body("Order {{1}} waits for you here.", body_text=[["SKU-1"]]),
        ],
    },
    {
        "name": "coupon",
        "category": "MARKETING",
        "components": [
            _body("{{1}} percent off with this code.", body_text=[["10"]]),
            _buttons({"type": "COPY_CODE", "example": "SUMMER10"}, _STOP),
        ],
    },
    {
        "name": "appointment",
        "parameter_format": "NAMED",
        "components": [
            {
                "type": "HEADER",
                "format": "TEXT",
                "text": "See you on {{day}}",
                "example": {"header_text_named_params": _named(day="Monday")},
            },
            _body(
                "Hi {{first_name}}, we expect you at {{time}}.",
                body_text_named_params=_named(first_name="Ann", time="10:30"),
            ),
            {"type": "FOOTER", "text": "Reply to this message to change it."},
        ],
    },
)
