"""Templates looked up where messages go: one question in, one answer out."""

import asyncio
from typing import Final, Self

import aiohttp

from gateway.forms import Template
from gateway.listings import MOST_REASON, Answer, Found, Page, Unavailable, first_page, read_page
from schemas.settings import Gateway

LOOKUP_SECONDS: Final = 5.0  # for all pages: a submission waits for it
MOST_PAGES: Final = 20
MOST_PAGE_BYTES: Final = 8 * 2**20


class Lookup:
    """Asks for templates. Use it with `async with`."""

    def __init__(self, settings: Gateway) -> None:
        self._provider = settings.provider
        self._url = self._provider.templates_url(settings.waba_id)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            headers=self._provider.headers(),
            connector=aiohttp.TCPConnector(limit=8),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._session is not None
        await self._session.close()

    async def ask(self, name: str) -> Answer:
        """All templates of this name. Everything that can happen comes back as an answer."""
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                return await self._all(name)
        except TimeoutError:
            return Unavailable(f"no answer within {LOOKUP_SECONDS:.0f} seconds")
        except (aiohttp.ClientError, OSError) as error:
            return Unavailable(f"no connection: {str(error) or repr(error)}"[:MOST_REASON])

    async def _all(self, name: str) -> Answer:
        found: list[Template] = []
        wanted = first_page(self._provider, name)
        for _ in range(MOST_PAGES):
            status, body = await self._get(wanted)
            page = read_page(self._provider, name, wanted, status, body)
            if not isinstance(page, Page):
                return page
            found += page.templates
            if page.next is None:
                return Found(tuple(found))
            wanted = page.next
        return Unavailable(f"the list of templates has more than {MOST_PAGES} pages")

    async def _get(self, wanted: dict[str, str]) -> tuple[int, bytes]:
        assert self._session is not None
        async with self._session.get(self._url, params=wanted, allow_redirects=False) as response:
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > MOST_PAGE_BYTES:
                    raise aiohttp.ClientPayloadError("the answer is too large")
            return response.status, bytes(body)
