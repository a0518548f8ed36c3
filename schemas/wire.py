"""Versions of what travels on JetStream: releases run side by side while a fleet is upgraded.

Every message says its version: in the header, or as `v` in its payload where the payload is ours.
One that says none is of version 1, so whatever was stored before there were versions is read. A
process gives a message of a version that it does not know back, for one that does.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

HEADER: Final = "Loopcast-Version"
RECEIPT_VERSION: Final = 1  # Meta's own words: how they are cut and wrapped is what has a version
NO_NUMBER: Final = 0  # says a version that is none: nobody knows it


class Reads(msgspec.Struct, frozen=True):
    """Which versions a process knows."""

    turns: frozenset[int] = frozenset({1})
    receipts: frozenset[int] = frozenset({1})


READS: Final = Reads()


class _Versioned(msgspec.Struct):
    v: Any = 1


_decode: Final = msgspec.json.Decoder(_Versioned).decode


def headers_of(version: int) -> dict[str, str]:
    """What a message of this version is published with, where its payload cannot say it."""
    return {HEADER: str(version)}


def version_of(headers: Mapping[str, str] | None, payload: bytes = b"") -> int:
    """The version of a message; `payload` is given where it is ours and may say it.

    One without a header whose payload cannot be read counts as version 1.
    """
    if headers and (said := headers.get(HEADER)) is not None:
        return int(said) if said.isascii() and said.isdecimal() else NO_NUMBER
    try:
        v = _decode(payload).v
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 1
    return v if type(v) is int else NO_NUMBER
