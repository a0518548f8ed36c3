"""The client of the HTTP API: what was answered, refused, or never arrived, as a value."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import IO, Any, Final
from urllib.parse import quote

import aiohttp
import msgspec

from cli.answers import Answered, No, Refused, Unreachable, refusal
from cli.place import Place
from schemas.version import VERSION

# Pausing waits 2 s for a daemon, preflight 5 s for Meta; a minute is a gateway that hangs.
_ASKED: Final = aiohttp.ClientTimeout(total=60, sock_connect=5)
# For what is welcome, and waited for by nobody.
GLANCE: Final = aiohttp.ClientTimeout(total=5)
# Files of 50 MiB over a slow line: what counts is that bytes move.
MOVING: Final = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=120)
# The stream pings every 15 s: silence of 40 s is a broken connection.
STREAM: Final = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=40)


def of_job(job_id: str, rest: str = "") -> str:
    """A path about a job; whatever was typed as its id is one part of it."""
    return f"/api/bulk/job/{quote(job_id, safe='')}{rest}"


class Api:
    """One gateway; `http` brings the key."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self.url = http, url

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | IO[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: aiohttp.ClientTimeout = _ASKED,  # noqa: ASYNC109 - aiohttp's own
    ) -> Answered | No:
        """One request, its answer read to the end."""
        try:
            async with self._http.request(
                method, self.url + path, params=query, data=body, headers=headers,
                timeout=timeout, allow_redirects=False,
            ) as answer:  # fmt: skip
                text = await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Unreachable(self.url, why(error))
        if 200 <= answer.status < 300:
            return Answered(answer.status, text)
        return refusal(answer.status, text, answer.headers)

    async def send(self, method: str, path: str, fields: object, **more: Any) -> Answered | No:
        """The same with a JSON body."""
        headers = {"Content-Type": "application/json"} | more.pop("headers", {})
        return await self.ask(
            method, path, body=msgspec.json.encode(fields), headers=headers, **more
        )

    @asynccontextmanager
    async def opened(
        self,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: aiohttp.ClientTimeout = MOVING,  # noqa: ASYNC109 - aiohttp's own
    ) -> AsyncIterator[aiohttp.ClientResponse | Refused]:
        """An answer to be read as it comes. Raises aiohttp.ClientError, TimeoutError, OSError."""
        async with self._http.get(
            self.url + path, params=query, headers=headers, timeout=timeout, allow_redirects=False
        ) as answer:
            if 200 <= answer.status < 300:
                yield answer
            else:
                yield refusal(answer.status, await answer.read(), answer.headers)


@asynccontextmanager
async def connected(place: Place) -> AsyncIterator[Api]:
    """A client for as long as the block lasts."""
    headers = {"User-Agent": f"loopcast/{VERSION}"}
    if place.key:
        headers["Authorization"] = f"Bearer {place.key}"
    async with aiohttp.ClientSession(headers=headers) as http:
        yield Api(http, place.url)


def why(error: Exception) -> str:
    """An exception of the wire, in words."""
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, aiohttp.ClientConnectorError) and error.errno and error.errno > 0:
        return os.strerror(error.errno)
    return str(error) or type(error).__name__
