"""The messaging limit of a number: how many people its portfolio may write to in a moving day.

business-messaging/whatsapp, messaging-limits: people count and not messages, and all numbers of a
portfolio share the limit.
"""

import re
import time
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from plumbing.logs import Log

KEPT_SECONDS: Final = 600.0  # Meta raises a limit within 6 hours
ASK_AGAIN_SECONDS: Final = 60.0  # when there was no answer
MOST_NUMBERS: Final = 10_000
_TIER: Final = re.compile(r"TIER_(\d+)(K?)")
_UNLIMITED: Final = "TIER_UNLIMITED"

Ask = Callable[[str], Awaitable[bytes | None]]


class _Number(msgspec.Struct):
    whatsapp_business_manager_messaging_limit: str | None = None
    messaging_limit_tier: str | None = None  # the old name, still given to some accounts


_DECODER: Final = msgspec.json.Decoder(_Number)


def people_of(answer: bytes) -> int | None:
    """The limit in Meta's answer on a number; None: unlimited, or not told."""
    found = _TIER.fullmatch(_tier_of(answer))
    return int(found[1]) * (1000 if found[2] else 1) if found else None


def is_told(answer: bytes) -> bool:
    """Whether Meta's answer says how many, or that there is no limit."""
    tier = _tier_of(answer)
    return tier == _UNLIMITED or _TIER.fullmatch(tier) is not None


def _tier_of(answer: bytes) -> str:
    try:
        number = _DECODER.decode(answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return number.whatsapp_business_manager_messaging_limit or number.messaging_limit_tier or ""


class MessagingLimits:
    """Asks Meta once in a while; `fixed` is what was set for a number instead; 0: no limit."""

    def __init__(
        self, ask: Ask, log: Log, *, fixed: Callable[[str], int | None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._ask, self._log, self._fixed, self._clock = ask, log, fixed, clock
        self._known: dict[str, tuple[int | None, float]] = {}  # and until when

    def forget(self) -> None:
        """Meta has told of a change: ask anew. Until there is an answer the old limit holds."""
        self._known = {number: (limit, float("-inf")) for number, (limit, _) in self._known.items()}

    async def people(self, phone_number_id: str) -> int | None:
        """How many people a day; None: no limit, or none that is known."""
        if (fixed := self._fixed(phone_number_id)) is not None:
            return fixed or None
        limit, until = self._known.get(phone_number_id, (None, float("-inf")))
        if self._clock() < until:
            return limit
        answer = await self._ask(phone_number_id)
        kept_seconds = ASK_AGAIN_SECONDS if answer is None else KEPT_SECONDS
        was, is_first = limit, phone_number_id not in self._known
        if answer is not None and is_told(answer):
            limit = people_of(answer)
            if limit != was:
                self._log.info("messaging limit", phone_number_id=phone_number_id, people=limit)
        elif is_first:
            self._log.warning(
                "the messaging limit is not known, so none is kept; MESSAGING_LIMIT can set it",
                phone_number_id=phone_number_id,
            )  # fmt: skip
        if len(self._known) >= MOST_NUMBERS:
            self._known.clear()
        self._known[phone_number_id] = (limit, self._clock() + kept_seconds)
        return limit
