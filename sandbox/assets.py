"""The page's files: held in memory, served with their types, and not sent twice."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
from aiohttp import web

from sandbox.asked import not_found

_FOLDER: Final = Path(__file__).parent / "page"
_SHELL: Final = "index.html"
_TYPES: Final = {
    ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml",
}  # fmt: skip
# Nothing foreign, nothing inline, in nobody's frame; text becomes elements by code alone.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",  # kept, and asked about each time: the tag says whether it changed
    "Vary": "Accept",  # `/` is JSON for programs
}


class Asset(msgspec.Struct, frozen=True):
    """A file of the page."""

    body: bytes
    kind: str
    tag: str


Assets = Mapping[str, Asset]
ASSETS: Final = web.AppKey("assets", Assets)


def load(folder: Path = _FOLDER) -> Assets:
    """Every file of the page, by its name."""
    files = (path for path in folder.iterdir() if path.suffix in _TYPES)
    return {path.name: _asset(path) for path in files}


async def asset(request: web.Request) -> web.Response:
    """A file of the page."""
    name = request.match_info["name"]
    found = request.app[ASSETS].get(name)
    if found is None:
        return not_found(ValueError(f"the page has no file {name[:80]}"))
    return _answer(request, found)


def shell(request: web.Request) -> web.Response | None:
    """The page, for who wants to look at it; None for programs."""
    if "text/html" not in request.headers.get("Accept", "").lower():
        return None
    return _answer(request, request.app[ASSETS][_SHELL])


def _asset(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(body, _TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:32])


def _answer(request: web.Request, found: Asset) -> web.Response:
    known = request.if_none_match or ()
    headers = {**_HEADERS, "ETag": f'"{found.tag}"'}
    if any(tag.value in (found.tag, "*") for tag in known):
        return web.Response(status=304, headers=headers)
    return web.Response(body=found.body, headers=headers, content_type=found.kind, charset="utf-8")
