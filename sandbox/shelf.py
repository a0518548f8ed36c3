"""The templates in force: put, changed and removed while the sandbox runs, and paced."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from sandbox.ledger import Entry
from sandbox.samples import SAMPLES
from sandbox.templates import TEMPLATES, Template, Templates, template_of

_MOST_HELD: Final = 100_000  # messages of all templates; more stay held for ever
Key = tuple[str, str]


class Pacing(msgspec.Struct):
    """A template whose messages are held once `left` more were let through."""

    left: int
    held: list[Entry] = []


class Shelf:
    """Templates by name and language."""

    def __init__(self, templates: Templates = TEMPLATES) -> None:
        self._first = templates
        self.reset()

    def reset(self) -> None:
        """As at the start; what was held is forgotten."""
        self.templates: dict[Key, Template] = dict(self._first)
        self._last_number = len(SAMPLES)
        self._pacing: dict[Key, Pacing] = {}
        self._held_count = 0
        self._pauses: dict[Key, int] = {}

    def put(self, given: Mapping[str, Any]) -> tuple[Template | None, Template]:
        """Read a template from Meta's JSON and lay it on the shelf; returns the old and the new.

        The new one keeps the id of the one in its place. Raises ValueError.
        """
        made = template_of(given, self._last_number + 1)
        old = self.templates.get(made.key)
        if old:
            made = msgspec.structs.replace(made, id=old.id, quality=old.quality)
        else:
            self._last_number += 1
        self.templates[made.key] = made
        return old, made

    def remove(self, name: str, language: str | None) -> list[Template]:
        """Take a template away, in one language or in all; returns what there was."""
        keys = [key for key in self.templates if key[0] == name and language in (None, key[1])]
        for key in keys:
            self.unpace(key)
        return [self.templates.pop(key) for key in keys]

    def by_id(self, identity: str) -> Template | None:
        """The template with that id."""
        found = (each for each in self.templates.values() if each.id == identity)
        return next(found, None)

    def change(
        self, key: Key, *, status: str | None = None, quality: str | None = None
    ) -> tuple[Template, Template]:
        """Another status or quality; returns the template as it was and as it is."""
        was = self.templates[key]
        self.templates[key] = now = msgspec.structs.replace(
            was, status=status or was.status, quality=quality or was.quality
        )
        if now.status == "PAUSED" != was.status:
            self._pauses[key] = self._pauses.get(key, 0) + 1
        return was, now

    def pauses(self, key: Key) -> int:
        """How many times the template was paused."""
        return self._pauses.get(key, 0)

    def pace(self, key: Key, after: int) -> None:
        """Let `after` more messages through, and hold those that follow."""
        held = self._pacing[key].held if key in self._pacing else []
        self._pacing[key] = Pacing(after, held)

    def holds(self, entry: Entry) -> bool:
        """Whether the accepted message is held; then it is kept here."""
        if not self._pacing or entry.template is None:
            return False
        pacing = self._pacing.get(entry.template.key)
        if pacing is None:
            return False
        if pacing.left:
            pacing.left -= 1
            return False
        if self._held_count < _MOST_HELD:
            self._held_count += 1
            pacing.held.append(entry)
        return True

    def unpace(self, key: Key) -> list[Entry]:
        """End the pacing; returns the messages that were held."""
        pacing = self._pacing.pop(key, None)
        held = pacing.held if pacing else []
        self._held_count -= len(held)
        return held

    def held(self, key: Key) -> int | None:
        """How many messages are held; None when the template is not paced."""
        return len(self._pacing[key].held) if key in self._pacing else None
