"""One route on the page of `/api/docs`: what it takes, answers, refuses; a curl line. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.curl import curl
from gateway.docs_schemas import fields, frames, is_struct, type_of
from gateway.markup import Markup, element, joined, paragraphs, prose

Object = Mapping[str, Any]

REFUSED: Final = ("`error`", "`message`, for instance")


def route_article(
    document: Object, route: tuple[str, str, Object], common: Mapping[tuple[str, str], str],
    also: Sequence[str],
) -> Markup:  # fmt: skip
    method, path, operation = route
    shapes = document["components"]["schemas"]
    return element(
        "article",
        element("h3", badge(method), " ", element("code", *_breakable(path)),
                *([element("span", "open", class_="open")] if "security" in operation else [])),
        element("div", element("p", element("strong", prose(_sentence(operation["summary"])))),
                paragraphs(operation.get("description", "")), _also(also),
                _parameters(operation, shapes), _body(operation, shapes),
                _fields_of_answers(operation, shapes),
                _refusals(document, operation, common)),
        element("aside", _code("curl", curl(method, path, operation)),
                *_examples(operation)),
        id=operation["operationId"],
    )  # fmt: skip


def badge(method: str) -> Markup:
    return element("b", method, class_=f"method {method.lower()}")


def _breakable(path: str) -> Iterator[str]:
    """A path that may be broken before each of its parts."""
    first, *rest = path.split("/")
    yield first
    for part in rest:
        yield from (element("wbr"), f"/{part}")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _also(paths: Sequence[str]) -> Markup:
    if not paths:
        return Markup()
    return element("p", "Also at ", *(part for path in paths
                                      for part in (element("code", path), " ")))  # fmt: skip


def _parameters(operation: Object, shapes: Object) -> Markup:
    rows = [
        (_named(one["name"], f"{one['in']}: {type_of(one['schema'], shapes)}"),
         _meaning(one["description"], is_required=one["required"]))
        for one in operation["parameters"]
    ]  # fmt: skip
    return table("Parameters", (), rows)


def _body(operation: Object, shapes: Object) -> Markup:
    if "requestBody" not in operation:
        return Markup()
    media, content = next(iter(operation["requestBody"]["content"].items()))
    rows = [
        (_named(name, type_of(schema, shapes)),
         _meaning(schema.get("description", ""), is_required=required))
        for name, schema, required in fields(content["schema"], shapes)
    ]  # fmt: skip
    head = element("h4", "Body ", element("small", media))
    return joined(head, table("", (), rows))


def _named(name: str, type_: str) -> Markup:
    """A field's name, its type below."""
    return joined(element("code", name), " ", element("small", type_))


def _meaning(text: str, *, is_required: bool) -> Markup:
    return joined(*([element("em", "required"), " "] if is_required else []), prose(text))


def _fields_of_answers(operation: Object, shapes: Object) -> Markup:
    parts = []
    for status, answer in operation["responses"].items():
        if "$ref" in answer:
            continue
        head = element("h4", f"{status} ", element("small", ", ".join(answer.get("content", ()))))
        parts += [head, element("p", prose(_sentence(answer["description"])))]
        for media, content in list(answer.get("content", {}).items())[:1]:
            parts += _shape(media, content, shapes)
    return joined(*parts)


def _shape(media: str, content: Object, shapes: Object) -> Iterator[Markup]:
    if "text/event-stream" in media:
        rows = [(element("code", name), prose(about)) for name, about in frames(content, shapes)]
        yield table("", (), rows)
    elif is_struct(content["schema"]):
        rows = [
            (_named(name, type_of(schema, shapes)), prose(schema.get("description", "")))
            for name, schema, _ in fields(content["schema"], shapes)
        ]
        yield table("", (), rows)


def _examples(operation: Object) -> Iterator[Markup]:
    for status, answer in operation["responses"].items():
        for content in list(answer.get("content", {}).values())[:1]:
            if "example" not in content:
                yield _code(status, 'id: …\ndata: {"type": "connection", …}\n\n: ping\n')
            else:
                yield _code(status, _shown(content["example"]))


def _shown(example: Any) -> str:
    if isinstance(example, str):
        return example
    return json.dumps(example, indent=2, ensure_ascii=False)


def _refusals(document: Object, operation: Object, common: Mapping[tuple[str, str], str]) -> Markup:
    own = [
        (status, title, message)
        for status, title, message in told(document, operation)
        if (status, title) not in common
    ]
    rest = element("p", "And ", element("a", "what any route may answer", href="#everywhere"), ".",
                   class_="rest")  # fmt: skip
    return joined(table("Refusals", REFUSED, rows_of(own)),
                  rest)  # fmt: skip


def told(document: Object, operation: Object) -> Iterator[tuple[str, str, str]]:
    """Status, title and message of each refusal that a route knows."""
    for status, answer in operation["responses"].items():
        if "$ref" in answer:
            named = document["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
            for title, example in named["content"]["application/json"]["examples"].items():
                yield status, title, example["value"]["message"]


def rows_of(refused: Sequence[tuple[str, str, str]]) -> list[tuple[str, ...]]:
    return [(_named(title, status), prose(message)) for status, title, message in refused]


def _code(title: str, text: str) -> Markup:
    return element("figure", element("figcaption", title), element("pre", element("code", text)))


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    if not rows:
        return Markup()
    heads = [element("tr", *(element("th", prose(name)) for name in columns))] if columns else []
    body = (element("tr", *(element("td", cell) for cell in row)) for row in rows)
    made = element("table", *heads, *body)
    heading = element("h4", title) if title else Markup()
    return joined(heading, made)
