"""A file of the API, to disk or stdout: whole, or not at all."""

import os
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import BinaryIO

import aiohttp

from cli.answers import Refused, Unreachable
from cli.client import Api, why
from cli.exits import Exit
from cli.screen import Screen


async def fetch(
    api: Api, screen: Screen, path: str, query: Mapping[str, str], output: str | None
) -> Exit:
    """Bring it to `output`, or to stdout without one."""
    if output is None:
        return await _into(api, screen, path, query, screen.out.buffer)
    place = Path(output)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    except OSError as error:
        return screen.wrong(f"{output} cannot be written: {error.strerror}")
    try:
        with os.fdopen(handle, "wb") as file:
            code = await _into(api, screen, path, query, file)
        if code is Exit.DONE:
            Path(name).chmod(0o644)
            Path(name).replace(place)
            screen.say(f"{output}: {place.stat().st_size} bytes")
    except OSError as error:
        return screen.wrong(f"{output} cannot be written: {error.strerror}")
    finally:
        Path(name).unlink(missing_ok=True)
    return code


async def _into(
    api: Api, screen: Screen, path: str, query: Mapping[str, str], file: BinaryIO
) -> Exit:
    """Raises OSError of the file alone."""
    async for piece in _pieces(api, path, query):
        match piece:
            case Refused() | Unreachable():
                return screen.no(piece)
            case bytes():
                file.write(piece)
    file.flush()
    return Exit.DONE


async def _pieces(
    api: Api, path: str, query: Mapping[str, str]
) -> AsyncIterator[bytes | Refused | Unreachable]:
    """The file as it comes; a no, or a connection that breaks off, is the last piece."""
    try:
        async with api.opened(path, query=query) as answer:
            if isinstance(answer, Refused):
                yield answer
                return
            async for piece in answer.content.iter_any():
                yield piece
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        yield Unreachable(api.url, why(error))
