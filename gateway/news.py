"""What was told of a job: stream messages, their frames, and how these go out. Pure."""

from typing import Final

import msgspec

from schemas.events import Envelope, FrameType

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
    """One stream message; `encoded` are all its frames as they go out, made once for everybody."""

    seq: int
    frames: tuple[Told, ...]
    encoded: bytes


def sse(event_id: object, json: bytes) -> bytes:
    """One server-sent event: an id and a line of JSON, no `event:` line."""
    return b"id: %b\ndata: %b\n\n" % (str(event_id).encode(), json)


def read_news(epoch: str, seq: int, payload: bytes) -> News:
    """Message `seq` of the stream of an epoch.

    Raises msgspec.DecodeError when the payload is no envelope.
    """
    envelope = Envelope.DECODER.decode(payload)
    frames = tuple(
        Told(epoch, seq, index, envelope.first_no + index, _type.decode(raw).type, bytes(raw))
        for index, raw in enumerate(envelope.frames)
    )
    return News(seq, frames, b"".join(told.encoded() for told in frames))
