"""How the page of the API shows what the document says."""

from typing import Any

from gateway.curl import curl
from gateway.docs_schemas import fields, type_of
from gateway.markup import element, paragraphs, prose
from gateway.schema_examples import example_of

SHAPES: dict[str, Any] = {
    "Order": {
        "type": "object",
        "required": ["rows"],
        "properties": {
            "rows": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}},
            "label": {"anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}]},
        },
    },
    "Row": {"type": "object", "properties": {"at": {"type": "string", "format": "date-time"}}},
}
ORDER = {"$ref": "#/components/schemas/Order"}


def test_what_is_shown_is_no_markup() -> None:
    assert element("p", "<b>&", title='"') == '<p title="&quot;">&lt;b&gt;&amp;</p>'
    assert prose("`a<b` is <code>") == "<code>a&lt;b</code> is &lt;code&gt;"


def test_a_blank_line_begins_a_paragraph() -> None:
    assert paragraphs("one\n\n`two`") == "<p>one</p><p><code>two</code></p>"


def test_fields_of_fields_are_told_with_their_way() -> None:
    told = [(name, required) for name, _, required in fields(ORDER, SHAPES)]
    assert told == [("rows", True), ("rows[].at", False), ("label", False)]


def test_a_shape_within_itself_comes_to_an_end() -> None:
    shapes = {"Tree": {"properties": {"left": {"$ref": "#/components/schemas/Tree"}}}}
    told = [name for name, _, _ in fields({"$ref": "#/components/schemas/Tree"}, shapes)]
    assert told[-1] == "left.left.left.left.left"


def test_types_are_told_in_words() -> None:
    row = SHAPES["Order"]["properties"]
    assert type_of(row["rows"], SHAPES) == "list of objects"
    assert type_of(row["label"], SHAPES) == "string, up to 9 characters or null"
    assert type_of({"type": "integer", "minimum": 1, "maximum": 50}, SHAPES) == (
        "whole number, 1 to 50"
    )
    assert type_of({"type": "number", "minimum": 1}, SHAPES) == "number, 1 or more"
    assert type_of({"enum": ["all", "marketing"]}, SHAPES) == "all | marketing"


def test_an_example_is_made_of_the_fields() -> None:
    made = example_of(ORDER, SHAPES)
    assert made == {"rows": [{"at": "2026-11-23T20:36:31.951886Z"}], "label": None}
    assert example_of({"type": "string", "examples": ["de"]}, SHAPES) == "de"


def test_a_curl_line_has_the_path_the_query_and_the_body_of_the_examples() -> None:
    operation = {
        "responses": {},
        "parameters": [
            {"name": "number", "in": "path", "example": "+49 151"},
            {"name": "limit", "in": "query", "example": 5},
            {"name": "after", "in": "query"},
        ],
        "requestBody": {
            "content": {"application/json": {"examples": {"one": {"value": {"to": "O'Neil"}}}}}
        },
    }
    assert curl("POST", "/api/x/{number}", operation) == (
        "curl -s 'http://127.0.0.1:8080/api/x/%2B49%20151?limit=5' -d '{\n"
        '  "to": "O\'"\'"\'Neil"\n}\''
    )


def test_a_curl_line_names_a_method_only_where_curl_would_take_another() -> None:
    file: dict[str, Any] = {"responses": {}, "requestBody": {"content": {"text/csv": {}}}}
    stream: dict[str, Any] = {"responses": {"200": {"content": {"text/event-stream": {}}}}}
    assert curl("GET", "/", {"responses": {}}) == "curl -s http://127.0.0.1:8080/"
    assert curl("DELETE", "/x", {"responses": {}}).startswith("curl -s -X DELETE http")
    assert curl("POST", "/x", file).endswith("/x --data-binary @list.csv")
    assert curl("GET", "/x", stream).startswith("curl -s -N http")
