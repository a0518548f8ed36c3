"""The people behind the numbers: who wrote lately, and who stopped marketing messages.

Times are nanoseconds of the limits' clock, and may lie ahead: what a person will do then.
"""

from collections import OrderedDict
from typing import Final, TypeVar

from sandbox.limits import DAY_NS

K = TypeVar("K")
V = TypeVar("V")

_REMEMBERED: Final = 200_000  # of each kind; then the oldest is forgotten


class People:
    """What people did."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Nobody did anything."""
        self._wrote: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._prefers: OrderedDict[str, list[tuple[int, bool]]] = OrderedDict()

    def write(self, sender: str, person: str, at_ns: int) -> None:
        """The person writes to a sending number, which opens a window of 24 h."""
        _remember(self._wrote, (sender, person), at_ns)

    def has_window(self, sender: str, person: str, now_ns: int) -> bool:
        """Whether the person wrote to the number in the last 24 h."""
        at_ns = self._wrote.get((sender, person))
        return at_ns is not None and at_ns <= now_ns < at_ns + DAY_NS

    def prefer(self, person: str, *, stopped: bool, at_ns: int) -> None:
        """The person stops marketing messages of the business, or takes that back."""
        choices = self._prefers.get(person, [])[-9:]
        _remember(self._prefers, person, sorted([*choices, (at_ns, stopped)]))

    def has_stopped(self, person: str, now_ns: int) -> bool:
        """Whether the last choice of the person until now was to stop."""
        choices = self._prefers.get(person)
        if not choices:
            return False
        made = [stopped for at_ns, stopped in choices if at_ns <= now_ns]
        return bool(made) and made[-1]


def _remember(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > _REMEMBERED:
        kept.popitem(last=False)
