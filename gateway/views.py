"""What a reader is shown of the frames that are told: everything, or loops alone. Pure.

A view is given frames in order and says which bytes go out. The loops view folds the frames of
single messages into one `progress` frame, at most four times a second; that carries the id of the
last frame that was seen, so that ids never run backwards.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Protocol
from uuid import UUID

import msgspec

from gateway.news import News, Told, sse
from gateway.positions import At, Mark, Position, Snapshot
from schemas.api import ProgressFrame

PROGRESS_SECONDS: Final = 0.25
OF_ONE_MESSAGE: Final = frozenset(
    ("message_sent", "message_failed", "message_skipped", "message_status")
)
COMPLETED: Final = "job_completed"


class Cursor:
    """Which frames a reader has had: each is passed on once, and in order.

    Frames numbered up to `floor` are in the reader's snapshot already.
    """

    def __init__(self, position: Position) -> None:
        self.at = position if isinstance(position, At) else At(position.seq)
        self._floor = position.event_no if isinstance(position, Snapshot) else 0

    def advance(self, news: News) -> Sequence[Told]:
        """The frames of a stream message that are new to the reader."""
        if news.seq < self.at.seq or not news.frames:
            return ()
        seen = self.at.index if news.seq == self.at.seq else -1
        fresh = [told for told in news.frames if told.index > seen and told.no > self._floor]
        self.at = At(news.seq, max(seen, news.frames[-1].index))
        return news.frames if len(fresh) == len(news.frames) else fresh


class View(Protocol):
    """`show` at each stream message, `flush` after, and again when `wait_seconds` are over."""

    def show(self, news: News, fresh: Sequence[Told], /) -> bytes: ...

    def flush(self, now: float, at: Mark, /) -> bytes: ...

    def wait_seconds(self, now: float, /) -> float | None: ...


class Everything:
    """Every frame as it was told."""

    def show(self, news: News, fresh: Sequence[Told], /) -> bytes:
        """The bytes made for all readers, when this one gets all of them."""
        if fresh is news.frames:
            return news.encoded
        return b"".join(told.encoded() for told in fresh)

    def flush(self, _now: float, _at: Mark, /) -> bytes:
        return b""

    def wait_seconds(self, _now: float, /) -> float | None:
        return None


class _Counts(msgspec.Struct, frozen=True):
    sent: int
    failed: int


_counts: Final = msgspec.json.Decoder(_Counts)


class Loops:
    """No frame of a single message, but how far the job is."""

    def __init__(self, job_id: UUID) -> None:
        self._job_id = job_id
        self._latest: Told | None = None
        self._next_at = 0.0  # by the clock of `flush`

    def show(self, _news: News, fresh: Sequence[Told], /) -> bytes:
        shown = []
        for told in fresh:
            if told.type not in OF_ONE_MESSAGE:
                shown.append(told.encoded())
            else:
                self._latest = told
        return b"".join(shown)

    def flush(self, now: float, at: Mark, /) -> bytes:
        """The progress frame that is due, if something has changed."""
        if self._latest is None or now < self._next_at:
            return b""
        counts, self._latest = _counts.decode(self._latest.json), None
        self._next_at = now + PROGRESS_SECONDS
        frame = ProgressFrame(
            job_id=self._job_id, sent=counts.sent, failed=counts.failed, at=datetime.now(UTC)
        )
        return sse(at, msgspec.json.encode(frame))

    def wait_seconds(self, now: float, /) -> float | None:
        """How long until a progress frame is due; None: nothing has changed."""
        return None if self._latest is None else max(0.0, self._next_at - now)


def until_completed(fresh: Sequence[Told]) -> Sequence[Told]:
    """The frames up to the job's end: what comes later is for those who follow receipts."""
    for position, told in enumerate(fresh, 1):
        if told.type == COMPLETED and position < len(fresh):
            return fresh[:position]
    return fresh
