"""The page of `/api/docs`, rendered from the OpenAPI document: no script, nothing fetched. Pure."""

from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from gateway.docs_route import REFUSED, badge, route_article, rows_of, table, told
from gateway.markup import Markup, element, paragraphs

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
            element("li", element("a", badge(method), element("span", operation["summary"]),
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
            "a", "openapi.json", href="openapi.json"), " (OpenAPI 3.1)."),
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
        route_article(document, (method, path, operation), common,
               names.get(f"{method} {operation['operationId']}", []))
        for method, path, operation in routes
        if tag in operation["tags"] and "x-same-as" not in operation
    )  # fmt: skip
    return element("section", element("h2", tag), paragraphs(about), *articles)


def _common(
    document: Object, routes: Sequence[tuple[str, str, Object]]
) -> dict[tuple[str, str], str]:
    """What is refused nearly everywhere, with one of its messages."""
    every = [one for _, _, operation in routes for one in told(document, operation)]
    counted = Counter((status, title) for status, title, _ in every)
    messages = {(status, title): message for status, title, message in reversed(every)}
    often = (key for key, count in counted.items() if count > COMMON_SHARE * len(routes))
    return {key: messages[key] for key in sorted(often)}


def _everywhere(common: Mapping[tuple[str, str], str]) -> Markup:
    rows = [(status, title, message) for (status, title), message in common.items()]
    return element(
        "section",
        element("h2", "What any route may answer"),
        element("p", "A refusal is ", element("code", '{"error", "message", "details"?, "path"?}'),
                "; its message says what to do."),
        table("", REFUSED, rows_of(rows)),
        id="everywhere",
    )  # fmt: skip
