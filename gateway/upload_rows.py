"""Rows of an uploaded file, and how they are packed: for PostgreSQL, and for a pipe. Pure."""

import zlib
from collections.abc import Sequence
from typing import Final

import msgspec

MOST_COLUMNS: Final = 256
LONGEST_ROW: Final = 64 * 2**10  # characters: a page's worth in each of forty cells
_LEVEL: Final = 1  # of zlib: 128 KiB take 2 ms, and shrink to a third

CSV: Final = "csv"
XLSX: Final = "xlsx"


class Row(msgspec.Struct, frozen=True, array_like=True):
    """One row; `line` is where it began in the file, `fault` why nothing of it can be used."""

    line: int
    cells: list[str]
    fault: str | None = None


class Reject(msgspec.Struct, frozen=True, array_like=True):
    """A row of a chunk, by its place from 0, from which nobody can be sent to, and why."""

    place: int
    reason: str


class Chunk(msgspec.Struct, array_like=True):
    """Some rows of an upload, in order, and those of them that were rejected."""

    rows: list[Row] = []
    rejects: list[Reject] = []


class Head(msgspec.Struct, frozen=True, tag="head"):
    """The first frame of a workbook: which sheet is read, which there are, and how wide it is."""

    sheet: str
    sheets: list[str]
    width: int


class Rows(msgspec.Struct, frozen=True, tag="rows"):
    """A frame with the next rows of a sheet."""

    rows: list[Row]


class Fault(msgspec.Struct, frozen=True, tag="fault"):
    """The last frame of a workbook that cannot be read: what it is, as `The file {reason}.`"""

    reason: str


Frame = Head | Rows | Fault

_chunk = msgspec.msgpack.Decoder(Chunk)
_frame: msgspec.msgpack.Decoder[Frame] = msgspec.msgpack.Decoder(Frame)
_encode: Final = msgspec.msgpack.Encoder().encode


def packed(chunk: Chunk) -> bytes:
    """A chunk as it is kept."""
    return zlib.compress(_encode(chunk), _LEVEL)


def unpacked(data: bytes) -> Chunk:
    """What `packed` made."""
    return _chunk.decode(zlib.decompress(data))


def framed(frame: Frame) -> bytes:
    """A frame after its length in four bytes."""
    data = _encode(frame)
    return len(data).to_bytes(4, "big") + data


def unframed(data: bytes) -> Frame:
    """A frame without its length. Raises msgspec.DecodeError."""
    return _frame.decode(data)


def fitted(line: int, cells: list[str], width: int) -> Row:
    """A row of a table that is so wide: blanks that end it count for nothing.

    One that is wider has a fault: its values stand in the wrong columns.
    """
    while len(cells) > width and not cells[-1]:
        cells.pop()
    if len(cells) > width:
        return Row(
            line, cells,
            f"it has {len(cells)} cells where {width} are expected: a value with the delimiter in"
            " it needs quotes",
        )  # fmt: skip
    return Row(line, cells)


def is_blank(cells: Sequence[str]) -> bool:
    """Whether there is nothing in a row."""
    return not any(cells)
