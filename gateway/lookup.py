"""Templates looked up where messages go: one question in, one answer out."""

import asyncio
from datetime import UTC, datetime
from typing import Final, Self

import aiohttp

from gateway.forms import Template
from gateway.listings import MOST_REASON, Answer, Found, Page, Unavailable, first_page, read_page
from plumbing.book_keeper import BookKeeper
from schemas.number_book import ENVIRONMENT
from schemas.provider import Provider

NUMBER_FIELDS: Final = "display_phone_number,verified_name,quality_rating"
LOOKUP_SECONDS: Final = 5.0  # for all pages: a submission waits for it
LIST_SECONDS: Final = 15.0  # for all pages of an account: a person waits for them
MOST_PAGES: Final = 20
MOST_PAGE_BYTES: Final = 8 * 2**20


class Lookup:
    """Asks for templates. Use it with `async with`."""

    def __init__(self, keeper: BookKeeper) -> None:
        self._keeper = keeper
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=8),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._session is not None
        await self._session.close()

    async def ask(self, name: str | None, account: str = ENVIRONMENT) -> Answer:
        """All templates of this name, or of the account. Whatever happens is an answer."""
        sender = self._keeper.book.sender_of(account)
        if sender is None:
            return Unavailable("no number of this account is kept any more")
        seconds = LIST_SECONDS if name is None else LOOKUP_SECONDS
        try:
            async with asyncio.timeout(seconds):
                return await self._all(name, *sender)
        except TimeoutError:
            return Unavailable(f"no answer within {seconds:.0f} seconds")
        except (aiohttp.ClientError, OSError) as error:
            return Unavailable(f"no connection: {str(error) or repr(error)}"[:MOST_REASON])

    async def number(self, phone_number_id: str, provider: Provider) -> tuple[int, bytes] | None:
        """What Meta says of a number, and with which status; None: it cannot be asked."""
        if (url := provider.number_url(phone_number_id)) is None:
            return None
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                return await self._get(url, {"fields": NUMBER_FIELDS}, provider)
        except (TimeoutError, aiohttp.ClientError, OSError):
            return None

    async def _all(self, name: str | None, provider: Provider, waba_id: str | None) -> Answer:
        found: list[Template] = []
        unread, as_of = 0, datetime.now(UTC)
        wanted = first_page(provider, name)
        for _ in range(MOST_PAGES):
            status, body = await self._get(provider.templates_url(waba_id), wanted, provider)
            page = read_page(provider, name, wanted, status, body)
            if not isinstance(page, Page):
                return page
            found += page.templates
            unread += page.unread
            if page.next is None:
                return Found(tuple(found), unread, as_of)
            wanted = page.next
        return Unavailable(f"the list of templates has more than {MOST_PAGES} pages")

    async def _get(self, url: str, wanted: dict[str, str], provider: Provider) -> tuple[int, bytes]:
        assert self._session is not None
        async with self._session.get(
            url, params=wanted, headers=provider.headers(), allow_redirects=False
        ) as response:
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > MOST_PAGE_BYTES:
                    raise aiohttp.ClientPayloadError("the answer is too large")
            return response.status, bytes(body)
