"""The HTTP contract's part on sending numbers."""

from datetime import datetime

import msgspec


class NumberSent(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """What `PUT /api/numbers/{phoneNumberId}` takes. Without a token the one that is kept stays."""

    name: str | None = None
    provider: str | None = None  # meta (also when left out), 360dialog
    waba_id: str | None = None
    token: str | None = None
    app_secret: str | None = None
    messages_per_second: int | None = None
    loop_pause_ms: int | None = None
    messaging_limit: int | None = None
    enabled: bool = True
    check: bool = True  # whether Meta is asked if it takes the token


class TokenSent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `PUT /api/numbers/{phoneNumberId}/token` takes."""

    token: str | None = None
    check: bool = True


class NumberLimit(
    msgspec.Struct, frozen=True, kw_only=True,
    rename={"people": "people24h", "reached": "reached24h", "limited_until": "limitedUntil"},
):  # fmt: skip
    """The messaging limit as the ledger knows it; all numbers together count against it."""

    people: int | None  # in 24 hours; None: no limit, or none that is known
    reached: int
    limited_until: datetime | None  # while it holds this number back


class NumberQueue(msgspec.Struct, frozen=True, kw_only=True):
    """What waits to be sent: jobs that have not ended, and their messages."""

    jobs: int
    messages: int


class SendingNumber(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A sending number without its secrets. What is null of its pace is as the service."""

    phone_number_id: str
    source: str  # stored, environment
    name: str | None = None
    provider: str
    waba_id: str | None
    token_hint: str | None = None  # its last four characters
    token_set_by: str | None = None
    token_set_at: datetime | None = None
    has_app_secret: bool
    messages_per_second: int | None = None
    loop_pause_ms: int | None = None
    messaging_limit: int | None = None
    enabled: bool = True
    unfinished_jobs: int
    made_by: str | None = None
    made_at: datetime | None = None
    changed_by: str | None = None
    changed_at: datetime | None = None
    limit: NumberLimit
    pace_now: float | None  # messages a second; None: no limit
    slowed_until: datetime | None
    held_until: datetime | None
    held_by: str | None
    is_paused: bool  # by a brake, its own or that of everything
    queue: NumberQueue
    quality: str | None = None  # GREEN, YELLOW, RED, UNKNOWN; None: not asked, or not told
    display_phone_number: str | None = None
    verified_name: str | None = None
    note: str | None = None  # why Meta said nothing


class SendingNumberKept(SendingNumber, frozen=True, kw_only=True, rename="camel"):
    """The answer to a change: `checked` says whether Meta has taken the token, `note` why not."""

    checked: bool


class NumberList(msgspec.Struct, frozen=True):
    numbers: list[SendingNumber]


class NumberDropped(msgspec.Struct, frozen=True, rename="camel"):
    """The answer to a number that is dropped."""

    phone_number_id: str
    dropped: bool = True
