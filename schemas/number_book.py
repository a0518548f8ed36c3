"""The sending numbers, each with what it sends with: those that are kept, and the environment's.

A number that is not kept belongs to the environment's account. Pure.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from schemas.environment import Secret
from schemas.provider import Provider

ENVIRONMENT: Final = ""  # the account of the environment, as `account_of` of the schema has it


class NumberEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A number that is kept. What is None of the pace is as the service."""

    phone_number_id: str
    provider: Provider
    waba_id: str | None
    app_secret: Secret | None
    messages_per_second: int | None
    loop_pause_ms: int | None
    messaging_limit: int | None  # people a day; 0: none
    is_enabled: bool

    @property
    def account(self) -> str:
        return self.waba_id or self.phone_number_id


class NumberBook:
    """All of them at one moment."""

    def __init__(
        self, own: Provider, own_waba_id: str | None, own_secrets: Iterable[Secret],
        entries: Iterable[NumberEntry] = (),
    ) -> None:  # fmt: skip
        self._own, self._own_waba_id = own, own_waba_id
        self._own_secrets = tuple(own_secrets)
        self._entries: Mapping[str, NumberEntry] = {e.phone_number_id: e for e in entries}
        self._wabas = {entry.waba_id for entry in self._entries.values() if entry.waba_id}

    @property
    def entries(self) -> list[NumberEntry]:
        """Those that are kept."""
        return list(self._entries.values())

    def entry(self, phone_number_id: str) -> NumberEntry | None:
        """A number that is kept; None: it is the environment's."""
        return self._entries.get(phone_number_id)

    def provider(self, phone_number_id: str) -> Provider:
        """Who takes its messages, with its token."""
        entry = self._entries.get(phone_number_id)
        return entry.provider if entry else self._own

    def waba_id(self, phone_number_id: str) -> str | None:
        """The business account that its templates belong to."""
        entry = self._entries.get(phone_number_id)
        return entry.waba_id if entry else self._own_waba_id

    def sender_of(self, account: str) -> tuple[Provider, str | None] | None:
        """With what an account is asked, and its business account; None: it is not kept."""
        if account == ENVIRONMENT:
            return self._own, self._own_waba_id
        for entry in self._entries.values():
            if entry.account == account:
                return entry.provider, entry.waba_id
        return None

    def account(self, phone_number_id: str) -> str:
        """Whose a number is."""
        entry = self._entries.get(phone_number_id)
        return entry.account if entry else ENVIRONMENT

    def looks_templates_up(self, phone_number_id: str) -> bool:
        """Whether its templates can be asked for: Meta wants to know which account's."""
        provider = self.provider(phone_number_id)
        return bool(provider.token) and (
            self.waba_id(phone_number_id) is not None or not provider.is_meta
        )

    def per_second(self, phone_number_id: str, service: int) -> int:
        """The most that it sends in any second, never more than the service lets; 0: no limit."""
        entry = self._entries.get(phone_number_id)
        own = entry.messages_per_second if entry else None
        return min((rate for rate in (own, service) if rate), default=0)

    def pause_ms(self, phone_number_id: str, service: int) -> int:
        """Between two loops of it, never less than the service's."""
        entry = self._entries.get(phone_number_id)
        return max(service, (entry and entry.loop_pause_ms) or 0)

    def messaging_limit(self, phone_number_id: str, service: int | None) -> int | None:
        """How many people a day, where somebody says so; 0: no limit."""
        entry = self._entries.get(phone_number_id)
        return entry.messaging_limit if entry and entry.messaging_limit is not None else service

    @property
    def app_secrets(self) -> tuple[Secret, ...]:
        """Any of them may have signed a webhook."""
        kept = (entry.app_secret for entry in self._entries.values() if entry.app_secret)
        return tuple(dict.fromkeys((*self._own_secrets, *kept)))

    def accounts_of_number(self, phone_number_id: str) -> list[str] | None:
        """What concerns its account; None: there is but one, and it is everything."""
        if not self._entries:
            return None
        return [self.account(phone_number_id)]

    def accounts_of_waba(self, waba_id: str) -> list[str] | None:
        """What concerns a business account that Meta names; empty: it is none of ours."""
        is_own = self._own_waba_id in (None, waba_id) or not waba_id
        if not self._entries:
            return None if is_own else []
        kept = [waba_id] if waba_id in self._wabas else []
        is_own = is_own and not (kept and self._own_waba_id is None)
        return kept + ([ENVIRONMENT] if is_own else [])
