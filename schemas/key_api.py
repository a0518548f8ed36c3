"""The HTTP contract's part on keys."""

from datetime import datetime
from uuid import UUID

import msgspec


class NewKey(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What `POST /api/keys` takes; all may be absent here, so that one answer names what is.

    A misspelled expiry would make a key for ever, so nothing else is taken.
    """

    name: str | None = None
    scopes: list[str] | None = None
    expires_at: str | None = None
    submissions_per_minute: int | None = None


class KeyView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A key without the key. `id` and what follows `hint` is null for one of the environment."""

    id: UUID | None
    name: str
    source: str  # stored, environment
    hint: str | None  # its last four characters
    scopes: list[str]
    is_live: bool
    submissions_per_minute: int | None = None
    made_by: str | None = None
    made_at: datetime | None = None
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_by: str | None = None
    revoked_at: datetime | None = None


class KeyMade(KeyView, frozen=True, kw_only=True, rename="camel"):
    """The only answer that has the key itself."""

    key: str


class KeyList(msgspec.Struct, frozen=True):
    keys: list[KeyView]
