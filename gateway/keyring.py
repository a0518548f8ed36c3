"""Who holds a key or a session that PostgreSQL keeps, asked again every few seconds.

So a key that is revoked opens nothing after ASK_AGAIN_SECONDS, whichever gateway was told.
"""

import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from gateway.holders import Holder
from gateway.key_store import ApiKeys, digest_of

KEY_MARK: Final = "lc_"  # so that whoever finds one knows what it is, and scanners of secrets do
SESSION_MARK: Final = "ls_"
TOKEN_BYTES: Final = 32
LONGEST_TOKEN: Final = 64
ASK_AGAIN_SECONDS: Final = 2.0
MOST_REMEMBERED: Final = 1000  # of those that somebody holds; and as many that nobody does

T = TypeVar("T")
_Ask = Callable[[bytes], Awaitable[Holder | None]]
_Memory = OrderedDict[bytes, tuple[float, T]]  # until when what was said holds


def new_key() -> str:
    """A key that nobody can guess: 256 bits."""
    return KEY_MARK + secrets.token_urlsafe(TOKEN_BYTES)


class KeyRing:
    """Raises LedgerUnavailable for what it does not remember while PostgreSQL does not answer."""

    def __init__(self, kept: ApiKeys, clock: Callable[[], float] = time.monotonic) -> None:
        self._kept, self._clock = kept, clock
        # Apart, so that whoever tries keys pushes out none that is good.
        self._held: _Memory[Holder] = OrderedDict()
        self._unknown: _Memory[None] = OrderedDict()

    async def holder_of_key(self, key: str) -> Holder | None:
        """Who holds the key; what cannot be one is not looked for."""
        if not key.startswith(KEY_MARK) or len(key) > LONGEST_TOKEN:
            return None
        return await self._holder(digest_of(key), self._kept.holder_of_key)

    async def holder_of_session(self, cookie: str) -> Holder | None:
        """The same of a session's cookie."""
        if not cookie.startswith(SESSION_MARK) or len(cookie) > LONGEST_TOKEN:
            return None
        return await self._holder(digest_of(cookie), self._kept.holder_of_session)

    async def begin_session(self, holder: Holder, seconds: int) -> str:
        """The cookie of a new session of a key that is kept."""
        assert holder.key_id is not None
        cookie = SESSION_MARK + secrets.token_urlsafe(TOKEN_BYTES)
        await self._kept.begin_session(holder.key_id, digest_of(cookie), seconds)
        return cookie

    async def end_session(self, cookie: str) -> None:
        """It opens nothing any more; here at once."""
        if cookie.startswith(SESSION_MARK):
            digest = digest_of(cookie)
            await self._kept.end_session(digest)
            self._held.pop(digest, None)

    def forget(self) -> None:
        """Ask for everything anew."""
        self._held.clear()
        self._unknown.clear()

    async def _holder(self, digest: bytes, ask: _Ask) -> Holder | None:
        now = self._clock()
        until, holder = self._held.get(digest, (0.0, None))
        if now < max(until, self._unknown.get(digest, (0.0, None))[0]):
            return holder
        self._held.pop(digest, None)
        holder = await ask(digest)
        if holder is None:
            _remember(self._unknown, digest, (now + ASK_AGAIN_SECONDS, None))
        else:
            _remember(self._held, digest, (now + ASK_AGAIN_SECONDS, holder))
        return holder


def _remember(memory: "_Memory[T]", digest: bytes, said: tuple[float, T]) -> None:
    memory[digest] = said
    memory.move_to_end(digest)
    while len(memory) > MOST_REMEMBERED:
        memory.popitem(last=False)
