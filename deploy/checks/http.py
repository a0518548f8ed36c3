"""One question over HTTP, bounded in time and size."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import aiohttp

SECONDS: Final = 5.0
MOST_BYTES: Final = 4 * 2**20


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class NoAnswer:
    """Why nothing did; the end of a sentence."""

    reason: str


async def get(
    url: str, *, headers: Mapping[str, str] | None = None, params: Mapping[str, str] | None = None
) -> Answer | NoAnswer:
    """Ask once; redirects are not followed, a key would go with them."""
    try:
        async with asyncio.timeout(SECONDS), aiohttp.ClientSession() as session:
            return await _ask(session, url, headers or {}, params or {})
    except TimeoutError:
        return NoAnswer(f"no answer within {SECONDS:.0f} s")
    except aiohttp.ClientConnectorError as error:  # its own words are a client's for a client
        return NoAnswer(error.os_error.strerror or str(error.os_error))
    except (aiohttp.ClientError, OSError) as error:
        return NoAnswer(str(error) or repr(error))


async def _ask(
    session: aiohttp.ClientSession, url: str, headers: Mapping[str, str], params: Mapping[str, str]
) -> Answer | NoAnswer:
    async with session.get(url, headers=headers, params=params, allow_redirects=False) as response:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > MOST_BYTES:
                return NoAnswer("the answer is too large")
        return Answer(response.status, response.headers, bytes(body))
