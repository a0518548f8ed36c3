"""The timeline of a script: steps that are done once, by the count of sends or by the clock."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sandbox.script import Deeds, Step


class Cancelable(Protocol):
    """A call that was put off."""

    def cancel(self) -> None: ...


Later = Callable[[float, Callable[[], None]], Cancelable]  # seconds, and what to call then


class Timeline:
    """Does each step at its time; `later` is the event loop's call_later, or a test's."""

    def __init__(self, perform: Callable[[Deeds], None], later: Later) -> None:
        self._perform, self._later = perform, later
        self._calls: list[Cancelable] = []
        self.begin([])

    def begin(self, steps: Sequence[Step]) -> None:
        """Start anew with these steps; what was left of the ones before is not done any more."""
        for call in self._calls:
            call.cancel()
        self.steps = tuple(steps)
        self._accepted = 0
        self._done: list[int] = []
        self._problems: list[str] = []
        self._by_sends: defaultdict[int, list[int]] = defaultdict(list)
        self._calls = []
        for place, step in enumerate(self.steps):
            if step.after_seconds is not None:
                self._calls.append(self._later(step.after_seconds, self._doing(place)))
            elif step.after_sends is not None:
                self._by_sends[step.after_sends].append(place)

    def count(self) -> None:
        """One more send was accepted."""
        self._accepted += 1
        for place in self._by_sends.get(self._accepted, ()):
            self._do(place)

    def progress(self) -> dict[str, Any]:
        """How far it has come: places of the steps that were done, and why one could not be."""
        return {
            "acceptedSends": self._accepted, "done": self._done, "problems": self._problems,
        }  # fmt: skip

    def _doing(self, place: int) -> Callable[[], None]:
        return lambda: self._do(place)

    def _do(self, place: int) -> None:
        self._done.append(place)
        try:
            self._perform(self.steps[place].do)
        except ValueError as error:
            self._problems.append(f"timeline[{place}]: {error}")
