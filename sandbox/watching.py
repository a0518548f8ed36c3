"""What somebody who watches has not seen yet: requests, figures, faults, templates, webhooks. Pure.

Each look gives what has changed since the one before, so that a frame is small, however much is
in the ledger: of requests the newest alone.
"""

from typing import Any, Final

import msgspec

from sandbox.ledger import Entry
from sandbox.stage import Stage
from sandbox.tally import Tally

ROWS: Final = 100  # more than a person can read between two looks
_TEXT_CHARACTERS: Final = 240


class Watch:
    """What one reader has seen; an empty `url`: webhooks are posted nowhere."""

    def __init__(self, stage: Stage, tally: Tally, url: str) -> None:
        self._stage, self._tally, self._url = stage, tally, url
        self._ledger = stage.desk.ledger
        self._kept_from, self._seen = self._ledger.kept_from, 0
        self._sections: dict[str, bytes] = {}

    def look(self) -> dict[str, Any] | None:
        """The changed sections; None: there is nothing new."""
        news = self._requests() | self._changed(
            {
                "figures": self._tally.figures(self._stage.desk.moment().monotonic_ns),
                "faults": self._faults(),
                "templates": self._templates(),
                "webhooks": self._webhooks(),
            }
        )
        return news or None

    def _requests(self) -> dict[str, Any]:
        """Those that are new, oldest first; `skipped` came before them."""
        was_emptied, last = self._kept_from != self._ledger.kept_from, self._ledger.last_number
        self._kept_from = self._ledger.kept_from
        new = last - max(self._seen, self._kept_from - 1)
        self._seen = last
        rows = [_row(entry) for entry in self._ledger.newest(min(new, ROWS))]
        shown: dict[str, Any] = {"requests": rows, "skipped": new - len(rows)} if rows else {}
        return shown | ({"emptied": True} if was_emptied else {})

    def _changed(self, sections: dict[str, Any]) -> dict[str, Any]:
        fresh = {}
        for name, shown in sections.items():
            encoded = msgspec.json.encode(shown)
            if self._sections.get(name) != encoded:
                self._sections[name] = encoded
                fresh[name] = msgspec.Raw(encoded)
        return fresh

    def _faults(self) -> dict[str, Any]:
        return {"now": self._stage.desk.rules.faults, "usual": self._stage.usual_faults}

    def _templates(self) -> list[dict[str, Any]]:
        return [
            {
                "name": template.name, "language": template.language, "status": template.status,
                "pausedAsUsual": self._stage.is_paused_as_usual(template.key),
            }
            for template in self._stage.desk.shelf.templates.values()
        ]  # fmt: skip

    def _webhooks(self) -> dict[str, Any]:
        outbox = self._stage.desk.sequel.outbox
        if outbox is None:
            return {"url": None, "waiting": 0, "answer": None}
        waiting = outbox.figures()["waiting"]
        return {"url": self._url, "waiting": waiting, "answer": outbox.last_answer}


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "at": int(entry.at * 1000),
        "to": entry.to,
        "template": entry.template.name if entry.template else "",
        "text": entry.text[:_TEXT_CHARACTERS] if entry.accepted else "",
        "told": entry.told,
        "accepted": entry.accepted,
    }
