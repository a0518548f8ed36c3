"""Examples show what a recipient reads, or else what fills the template."""

import msgspec

from gateway.examples import example
from gateway.forms import Component, Template
from gateway.recipients import Accepted
from schemas import jobs

OFFER = Template(
    "offer", "en_US", "APPROVED",
    components=(
        Component("HEADER", "TEXT", "For {{1}}"),
        Component("BODY", text="Dear {{1}}, your order {{ 2 }} has come."),
        Component("FOOTER", text="Reply STOP to end this"),
    ),
)  # fmt: skip


def row(**values: str) -> Accepted:
    return Accepted("4915112345678", msgspec.json.encode(values))


def test_header_body_and_footer_with_the_values_of_the_row_before_those_of_all() -> None:
    content = jobs.Template("offer", variables={"1": "you", "header.1": "autumn"})
    shown = example(content, OFFER, row(**{"1": "Ann", "2": "A-1042"}))
    assert shown.to == "4915112345678"
    assert shown.text == (
        "For autumn\nDear Ann, your order A-1042 has come.\nReply STOP to end this"
    )


def test_components_are_shown_in_the_text_as_well() -> None:
    part = {"type": "body", "parameters": [{"type": "text", "text": "Ann"},
                                           {"type": "text", "text": "A-7"}]}  # fmt: skip
    content = jobs.Template("offer", components=[msgspec.Raw(msgspec.json.encode(part))])
    text = example(content, OFFER, Accepted("4915112345678", None)).text
    assert text is not None
    assert text.splitlines()[:2] == ["For {{1}}", "Dear Ann, your order A-7 has come."]


def test_without_the_templates_text_the_values_are_shown_as_meta_gets_them() -> None:
    shown = example(jobs.Template("offer"), None, row(**{"1": "Ann"}))
    assert shown.text is None
    assert shown.components == [{"type": "body", "parameters": [{"type": "text", "text": "Ann"}]}]


def test_free_text_is_its_own_example() -> None:
    assert example(jobs.Text("Hello"), None, Accepted("4915112345678", None)).text == "Hello"
