"""Who may change something here: any program, and of pages only the sandbox's own.

A page of another site could reach a sandbox on this machine through its reader's browser: by a
form that posts across sites, which Origin gives away, or by a name of its own that resolves to
127.0.0.1, which Host does. Browsers send Origin with all that changes something; programs do not.
"""

from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.asked import forbidden

_SAFE_METHODS: Final = frozenset(("GET", "HEAD", "OPTIONS"))
_IMPLIED_PORTS: Final = {"http": 80, "https": 443}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
OWN_NAME: Final = web.AppKey("own_name", str)  # SANDBOX_HOST


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 403 to a page of another site that would change something."""
    origin = request.headers.get("Origin")
    if request.method not in _SAFE_METHODS and origin is not None:
        host, own = request.headers.get("Host", ""), request.app.get(OWN_NAME, "")
        if why := refusal(origin, host, own):
            return forbidden(why)
    return await handler(request)


def refusal(origin: str, host: str, own_name: str) -> str | None:
    """Why a page of that origin may not change anything here, in words; None: it may."""
    if _place(origin) is None or _place(origin) != _place(f"{_scheme(origin)}://{host}"):
        return "This request comes from a page of another site."
    if not _is_own(_name(origin), own_name):
        return (
            "A page can change the sandbox under its address, as localhost, or under the name in"
            " SANDBOX_HOST."
        )
    return None


def _is_own(name: str, own_name: str) -> bool:
    """No other site can have these names: addresses, this machine, names without a dot."""
    try:
        return bool(ip_address(name))
    except ValueError:
        return "." not in name or name.endswith(".localhost") or name == own_name.lower()


def _place(url: str) -> tuple[str, int] | None:
    """The name and the port of an address; None when it has none."""
    try:
        parts = urlsplit(url.lower())
        port = parts.port or _IMPLIED_PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.hostname, port) if parts.hostname and port else None


def _scheme(origin: str) -> str:
    return origin.partition("://")[0]


def _name(origin: str) -> str:
    place = _place(origin)
    return place[0] if place else ""
