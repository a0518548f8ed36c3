"""Keeps the book of sending numbers: read anew every two seconds, so that a token can be changed
while jobs run.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec

from plumbing.logs import Log
from plumbing.postgres import Pool, load_queries
from plumbing.sealing import CannotOpen, Sealer, use_of_app_secret, use_of_token
from schemas.environment import Secret
from schemas.number_book import NumberBook, NumberEntry
from schemas.provider import BASE_URLS, Provider
from schemas.settings import Common

QUERIES: Final = load_queries(Path(__file__).with_name("numbers.sql"))
READ_SECONDS: Final = 2.0
LONGEST_SECONDS: Final = 10.0  # of one reading: a server that says nothing counts as away
AWAY: Final = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class BookKeeper:
    """`book` is always there: what was read last, and before that the environment alone."""

    def __init__(self, settings: Common, log: Log) -> None:
        self._settings, self._log = settings, log
        self._sealer = Sealer(settings.secret_keys)
        self._sealed_for_ever: set[str] = set()  # those of which it was said that they do not open
        self.book = self._made([])

    async def read(self, pool: Pool) -> None:
        """Read it now. Raises what PostgreSQL raises."""
        async with asyncio.timeout(LONGEST_SECONDS):
            rows = [dict(row) async for row in QUERIES.numbers_kept(pool)]
        self.book = self._made(rows)

    async def run(self, pool: Pool) -> None:
        """Read it anew until canceled; while PostgreSQL is away the last one holds."""
        while True:
            await asyncio.sleep(READ_SECONDS)
            try:
                await self.read(pool)
            except AWAY as error:
                self._log.debug("the sending numbers are not read", error=repr(error))

    def _made(self, rows: list[dict[str, Any]]) -> NumberBook:
        ours = self._settings
        entries = [entry_of(row, ours, self._token(row), self._app_secret(row)) for row in rows]
        return NumberBook(ours.provider, ours.waba_id, ours.app_secrets, entries)

    def _token(self, row: Mapping[str, Any]) -> Secret:
        """Without a token Meta refuses each message, and the job stops with a reason."""
        use = use_of_token(row["phone_number_id"])
        return self._opened(row["token"], use, row["phone_number_id"]) or Secret("")

    def _app_secret(self, row: Mapping[str, Any]) -> Secret | None:
        if row["app_secret"] is None:
            return None
        use = use_of_app_secret(row["phone_number_id"])
        return self._opened(row["app_secret"], use, row["phone_number_id"])

    def _opened(self, sealed: bytes, use: str, phone_number_id: str) -> Secret | None:
        try:
            secret = self._sealer.open(sealed, use)
        except CannotOpen:
            if use not in self._sealed_for_ever:
                self._sealed_for_ever.add(use)
                self._log.error(
                    "what is kept of a number does not open with SECRET_KEY",
                    phone_number_id=phone_number_id,
                )
            return None
        self._sealed_for_ever.discard(use)
        return secret


def entry_of(
    row: Mapping[str, Any], settings: Common, token: Secret, app_secret: Secret | None
) -> NumberEntry:
    """A row of `numbers`, with its secrets opened."""
    return NumberEntry(
        **{name: row[name] for name in _AS_THEY_ARE},
        provider=provider_of(row["provider"], settings, token),
        app_secret=app_secret,
    )


def provider_of(name: str, settings: Common, token: Secret) -> Provider:
    """Who takes a number's messages: at GRAPH_API_BASE_URL where that is of the same provider."""
    is_own = name == settings.provider_name
    if is_own:
        return msgspec.structs.replace(settings.provider, token=token)
    return Provider(
        name=name, base_url=BASE_URLS[name], version=settings.graph_api_version, token=token
    )


_AS_THEY_ARE: Final = (
    "phone_number_id", "waba_id", "messages_per_second", "loop_pause_ms", "messaging_limit",
    "is_enabled",
)  # fmt: skip
