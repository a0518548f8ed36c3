"""Templates, remembered for a while: whoever asks at the same time shares one question."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from gateway.listings import Answer, Found, Unavailable
from plumbing.tasks import end

CACHE_SECONDS: Final = 600.0
LIST_SECONDS: Final = 30.0  # a list is looked at by a person, who has just made another one
FRESH_SECONDS: Final = (
    10.0  # a no is not given on anything older: the template may be mended by now
)
REST_SECONDS: Final = 30.0  # after a question that came to nothing: each of them holds one up
MOST_NAMES: Final = 1000


class _Kept(NamedTuple):
    found: Found
    asked_at: float


class Templates:
    """Answers about templates by name, or about all (None). Close it: questions may be under way.

    Where the list of all cannot be had, single names are asked for all the same.
    """

    def __init__(
        self,
        ask: Callable[[str | None], Awaitable[Answer]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask, self._clock = ask, clock
        self._kept: dict[str | None, _Kept] = {}  # the oldest first
        self._under_way: dict[str | None, asyncio.Task[Answer]] = {}
        self._tasks: set[asyncio.Task[Answer]] = set()  # with those that were forgotten meanwhile
        self._trouble: tuple[Unavailable, float] | None = None
        self._trouble_with_all: tuple[Unavailable, float] | None = None

    async def named(self, name: str, at_most_seconds: float = CACHE_SECONDS) -> Answer:
        """All templates of a name, as known for no longer than this."""
        return await self._answer(name, at_most_seconds)

    async def all(self, at_most_seconds: float = LIST_SECONDS) -> Answer:
        """All templates of the account, as known for no longer than this."""
        return await self._answer(None, at_most_seconds)

    async def _answer(self, name: str | None, at_most_seconds: float) -> Answer:
        kept = self._kept.get(name)
        if kept and self._clock() - kept.asked_at < at_most_seconds:
            return kept.found
        for trouble in (self._trouble, self._trouble_with_all if name is None else None):
            if trouble and self._clock() < trouble[1]:
                return trouble[0]
        task = self._under_way.get(name) or self._begin(name)
        return await asyncio.shield(task)  # one that goes away takes nothing from the others

    def forget(self, name: str) -> None:
        """Its state has changed at Meta: what is known of it, or being asked, counts no more."""
        for known in (name, None):
            self._kept.pop(known, None)
            self._under_way.pop(known, None)

    async def close(self) -> None:
        """End the questions under way."""
        for task in list(self._tasks):
            await end(task)

    def _begin(self, name: str | None) -> asyncio.Task[Answer]:
        task = self._under_way[name] = asyncio.create_task(self._look_up(name))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _look_up(self, name: str | None) -> Answer:
        asked_at, task = self._clock(), asyncio.current_task()
        try:
            answer = await self._ask(name)
        finally:
            is_current = self._under_way.get(name) is task
            if is_current:
                del self._under_way[name]
        if isinstance(answer, Unavailable):
            self._note(name, (answer, self._clock() + REST_SECONDS))
        elif isinstance(answer, Found) and is_current:
            self._keep(name, _Kept(answer, asked_at))
        return answer

    def _note(self, name: str | None, trouble: tuple[Unavailable, float]) -> None:
        if name is None:
            self._trouble_with_all = trouble
        else:
            self._trouble = trouble

    def _keep(self, name: str | None, kept: _Kept) -> None:
        self._kept.pop(name, None)
        self._kept[name] = kept
        while len(self._kept) > MOST_NAMES:
            del self._kept[next(iter(self._kept))]


class TemplatesOf:
    """Templates by account, each with what is remembered of it. Close it, too."""

    def __init__(self, ask: Callable[[str | None, str], Awaitable[Answer]]) -> None:
        self._ask = ask
        self._by_account: dict[str, Templates] = {}  # as many as there are sending numbers

    def account(self, account: str) -> Templates:
        """Those of one account."""
        if account not in self._by_account:
            self._by_account[account] = Templates(lambda name: self._ask(name, account))
        return self._by_account[account]

    def forget(self, name: str) -> None:
        """Whosever it was that has changed."""
        for templates in self._by_account.values():
            templates.forget(name)

    async def close(self) -> None:
        """End the questions under way."""
        for templates in self._by_account.values():
            await templates.close()
