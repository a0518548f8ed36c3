"""Who may: keys in constant time, sessions for browsers, and loopback alone when there is no key.

Without keys a page of any web site could reach a gateway on loopback through its reader's browser:
by a name that resolves to 127.0.0.1 (the Host header gives it away), or by a form that posts
across sites (Origin does).
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from hmac import compare_digest
from hmac import digest as hmac_digest
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from gateway import errors
from gateway.answers import refused
from gateway.errors import Refusal
from schemas.environment import ApiKey

LOCAL_OWNER: Final = "local"  # of all jobs where no keys are set
COOKIE: Final = "loopcast_session"
SESSION_SECONDS: Final = 12 * 3600
WEBHOOK_PATHS: Final = ("/webhooks/whatsapp", "/webhooks/meta")  # signed; Meta brings no key
DOCS_PATHS: Final = ("/api/docs", "/api/openapi.json")  # the same everywhere, without any data
OPEN_PATHS: Final = frozenset(("/", "/healthz", "/readyz", *DOCS_PATHS, *WEBHOOK_PATHS))
SESSION_PATH: Final = "/api/session"  # asks for the key itself
METRICS_PATH: Final = "/metrics"
METRICS_OWNER: Final = "metrics"  # whoever has METRICS_KEY: it opens nothing else

_SAFE_METHODS: Final = frozenset(("GET", "HEAD", "OPTIONS"))
_OWNER: Final = web.RequestKey("owner", str)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Keys:
    """The keys that were set, by their digests, and the sessions that they vouch for."""

    def __init__(self, keys: Sequence[ApiKey]) -> None:
        self._digests = [(key.name, sha256(key.key.encode()).digest()) for key in keys]
        self._secrets = [
            (key.name, hmac_digest(key.key.encode(), b"loopcast session", "sha256")) for key in keys
        ]

    def __bool__(self) -> bool:
        return bool(self._digests)

    def name_of(self, key: str) -> str | None:
        """Whose key this is. All keys are compared, each in constant time."""
        given = sha256(key.encode(errors="surrogatepass")).digest()
        found = None
        for name, digest in self._digests:
            if compare_digest(given, digest):
                found = name
        return found

    def session(self, key: str, now: float) -> str | None:
        """A cookie's value for the holder of a key: name, expiry, and a seal made with the key.

        Nothing is stored: a key that is removed ends its sessions.
        """
        if (name := self.name_of(key)) is None:
            return None
        secret = hmac_digest(key.encode(), b"loopcast session", "sha256")
        told = f"{name.encode().hex()}.{int(now) + SESSION_SECONDS}"
        return f"{told}.{_seal(secret, told)}"

    def name_of_session(self, cookie: str, now: float) -> str | None:
        """Whose session this is, unless it is over or no key of today has sealed it."""
        told, _, seal = cookie.rpartition(".")
        name_hex, _, expiry = told.partition(".")
        if not (cookie.isascii() and expiry.isdecimal() and len(expiry) < 12):
            return None
        found = None
        for name, secret in self._secrets:
            if compare_digest(_seal(secret, told), seal) and name.encode().hex() == name_hex:
                found = name
        return found if int(expiry) > now else None


def _seal(secret: bytes, told: str) -> str:
    return hmac_digest(secret, told.encode(), "sha256").hex()


class Gate:
    """The middleware that lets a request in, and says whose it is."""

    def __init__(
        self, keys: Keys, host: str, clock: Callable[[], float] = time.time,
        *, metrics_key: str = "",
    ) -> None:  # fmt: skip
        self._keys, self._clock, self._metrics_key = keys, clock, metrics_key
        self._own_hosts = {"localhost", "127.0.0.1", "::1", host.strip("[]").lower()}

    @web.middleware
    async def admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer 401 or 403, or pass on a request that has an owner."""
        decision = self._decide(request)
        if isinstance(decision, Refusal):
            return refused(decision)
        request[_OWNER] = decision
        return await handler(request)

    def _decide(self, request: web.Request) -> str | Refusal:
        """The owner's name, or why not."""
        if request.path in OPEN_PATHS:
            return ""
        if not self._keys and _name(request.headers.get("Host", "")) not in self._own_hosts:
            return errors.access_denied(
                "Without API_KEYS only http://127.0.0.1 and http://localhost are served."
            )
        # A page of another site cannot set the header of a key, so a key need not be asked.
        is_unsafe = request.method not in _SAFE_METHODS and not (self._keys and sent_key(request))
        if is_unsafe and _is_cross_site(request):
            return errors.access_denied("This request comes from a page of another site.")
        if not self._keys:
            return LOCAL_OWNER
        if request.path == SESSION_PATH:
            return ""
        return self._key_holder(request) or errors.authentication_required()

    def _key_holder(self, request: web.Request) -> str | None:
        if request.path == METRICS_PATH and self._has_metrics_key(request):
            return METRICS_OWNER
        if key := sent_key(request):
            return self._keys.name_of(key)
        if cookie := request.cookies.get(COOKIE):
            return self._keys.name_of_session(cookie, self._clock())
        return None

    def _has_metrics_key(self, request: web.Request) -> bool:
        given = (sent_key(request) or "").encode(errors="surrogatepass")
        return bool(self._metrics_key) and compare_digest(given, self._metrics_key.encode())


def sent_key(request: web.Request) -> str | None:
    """The key of `Authorization: Bearer` or `X-API-Key`."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return request.headers.get("X-API-Key") or None


def owner_of(request: web.Request) -> str:
    """Whose request this is: the key's name."""
    return request[_OWNER]


def asker_of(request: web.Request) -> str:
    """As `owner_of`, for any request; "" for a stranger's."""
    return str(request.get(_OWNER, ""))


def _is_cross_site(request: web.Request) -> bool:
    """Whether a page of another site sent this. A port that the scheme implies may be left out."""
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    try:
        parts = urlsplit(origin.lower())
    except ValueError:
        return True
    implied = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    host = request.headers.get("Host", "").lower().removesuffix(implied)
    return parts.netloc.removesuffix(implied) != host


def _name(host: str) -> str:
    """The name of a Host header, without its port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""
