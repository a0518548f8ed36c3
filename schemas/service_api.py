"""What HTTP clients read of the service itself: its first page, sessions, health, webhooks."""

import msgspec


class FrontRoute(msgspec.Struct, frozen=True):
    """A route, and what it does in a few words."""

    method: str
    path: str
    does: str


class Front(msgspec.Struct, frozen=True):
    """What this is and what it serves."""

    name: str
    version: str
    routes: list[FrontRoute]


class ServiceHolder(msgspec.Struct, frozen=True, rename="camel"):
    """Whoever asks, and what they may; `asks_for_keys`: whether everybody needs a key."""

    name: str
    scopes: list[str]
    asks_for_keys: bool


class Service(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What this is, who asks, and how the service is set: as far as it is no secret."""

    name: str
    version: str
    holder: ServiceHolder
    bulk_from: int  # more recipients than this are a bulk send
    hard_cap: int
    messages_per_second: int | None  # None: no limit
    loop_size: int
    loop_pause_ms: int
    max_retries: int
    phone_number_id: str | None  # of submissions that name none
    default_region: str | None
    templates_known: bool  # whether templates can be asked for, of some number at least
    tracks_receipts: bool
    sandbox_url: str | None


class SessionOwner(msgspec.Struct, frozen=True):
    """Whose session the cookie is now; null when it was forgotten."""

    owner: str | None


class WebhookAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether a webhook is on the disk of JetStream; if not, why it is of no use."""

    stored: bool
    reason: str | None = None


class Health(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether the process lives; `hung` has the parts that hang, and for how many seconds."""

    status: str
    hung: dict[str, float] = {}


class Readiness(msgspec.Struct, frozen=True):
    """Whether the gateway can work; `ok`, or what is wrong, of each thing that it needs."""

    status: str
    postgres: str
    jetstream: str
