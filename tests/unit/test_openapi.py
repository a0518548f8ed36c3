"""The description of the API is whole, true to the code, and OpenAPI 3.1."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway import auth, described, docs, errors, routes
from gateway.described import (
    access,
    control,
    files,
    jobs,
    lists,
    service,
    submissions,
    templates,
    truth,
    webhooks,
)
from gateway.description import Answer, Described, Route
from gateway.openapi import Undescribed, description_of, document
from gateway.openapi_refusals import refusals_of
from gateway.refusal_samples import body_of, sample

ROUTES = [docs.route_of(row) for row in routes.ROUTES]
DOCUMENT = document(ROUTES)
SHAPES = DOCUMENT["components"]["schemas"]
CATALOGUE: set[Any] = {
    made for name, made in vars(errors).items()
    if callable(made) and name[0].islower() and made.__module__.startswith(errors.__name__)
}  # fmt: skip


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def schemas_with_examples() -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Every example of the document, and the schema that it is one of."""
    for where, operation in operations():
        answers = list(operation["responses"].values())
        for named in (answer.get("$ref", "") for answer in list(answers)):
            answers += (
                [DOCUMENT["components"]["responses"][named.rsplit("/", 1)[1]]] if named else []
            )
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for content in (c for one in (*bodies, *answers) for c in one.get("content", {}).values()):
            for example in content.get("examples", {}).values():
                yield where, content["schema"], example["value"]
            if "example" in content:
                yield where, content["schema"], content["example"]
        for parameter in operation["parameters"]:
            if "example" in parameter:
                yield where, parameter["schema"], parameter["example"]


def test_the_document_is_openapi_3_1() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_every_route_is_described_and_nothing_else() -> None:
    document(ROUTES)  # raises with what to write
    assert set(described.ROUTES) - {route.name for route in ROUTES} == set(), "no such handler"
    assert len(list(operations())) == len(ROUTES)


def test_a_route_without_a_description_says_what_to_write() -> None:
    with pytest.raises(Undescribed, match=r'"jobs\.gone": Described\(tag="…"'):
        document([*ROUTES, Route("GET", "/api/gone", "jobs.gone", "nothing")])


def test_a_path_with_a_part_that_nothing_describes_says_what_to_write() -> None:
    with pytest.raises(Undescribed, match=r"\{loop\} of GET /api/x/\{loop\} is not described: add"):
        document([*ROUTES, Route("GET", "/api/x/{loop}", "jobs.read", "nothing")])


def test_every_field_has_a_meaning() -> None:
    bare = [
        f'    "{name}": Field("…"),  # of {struct}'
        for struct, shape in SHAPES.items()
        for name, field in shape.get("properties", {}).items()
        if "description" not in field and name != "type"
    ]
    assert not bare, "add to FIELDS of a file in gateway/described/:\n" + "\n".join(bare)


def test_no_field_has_a_meaning_and_is_none() -> None:
    names = {
        known
        for struct, shape in SHAPES.items()
        for name in shape.get("properties", {})
        for known in (name, f"{struct}.{name}")
    }
    assert set(described.FIELDS) - names == set(), "take them out of FIELDS"


def test_no_route_and_no_field_is_described_in_two_files() -> None:
    parts = (
        submissions, templates, files, jobs, control, truth, lists, access, webhooks, service,
    )  # fmt: skip
    assert sum(len(part.FIELDS) for part in parts) == len(described.FIELDS)
    assert sum(len(part.ROUTES) for part in parts) == len(described.ROUTES)


def test_every_tag_is_one_of_the_page() -> None:
    assert {about.tag for about in described.ROUTES.values()} == set(described.TAGS)


def test_every_refusal_is_of_the_catalogue_and_can_be_shown() -> None:
    for name, about in described.ROUTES.items():
        for make in refusals_of(about):
            assert make in CATALOGUE, f"{name} names a refusal that is not in gateway/errors/"
            assert body_of(sample(make))["error"]


def test_every_refusal_of_the_catalogue_is_some_routes() -> None:
    not_answers_of_routes = {
        errors.route_not_found, errors.method_not_allowed,  # there is no route
        errors.broken_off,  # another refusal, with more to say
    }  # fmt: skip
    named = {made for about in described.ROUTES.values() for made in refusals_of(about)}
    forgotten = CATALOGUE - named - not_answers_of_routes
    assert [f"errors.{make.__name__}" for make in forgotten] == []


def test_what_is_open_is_open_at_the_gate() -> None:
    for route in ROUTES:
        is_open = route.path in (*auth.OPEN_PATHS, auth.SESSION_PATH) or (
            route.path.startswith(auth.PAGE_FILES)
        )
        assert description_of(route).is_open == is_open, route.path


def test_every_parameter_of_a_path_is_described() -> None:
    for where, operation in operations():
        given = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
        assert given == set(re.findall(r"{(\w+)}", where)), where


def test_every_example_is_one() -> None:
    shown = list(schemas_with_examples())
    assert len(shown) > 50
    for where, schema, example in shown:
        whole = {"components": DOCUMENT["components"], **schema}
        faults = [error.message for error in Draft202012Validator(whole).iter_errors(example)]
        assert faults == [], where


def test_two_addresses_of_one_route_say_so() -> None:
    old = DOCUMENT["paths"]["/api/bulk/job/{job_id}"]["get"]
    assert (old["operationId"], old["x-same-as"]) == ("jobs.read.2", "jobs.read")
    assert len({operation["operationId"] for _, operation in operations()}) == len(ROUTES)


def test_what_a_form_requires_may_neither_lack_nor_be_null() -> None:
    form = SHAPES["QuickSend"]
    assert form["required"] == ["phone_number_id", "template_name", "recipients_text"]
    assert form["properties"]["phone_number_id"]["type"] == "string"
    assert {"type": "null"} in form["properties"]["language"]["anyOf"]


def test_times_are_times() -> None:
    assert SHAPES["JobView"]["properties"]["createdAt"]["format"] == "date-time"
    assert SHAPES["JobView"]["properties"]["startedAt"]["anyOf"][0]["format"] == "date-time"
    assert SHAPES["Suppression"]["properties"]["at"]["format"] == "date-time"


def test_an_answer_that_is_described_as_no_refusal_is_none() -> None:
    about = Described(tag="Jobs", answers={503: Answer("hangs", dict[str, str])}, is_open=True)
    given = [Route("GET", "/x", "x.y", "x")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(described, "ROUTES", {"x.y": about})
        made = document(given)["paths"]["/x"]["get"]["responses"]
    assert "content" in made["503"]
    assert "$ref" not in made["503"]


def test_the_page_has_every_route_and_fetches_nothing() -> None:
    page = docs.Pages(routes.ROUTES).page.decode()
    for route in ROUTES:
        assert f'id="{route.name}"' in page
    assert re.findall(r"<(?:script|link|img|iframe|object)|src=|@import|url\(", page) == []
    assert all(
        href.startswith("#") or href == "openapi.json"
        for href in re.findall(r'href="([^"]*)"', page)
    )


def test_the_pages_style_is_the_one_that_its_policy_allows() -> None:
    page = docs.Pages(routes.ROUTES).page.decode()
    style = page.split("<style>")[1].split("</style>")[0]
    assert style == (Path(docs.__file__).parent / "docs.css").read_text()


def test_the_document_is_small_enough_to_be_read_at_once() -> None:
    assert len(json.dumps(DOCUMENT)) < 2**20
