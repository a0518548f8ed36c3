"""Where a reader of an event stream stands: what SSE `id:` and `Last-Event-ID` say. Pure.

`<seq>.<index>` is a frame: message `seq` of BULK_EVENTS, the frame at `index` in it.
`<seq>` is the whole of a message.
`<seq>.s<event_no>` is a snapshot: it knows every frame up to message `seq`, and of later messages
the frames numbered up to `event_no`.
`<seq>.end` is a `job_completed` told from the row, after message `seq`.

Before it goes `<epoch>-`, the moment at which the stream was made: the sequences of a stream that
was made anew, after NATS lost its data, are others than those that a reader has seen.
"""

import re
from datetime import datetime
from typing import Final

import msgspec

_ID: Final = re.compile(
    r"(?P<epoch>[0-9a-f]{1,16})-(?P<seq>[0-9]{1,18})(?:\.(?:(?P<index>[0-9]{1,9})|s(?P<no>[0-9]{1,18})|(?P<end>end)))?"
)
NO_EPOCH: Final = "0"  # no stream has been seen yet
WHOLE: Final = 2**31  # an index past every frame of a message


class At(msgspec.Struct, frozen=True):
    seq: int
    index: int = WHOLE

    def __str__(self) -> str:
        return str(self.seq) if self.index == WHOLE else f"{self.seq}.{self.index}"


class Snapshot(msgspec.Struct, frozen=True):
    seq: int
    event_no: int

    def __str__(self) -> str:
        return f"{self.seq}.s{self.event_no}"


class End(msgspec.Struct, frozen=True):
    seq: int

    def __str__(self) -> str:
        return f"{self.seq}.end"


Position = At | Snapshot | End


class Mark(msgspec.Struct, frozen=True):
    """A position on one certain stream."""

    epoch: str
    position: Position

    def __str__(self) -> str:
        return f"{self.epoch}-{self.position}"


def epoch_of(created: datetime | None) -> str:
    """What tells a stream from one of the same name that was made later: its milliseconds."""
    return f"{int(created.timestamp() * 1000):x}" if created else NO_EPOCH


def parse(text: str) -> Mark | None:
    """The place that an id names, or None when it is not one of ours."""
    match = _ID.fullmatch(text)
    return Mark(match["epoch"], _position(match)) if match else None


def _position(match: re.Match[str]) -> Position:
    seq = int(match["seq"])
    if match["end"]:
        return End(seq)
    if match["no"]:
        return Snapshot(seq, int(match["no"]))
    return At(seq, int(match["index"]) if match["index"] else WHOLE)
