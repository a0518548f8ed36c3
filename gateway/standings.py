"""How Meta rates sending numbers, and what it calls them: asked in seconds, kept for a minute."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

import msgspec

from schemas.provider import Provider

KEPT_SECONDS: Final = 60.0
NOTHING_KEPT_SECONDS: Final = 10.0  # that there was no answer
MOST_ASKED: Final = 50  # in one go, all within the deadline of one question
MOST_KEPT: Final = 10_000
QUALITIES: Final = ("GREEN", "YELLOW", "RED")
LATER: Final = f"Meta is asked about {MOST_ASKED} numbers at a time: ask again."

Ask = Callable[[str, Provider], Awaitable[tuple[int, bytes] | None]]


class Standing(msgspec.Struct, frozen=True):
    """What Meta says of a number; `note` says why it does not."""

    quality: str | None = None
    display_phone_number: str | None = None
    verified_name: str | None = None
    note: str | None = None


class _Number(msgspec.Struct):
    quality_rating: str | None = None
    display_phone_number: str | None = None
    verified_name: str | None = None


class Standings:
    """Remembers what was said. One round of questions at a time; who waits finds them answered."""

    def __init__(self, ask: Ask, clock: Callable[[], float] = time.monotonic) -> None:
        self._ask, self._clock = ask, clock
        self._kept: dict[tuple[str, Provider], tuple[Standing, float]] = {}  # and until when
        self._round = asyncio.Lock()

    async def of(self, numbers: Iterable[tuple[str, Provider]]) -> Mapping[str, Standing]:
        """By number. Takes no longer than one question and the round before it."""
        wanted = list(numbers)
        async with self._round:
            asked = self._due(wanted)[:MOST_ASKED]
            answers = await asyncio.gather(*(self._asked(*one) for one in asked))
            if len(self._kept) + len(asked) > MOST_KEPT:
                self._kept = {one: self._kept[one] for one in wanted if one in self._kept}
            for one, standing in zip(asked, answers, strict=True):
                seconds = NOTHING_KEPT_SECONDS if standing.note else KEPT_SECONDS
                self._kept[one] = standing, self._clock() + seconds
            return {one[0]: self._kept.get(one, _NEVER)[0] for one in wanted}

    def _due(self, wanted: Iterable[tuple[str, Provider]]) -> list[tuple[str, Provider]]:
        """Whom to ask about, first of whom nothing is known, then whose word is the oldest."""
        now = self._clock()
        until = {one: self._kept.get(one, _NEVER)[1] for one in wanted}
        return sorted((one for one, end in until.items() if end <= now), key=until.__getitem__)

    async def _asked(self, number: str, provider: Provider) -> Standing:
        if not provider.is_meta:
            return Standing(note="360dialog does not say how its numbers are rated.")
        if not provider.token:
            return Standing(note="There is no access token to ask Meta with.")
        return standing_of(await self._ask(number, provider))


_NEVER: Final = (Standing(note=LATER), float("-inf"))


def standing_of(answer: tuple[int, bytes] | None) -> Standing:
    """What an answer says; None: there was none."""
    if answer is None:
        return Standing(note="Meta did not answer in time.")
    status, body = answer
    if status != 200:
        return Standing(note=f"Meta answered with HTTP {status}: is the token right?")
    try:
        number = msgspec.json.decode(body, type=_Number)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Standing(note="What Meta answered cannot be read.")
    rating = (number.quality_rating or "").upper()
    quality = rating if rating in QUALITIES else "UNKNOWN"
    return Standing(quality, number.display_phone_number, number.verified_name)
