"""What was told of a job: stream messages, their frames, and how these go out. Pure."""

from collections.abc import Sequence
from typing import Final

import msgspec

from schemas.events import ENVELOPE_VERSION, Envelope, FrameType

_type: Final = msgspec.json.Decoder(FrameType)


class Told(msgspec.Struct, frozen=True):
    """One frame: where it is on which stream, its number within the job, and its JSON."""

    epoch: str
    seq: int
    index: int
    no: int
    type: str
    json: bytes

    def encoded(self) -> bytes:
        return sse(f"{self.epoch}-{self.seq}.{self.index}", self.json)


class News(msgspec.Struct, frozen=True):
    """One stream message; `encoded` are all its frames as they go out, made once for everybody.

    A gap is one that this release cannot read: its frames are facts in the ledger all the same.
    """

    seq: int
    frames: tuple[Told, ...]
    encoded: bytes
    is_gap: bool = False


def sse(event_id: object, json: bytes) -> bytes:
    """One server-sent event: an id and a line of JSON, no `event:` line."""
    return b"id: %b\ndata: %b\n\n" % (str(event_id).encode(), json)


def read_news(epoch: str, seq: int, payload: bytes) -> News:
    """Message `seq` of the stream of an epoch: a gap, where it is no envelope of our version."""
    try:
        envelope = Envelope.DECODER.decode(payload)
        if envelope.v != ENVELOPE_VERSION:
            return _gap(seq)
        frames = tuple(
            Told(epoch, seq, index, envelope.first_no + index, _type.decode(raw).type, bytes(raw))
            for index, raw in enumerate(envelope.frames)
        )
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _gap(seq)
    return News(seq, frames, b"".join(told.encoded() for told in frames))


def upto_gap(taken: Sequence[News]) -> Sequence[News]:
    """What can be passed on before something cannot be read; all, where nothing is in the way."""
    for position, news in enumerate(taken):
        if news.is_gap:
            return taken[:position]
    return taken


def _gap(seq: int) -> News:
    return News(seq, (), b"", is_gap=True)
