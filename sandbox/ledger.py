"""The ledger: every request with its arrival and what it was told, and every accepted send."""

import sys
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice, takewhile
from typing import Any, Final

import msgspec

from sandbox.answers import message_id
from sandbox.forms import filled
from sandbox.limits import SECOND_NS
from sandbox.templates import Template

ENTRIES: Final = 1_000_000  # the largest job there can be; about 0.7 kB each
REPEATED_SHOWN: Final = 20


class Entry(msgspec.Struct, gc=False):
    """A request to send. `number` counts arrivals from 1 and is never given twice."""

    number: int
    monotonic_ns: int
    at: float  # seconds since 1970
    phone_number_id: str
    told: str = ""  # the error code, the HTTP status, or a manner: silent, dropped, dripped
    accepted: bool = False
    to: str = ""  # digits of the recipient, or their user id
    tag: str = ""  # biz_opaque_callback_data
    template: Template | None = None
    values: tuple[str, ...] = ()  # of the template's body; of free text, the text alone
    payloads: dict[int, str] | None = None  # of the template's quick replies, by index
    header: tuple[str, ...] = ()  # values of its header; of media the address, id or file name
    ends: dict[int, str] | None = None  # of its links and coupon codes, by the button's index
    becomes: str = ""  # held, paused, or the furthest status that is posted; "": none is
    posted: str = ""  # the furthest status that was posted so far
    failed_with: int = 0  # the code of `failed`

    @property
    def text(self) -> str:
        """Of an accepted send: what its recipient reads."""
        return filled(self.template.form, self.values) if self.template else self.values[0]


class Wanted(msgspec.Struct, frozen=True):
    """Which entries a reader asks for."""

    to: str | None = None
    tag: str | None = None
    phone_number_id: str | None = None
    after: int = 0  # a number
    limit: int = 1000


class Ledger:
    """The newest `size` requests, in order of arrival."""

    def __init__(self, run: str, size: int = ENTRIES) -> None:
        self.run = run  # makes message ids of this process differ from those of any other
        self._entries: deque[Entry] = deque(maxlen=size)
        self._last_number = 0
        self._kept_from = 1

    @property
    def last_number(self) -> int:
        """Of the newest request; 0 before the first."""
        return self._last_number

    @property
    def kept_from(self) -> int:
        """The first number after the ledger was emptied last."""
        return self._kept_from

    def enter(self, monotonic_ns: int, at: float, phone_number_id: str) -> Entry:
        """The entry of a request that has just arrived; who decides it fills it in."""
        self._last_number += 1
        sender = sys.intern(phone_number_id[:32])
        entry = Entry(self._last_number, monotonic_ns, at, sender)
        self._entries.append(entry)
        return entry

    def forget(self) -> int:
        """Empty the ledger, numbers go on; returns how many entries there were."""
        count = len(self._entries)
        self._entries.clear()
        self._kept_from = self._last_number + 1
        return count

    def last_to(self, person: str) -> Entry | None:
        """The newest accepted send to a person."""
        found = (each for each in reversed(self._entries) if each.accepted and each.to == person)
        return next(found, None)

    def newest(self, count: int) -> list[Entry]:
        """That many entries, oldest first."""
        return list(islice(reversed(self._entries), count))[::-1]

    def arrived_since(self, monotonic_ns: int) -> int:
        """How many requests came after that time."""
        late = takewhile(lambda entry: entry.monotonic_ns > monotonic_ns, reversed(self._entries))
        return sum(1 for _ in late)

    @property
    def cut(self) -> int:
        """How many entries were dropped because newer ones filled the ledger."""
        return max(0, self._last_number - self._kept_from + 1 - len(self._entries))

    def page(
        self,
        wanted: Wanted,
        *,
        accepted_only: bool,
        show: Callable[[Entry], dict[str, Any]] | None = None,
    ) -> dict[str, Any]:
        """Entries after a number, as JSON; `next` is the number to go on after, or None.

        `show` makes the JSON of one entry; without it, that is all the ledger knows of it.
        """
        show = show or self._shown
        found = (
            entry for entry in self._after(wanted.after)
            if (entry.accepted or not accepted_only) and _matches(entry, wanted)
        )  # fmt: skip
        entries = list(islice(found, wanted.limit))
        more = next(found, None) is not None
        return {
            "entries": [show(entry) for entry in entries],
            "next": entries[-1].number if more else None,
            "cut": self.cut,
        }

    def summary(self) -> dict[str, Any]:
        """The ledger in figures; exact over the entries that it keeps."""
        accepted = [entry for entry in self._entries if entry.accepted]
        times = Counter(entry.to for entry in accepted)
        repeated = [(to, count) for to, count in times.items() if count > 1]
        return {
            "accepted": len(accepted),
            "requests": len(self._entries),
            "recipients": len(times),
            "repeated": [{"to": to, "times": n} for to, n in repeated[:REPEATED_SHOWN]],
            "repeatedTotal": len(repeated),
            "byTag": len({entry.tag for entry in accepted if entry.tag}),
            "busiestSecond": busiest_second(
                (entry.phone_number_id, entry.monotonic_ns) for entry in accepted
            ),
            "told": Counter(entry.told for entry in self._entries),
            "becomes": Counter(entry.becomes for entry in accepted if entry.becomes),
            "cut": self.cut,
        }

    def _after(self, number: int) -> Iterator[Entry]:
        """The entries behind `number`; numbers have no gaps, so the place is known."""
        first = self._entries[0].number if self._entries else 0
        return islice(self._entries, max(0, number + 1 - first), None)

    def _shown(self, entry: Entry) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "number": entry.number,
            "at": datetime.fromtimestamp(entry.at, UTC),
            "monotonicNs": entry.monotonic_ns,
            "phone_number_id": entry.phone_number_id,
            "to": entry.to,
            "tag": entry.tag,
            "told": entry.told,
            "accepted": entry.accepted,
        }
        return shown | self._content(entry) if entry.accepted else shown

    def _content(self, entry: Entry) -> dict[str, Any]:
        identity: dict[str, Any] = {
            "messageId": message_id(self.run, entry.number, entry.to),
            "becomes": entry.becomes or None,
        }
        if entry.failed_with:
            identity["failedWith"] = entry.failed_with
        if entry.template is None:
            return identity | {"type": "text", "text": entry.text}
        return identity | {
            "type": "template",
            "template": entry.template.name,
            "language": entry.template.language,
            "parameters": dict(zip(entry.template.form.body, entry.values, strict=True)),
            "text": entry.text,
        }


class BusiestSecond:
    """The most arrivals of one sending number in any second, counted as they come."""

    def __init__(self) -> None:
        self.most = 0
        self._windows: defaultdict[str, deque[int]] = defaultdict(deque)

    def add(self, phone_number_id: str, at_ns: int) -> None:
        """One more arrival, none earlier than those before."""
        window = self._windows[phone_number_id]
        window.append(at_ns)
        while at_ns - window[0] >= SECOND_NS:
            window.popleft()
        self.most = max(self.most, len(window))


def busiest_second(arrivals: Iterable[tuple[str, int]]) -> int:
    """The most arrivals of one sending number in any window [t, t + 1 s).

    `arrivals` are numbers and nanoseconds, in order of time.
    """
    busiest = BusiestSecond()
    for phone_number_id, at_ns in arrivals:
        busiest.add(phone_number_id, at_ns)
    return busiest.most


def _matches(entry: Entry, wanted: Wanted) -> bool:
    return (
        (wanted.to is None or entry.to == wanted.to)
        and (wanted.tag is None or entry.tag == wanted.tag)
        and (wanted.phone_number_id is None or entry.phone_number_id == wanted.phone_number_id)
    )
