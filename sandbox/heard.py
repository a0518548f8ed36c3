"""What people said, the newest of it, for whoever looks at their phone."""

from collections import deque
from typing import Final

import msgspec

from sandbox.inbound import Message

_REMEMBERED: Final = 20_000  # of all people; about 0.3 kB each


class Heard(msgspec.Struct, frozen=True, gc=False):
    """Something that a person said to a number, or will say then."""

    person: str
    phone_number_id: str
    message: Message
    at: float  # seconds since 1970


class Hearing:
    """Remembers the newest."""

    def __init__(self) -> None:
        self._heard: deque[Heard] = deque(maxlen=_REMEMBERED)

    def forget(self) -> None:
        """Nobody said anything."""
        self._heard.clear()

    def add(self, person: str, phone_number_id: str, message: Message, at: float) -> None:
        """The person says that at that time, which may lie ahead."""
        self._heard.append(Heard(person, phone_number_id, message, at))

    def of(self, person: str, now: float) -> list[Heard]:
        """What a person has said until now, in order of time."""
        found = (each for each in self._heard if each.person == person and each.at <= now)
        return sorted(found, key=lambda heard: heard.at)
