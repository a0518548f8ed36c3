"""Log lines of our processes, JSON between programs, made readable for a terminal."""

from typing import Any, Final

import msgspec

_DECODER: Final = msgspec.json.Decoder(dict[str, Any])
_SHOWN_APART: Final = {"at", "level", "event", "process", "exception"}


def last_said(text: str) -> str:
    """The last line that says something, readable; of a traceback its last line. "" for none."""
    return _last(readable(_last(text)))


def readable(line: str) -> str:
    """`12:30:01 info loop started loop=1`; other lines stay as they are."""
    try:
        said = _DECODER.decode(line)
    except msgspec.DecodeError:
        return line
    fields = " ".join(f"{key}={value}" for key, value in said.items() if key not in _SHOWN_APART)
    time = str(said.get("at", ""))[11:19]
    parts = (time, str(said.get("level", "")), str(said.get("event", "")), fields)
    exception = f"\n{said['exception']}" if "exception" in said else ""
    return " ".join(part for part in parts if part) + exception


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
