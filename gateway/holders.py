"""Holders: whose request it is, and what they may. Pure."""

from uuid import UUID

import msgspec

from schemas.scopes import EVERY_SCOPE, Scope


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever brought a key, or a session that a key has begun.

    Jobs belong to the name. `account` is what submissions are counted by; "" is never counted.
    """

    name: str
    scopes: frozenset[Scope] = EVERY_SCOPE
    account: str = ""
    key_id: UUID | None = None  # None: a key of the environment, or none at all
    submissions_per_minute: int | None = None  # None: as the service

    def may(self, scope: Scope | None) -> bool:
        """Whether this holder may what needs the scope; None: it needs none."""
        return scope is None or scope in self.scopes or Scope.ADMIN in self.scopes
