"""The page of `/api/docs`, rendered from the OpenAPI document: no script, nothing fetched. Pure."""

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from gateway.curl import curl
from gateway.docs_schemas import fields, frames, is_struct, type_of
from gateway.markup import Markup, element, joined, paragraphs, prose

Object = Mapping[str, Any]

STYLE: Final = Path(__file__).with_name("docs.css").read_text()
_STYLE_HASH: Final = b64encode(sha256(STYLE.encode()).digest()).decode()
HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
REFUSED: Final = ("`error`", "`message`, for instance")
COMMON_SHARE: Final = 0.4  # of the routes: a refusal of more of them is told once for all


def page(document: Object) -> str:
    """The whole page."""
    routes = list(_routes(document))
    common = _common(document, routes)
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}
    parts = (_part(document, name, about, routes, common) for name, about in tags.items())
    body = element(
        "body",
        _navigation(tags, routes),
        element("main", _head(document), *parts, _everywhere(common)),
    )
    return f'<!doctype html>\n<html lang="en">{_meta(document)}{body}</html>\n'


def _routes(document: Object) -> Iterator[tuple[str, str, Object]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _meta(document: Object) -> Markup:
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{document['info']['title']} API"),
        element("style", Markup(STYLE)),
    )


def _navigation(tags: Mapping[str, str], routes: Sequence[tuple[str, str, Object]]) -> Markup:
    lists = []
    for tag in tags:
        links = (
            element("li", element("a", _badge(method), element("span", operation["summary"]),
                                  href=f"#{operation['operationId']}"))
            for method, _, operation in routes
            if tag in operation["tags"] and "x-same-as" not in operation
        )  # fmt: skip
        lists += [element("h2", tag), element("ul", *links)]
    lists.append(element("p", element("a", "What any route may answer", href="#everywhere")))
    menu = element("details", element("summary", "Routes"), *lists)
    return element("nav", menu, aria_label="Routes")


def _head(document: Object) -> Markup:
    info = document["info"]
    return element(
        "header",
        element("h1", f"{info['title']} API ", element("small", info["version"])),
        paragraphs(info["description"]),
        element("p", "The same for programs: ", element(
            "a", "openapi.json", href="/api/openapi.json"), " (OpenAPI 3.1)."),
    )  # fmt: skip


def _part(
    document: Object, tag: str, about: str, routes: Sequence[tuple[str, str, Object]],
    common: Mapping[tuple[str, str], str],
) -> Markup:  # fmt: skip
    names: dict[str, list[str]] = {}
    for method, path, operation in routes:
        if "x-same-as" in operation:
            names.setdefault(f"{method} {operation['x-same-as']}", []).append(path)
    articles = (
        _route(document, (method, path, operation), common,
               names.get(f"{method} {operation['operationId']}", []))
        for method, path, operation in routes
        if tag in operation["tags"] and "x-same-as" not in operation
    )  # fmt: skip
    return element("section", element("h2", tag), paragraphs(about), *articles)


def _route(
    document: Object, route: tuple[str, str, Object], common: Mapping[tuple[str, str], str],
    also: Sequence[str],
) -> Markup:  # fmt: skip
    method, path, operation = route
    shapes = document["components"]["schemas"]
    return element(
        "article",
        element("h3", _badge(method), " ", element("code", *_breakable(path)),
                *([element("span", "open", class_="open")] if "security" in operation else [])),
        element("div", element("p", element("strong", prose(_sentence(operation["summary"])))),
                paragraphs(operation.get("description", "")), _also(also),
                _parameters(operation, shapes), _body(operation, shapes),
                _fields_of_answers(operation, shapes),
                _refusals(document, operation, common)),
        element("aside", _code("curl", curl(method, path, operation)),
                *_examples(operation, shapes)),
        id=operation["operationId"],
    )  # fmt: skip


def _badge(method: str) -> Markup:
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
    return _table("Parameters", (), rows)


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
    return joined(head, _table("", (), rows))


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
        for content in list(answer.get("content", {}).values())[:1]:
            parts += _shape(content, shapes)
    return joined(*parts)


def _shape(content: Object, shapes: Object) -> Iterator[Markup]:
    if "x-frames" in content:
        rows = [(element("code", name), prose(about)) for name, about in frames(content, shapes)]
        yield _table("", (), rows)
    elif is_struct(content["schema"]):
        rows = [
            (_named(name, type_of(schema, shapes)), prose(schema.get("description", "")))
            for name, schema, _ in fields(content["schema"], shapes)
        ]
        yield _table("", (), rows)


def _examples(operation: Object, shapes: Object) -> Iterator[Markup]:
    for status, answer in operation["responses"].items():
        for content in list(answer.get("content", {}).values())[:1]:
            if "x-frames" in content:
                yield _code(f"{status}", "id: …\ndata: {\"type\": \"connection\", …}\n\n: ping\n")
            else:
                yield _code(status, _shown(content["example"]))


def _shown(example: Any) -> str:
    if isinstance(example, str):
        return example
    return json.dumps(example, indent=2, ensure_ascii=False)


def _refusals(
    document: Object, operation: Object, common: Mapping[tuple[str, str], str]
) -> Markup:
    own = [
        (status, title, message)
        for status, title, message in _told(document, operation)
        if (status, title) not in common
    ]
    rest = element("p", "And ", element("a", "what any route may answer", href="#everywhere"), ".",
                   class_="rest")  # fmt: skip
    return joined(_table("Refusals", REFUSED, _rows(own)),
                  rest)  # fmt: skip


def _told(document: Object, operation: Object) -> Iterator[tuple[str, str, str]]:
    """Status, title and message of each refusal that a route knows."""
    for status, answer in operation["responses"].items():
        if "$ref" in answer:
            named = document["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
            for title, example in named["content"]["application/json"]["examples"].items():
                yield status, title, example["value"]["message"]


def _common(
    document: Object, routes: Sequence[tuple[str, str, Object]]
) -> dict[tuple[str, str], str]:
    """What is refused nearly everywhere, with one of its messages."""
    told = [one for _, _, operation in routes for one in _told(document, operation)]
    counted = Counter((status, title) for status, title, _ in told)
    messages = {(status, title): message for status, title, message in reversed(told)}
    often = (key for key, count in counted.items() if count > COMMON_SHARE * len(routes))
    return {key: messages[key] for key in sorted(often)}


def _everywhere(common: Mapping[tuple[str, str], str]) -> Markup:
    rows = [(status, title, message) for (status, title), message in common.items()]
    return element(
        "section",
        element("h2", "What any route may answer"),
        element("p", "A refusal is ", element("code", '{"error", "message", "details"?, "path"?}'),
                "; its message says what to do."),
        _table("", REFUSED, _rows(rows)),
        id="everywhere",
    )  # fmt: skip


def _rows(told: Sequence[tuple[str, str, str]]) -> list[tuple[str, ...]]:
    return [(_named(title, status), prose(message)) for status, title, message in told]


def _code(title: str, text: str) -> Markup:
    return element("figure", element("figcaption", title), element("pre", element("code", text)))


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    if not rows:
        return Markup()
    heads = [element("tr", *(element("th", prose(name)) for name in columns))] if columns else []
    body = (element("tr", *(element("td", cell) for cell in row)) for row in rows)
    table = element("table", *heads, *body)
    heading = element("h4", title) if title else Markup()
    return joined(heading, table)
