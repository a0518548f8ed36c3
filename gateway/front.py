"""`GET /`: the page for browsers, the list of routes for programs; and the files of the page.

Both are open: they are the same for every installation, and carry no data.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from aiohttp import web

from gateway import errors, service
from gateway.answers import answer, refused
from gateway.assets import Asset, Assets
from gateway.docs import Row
from schemas.service_api import Front, FrontRoute
from schemas.version import VERSION

PAGE_PATH: Final = "/page/{digest}/{name}"

# Nothing inline, nothing foreign, nobody's frame; and no text becomes markup (Trusted Types).
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
_SAFE: Final = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_SHELL: Final = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache", **_SAFE}
_FILE: Final = {"Cache-Control": "public, max-age=31536000, immutable", **_SAFE}


class Entrance:
    """What stands at `/`."""

    def __init__(self, rows: Iterable[Row], assets: Assets) -> None:
        self.routes = [FrontRoute(row.method, row.path, row.does) for row in rows]
        self.assets = assets


ENTRANCE: Final = web.AppKey("entrance", Entrance)


async def first(request: web.Request) -> web.Response:
    """The page where `Accept` names HTML, as browsers' do; else JSON."""
    entrance = request.app[ENTRANCE]
    if "text/html" in request.headers.get("Accept", ""):
        return _given(request, entrance.assets.shell, _SHELL, vary="Accept, Accept-Encoding")
    return answer(Front(service.NAME, VERSION, entrance.routes), headers={"Vary": "Accept"})


async def file(request: web.Request) -> web.Response:
    """`GET /page/{digest}/{name}`: a file of this release's page, and of no other."""
    assets, asked = request.app[ENTRANCE].assets, request.match_info
    found = assets.files.get(asked["name"]) if asked["digest"] == assets.digest else None
    if found is None:
        return refused(errors.route_not_found(request.method, request.path))
    return _given(request, found, _FILE, vary="Accept-Encoding")


def _given(
    request: web.Request, asset: Asset, headers: Mapping[str, str], *, vary: str
) -> web.Response:
    told = {**headers, "ETag": asset.etag, "Vary": vary}
    if asset.etag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=told)
    told["Content-Type"] = asset.media
    if asset.zipped and "gzip" in request.headers.get("Accept-Encoding", ""):
        return web.Response(body=asset.zipped, headers={**told, "Content-Encoding": "gzip"})
    return web.Response(body=asset.body, headers=told)
