"""The signs of life of this process's parts, as they come in."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from schemas.vitals import DEADLINE_SECONDS, LEAN_ON_POSTGRES, Hung, Part, Sign, hung


class Pulse:
    """Of one part. Its clock runs while it has work."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.at: float | None = None  # of the last sign of life; None: it rests

    def owe(self) -> None:
        """Work has come: from now on the part must get on, if it rested."""
        if self.at is None:
            self.at = self._clock()

    def beat(self) -> None:
        """It got on, or tries again what cannot be done now."""
        self.at = self._clock()

    def rest(self) -> None:
        """Nothing is left to do."""
        self.at = None


class Vitals:
    """All parts of one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pulses: dict[Pulse, tuple[Part, str, float]] = {}

    def part(self, part: Part, of: str = "") -> Pulse:
        """A part that lives as long as the process, and rests so far; `of` says which of many."""
        return self._add(part, of, 0.0)

    @contextmanager
    def watching(self, part: Part, of: str = "", *, answer_seconds: float = 0.0) -> Iterator[Pulse]:
        """A part that lives as long as the block and has work all the time.

        `answer_seconds`: how long it may wait for Meta, on top of its deadline.
        """
        pulse = self._add(part, of, answer_seconds)
        pulse.beat()
        try:
            yield pulse
        finally:
            del self._pulses[pulse]

    def postgres_is_away(self) -> None:
        """A sign of it: those who may have to queue for it are given their time anew."""
        self._begin_anew(LEAN_ON_POSTGRES)

    def process_stood_still(self) -> None:
        """The whole process did, stopped by somebody: no part is to blame."""
        self._begin_anew(frozenset(Part))

    def hung(self) -> list[Hung]:
        """The parts that hang now."""
        signs = [
            Sign(name, pulse.at, seconds)
            for pulse, (_, name, seconds) in self._pulses.items()
            if pulse.at is not None
        ]
        return hung(signs, self._clock())

    def _begin_anew(self, parts: frozenset[Part]) -> None:
        for pulse, (part, _, _) in self._pulses.items():
            if part in parts and pulse.at is not None:
                pulse.beat()

    def _add(self, part: Part, of: str, answer_seconds: float) -> Pulse:
        pulse = Pulse(self._clock)
        name = f"{part} {of}" if of else str(part)
        self._pulses[pulse] = (part, name, DEADLINE_SECONDS[part] + answer_seconds)
        return pulse


def health(parts: list[Hung]) -> tuple[int, dict[str, object]]:
    """What /healthz answers: a status, and a body that names what hangs and for how long."""
    if not parts:
        return 200, {"status": "ok"}
    return 503, {"status": "hung", "hung": {part.name: round(part.seconds, 1) for part in parts}}
