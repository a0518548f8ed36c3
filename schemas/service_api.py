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
