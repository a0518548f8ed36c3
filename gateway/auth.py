"""Who may: keys in constant time, sessions for browsers, and loopback alone when there is no key.

Without keys a page of any web site could reach a gateway on loopback through its reader's browser:
by a name that resolves to 127.0.0.1 (the Host header gives it away), or by a form that posts
across sites (Origin does).
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from hashlib import sha256
from hmac import compare_digest
from hmac import digest as hmac_digest
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from gateway import errors
from gateway.answers import refused
from gateway.errors import Refusal
from gateway.holders import Holder
from gateway.keyring import KeyRing
from schemas.environment import ApiKey
from schemas.scopes import Scope

LOCAL_OWNER: Final = "local"  # of all jobs where no keys are set
COOKIE: Final = "loopcast_session"
SESSION_SECONDS: Final = 12 * 3600
WEBHOOK_PATHS: Final = ("/webhooks/whatsapp", "/webhooks/meta")  # signed; Meta brings no key
DOCS_PATHS: Final = ("/api/docs", "/api/openapi.json")  # the same everywhere, without any data
OPEN_PATHS: Final = frozenset(("/", "/healthz", "/readyz", *DOCS_PATHS, *WEBHOOK_PATHS))
PAGE_FILES: Final = "/page/"  # begins their paths: the same everywhere, too
SESSION_PATH: Final = "/api/session"  # asks for the key itself
METRICS_PATH: Final = "/metrics"
METRICS_OWNER: Final = "metrics"  # whoever has METRICS_KEY: it opens nothing else

_SAFE_METHODS: Final = frozenset(("GET", "HEAD", "OPTIONS"))
_HOLDER: Final = web.RequestKey("holder", Holder)
_STRANGER: Final = Holder(name="", scopes=frozenset())  # of a route that is open to everybody
_LOCAL: Final = Holder(name=LOCAL_OWNER)
_METRICS: Final = Holder(name=METRICS_OWNER, scopes=frozenset((Scope.READ,)))

# What each route needs, by its method and pattern; None: it is open, or has no such scope.
Needs = Mapping[tuple[str, str], Scope | None]

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

    @property
    def names(self) -> list[str]:
        """Whose keys they are, each once."""
        return list(dict.fromkeys(name for name, _ in self._digests))

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


def _of_environment(name: str | None) -> Holder | None:
    """The holder of a key of API_KEYS: it may everything."""
    return Holder(name=name, account=f"environment:{name}") if name else None


class Gate:
    """The middleware that lets a request in, and says whose it is."""

    def __init__(
        self, keys: Keys, ring: KeyRing, needs: Needs, host: str,
        clock: Callable[[], float] = time.time, *, metrics_key: str = "",
    ) -> None:  # fmt: skip
        self._keys, self._ring, self._needs = keys, ring, needs
        self._clock, self._metrics_key = clock, metrics_key
        self._own_hosts = {"localhost", "127.0.0.1", "::1", host.strip("[]").lower()}

    @property
    def asks_for_keys(self) -> bool:
        """Without API_KEYS everybody on this machine may, and nobody else."""
        return bool(self._keys)

    @web.middleware
    async def admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer 401 or 403, or pass on a request that has a holder.

        Raises LedgerUnavailable for a stored key while PostgreSQL does not answer.
        """
        decision = self._decide(request)
        if decision is None:
            decision = await self.holder_of(request) or errors.authentication_required()
        if isinstance(decision, Holder) and not decision.may(need := self._need_of(request)):
            decision = errors.scope_missing(str(need), sorted(decision.scopes))
        if isinstance(decision, Refusal):
            return refused(decision)
        request[_HOLDER] = decision
        return await handler(request)

    async def holder_of(self, request: web.Request) -> Holder | None:
        """Who holds the key or the session that came along."""
        if request.path == METRICS_PATH and self._has_metrics_key(request):
            return _METRICS
        if key := sent_key(request):
            return _of_environment(self._keys.name_of(key)) or await self._ring.holder_of_key(key)
        if cookie := request.cookies.get(COOKIE):
            named = self._keys.name_of_session(cookie, self._clock())
            return _of_environment(named) or await self._ring.holder_of_session(cookie)
        return None

    def _decide(self, request: web.Request) -> Holder | Refusal | None:
        """What can be said without a key; None: it depends on that."""
        if request.path in OPEN_PATHS or request.path.startswith(PAGE_FILES):
            return _STRANGER
        if not self._keys and _name(request.headers.get("Host", "")) not in self._own_hosts:
            return errors.access_denied(
                "Without API_KEYS only http://127.0.0.1 and http://localhost are served."
            )
        # A page of another site cannot set the header of a key, so a key need not be asked.
        is_unsafe = request.method not in _SAFE_METHODS and not (self._keys and sent_key(request))
        if is_unsafe and _is_cross_site(request):
            return errors.access_denied("This request comes from a page of another site.")
        if not self._keys:
            return _LOCAL
        return _STRANGER if request.path == SESSION_PATH else None

    def _need_of(self, request: web.Request) -> Scope | None:
        """What the route needs; nothing where there is no such route."""
        resource = request.match_info.route.resource
        method = "GET" if request.method == "HEAD" else request.method
        return self._needs.get((method, resource.canonical)) if resource else None

    def _has_metrics_key(self, request: web.Request) -> bool:
        given = (sent_key(request) or "").encode(errors="surrogatepass")
        return bool(self._metrics_key) and compare_digest(given, self._metrics_key.encode())


GATE: Final = web.AppKey("gate", Gate)


def sent_key(request: web.Request) -> str | None:
    """The key of `Authorization: Bearer` or `X-API-Key`."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return request.headers.get("X-API-Key") or None


def holder_of(request: web.Request) -> Holder:
    """Whose request this is, and what they may."""
    return request[_HOLDER]


def owner_of(request: web.Request) -> str:
    """Whose request this is: the key's name."""
    return request[_HOLDER].name


def asker_of(request: web.Request) -> str:
    """As `owner_of`, for any request; "" for a stranger's."""
    holder = request.get(_HOLDER)
    return holder.name if holder else ""


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
