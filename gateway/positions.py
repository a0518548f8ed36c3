"""Where a reader of an event stream stands: what SSE `id:` and `Last-Event-ID` say. Pure.

`<seq>.<index>` is a frame: message `seq` of BULK_EVENTS, the frame at `index` in it.
`<seq>` is the whole of a message.
`<seq>.s<event_no>` is a snapshot: it knows every frame up to message `seq`, and of later messages
the frames numbered up to `event_no`.
`<seq>.end` is a `job_completed` told from the row, after message `seq`.
"""

import re
from typing import Final

import msgspec

_ID: Final = re.compile(
    r"(?P<seq>[0-9]{1,18})(?:\.(?:(?P<index>[0-9]{1,9})|s(?P<no>[0-9]{1,18})|(?P<end>end)))?"
)
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


def parse(text: str) -> Position | None:
    """The position that an id names, or None when it is not one of ours."""
    if not (match := _ID.fullmatch(text)):
        return None
    seq = int(match["seq"])
    if match["end"]:
        return End(seq)
    if match["no"]:
        return Snapshot(seq, int(match["no"]))
    return At(seq, int(match["index"]) if match["index"] else WHOLE)
