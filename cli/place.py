"""Where the gateway is, and the key for it: LOOPCAST_URL and LOOPCAST_KEY. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

DEFAULT_URL: Final = "http://127.0.0.1:8080"


@dataclass(frozen=True)
class Place:
    """A gateway's address without a slash at its end; `key` is None where none is asked for."""

    url: str
    key: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Wrong:
    """A setting or a command that cannot be, in a sentence."""

    sentence: str


def place_of(environ: Mapping[str, str]) -> Place | Wrong:
    """Where to ask. Blank is as unset."""
    url = (environ.get("LOOPCAST_URL", "").strip() or DEFAULT_URL).rstrip("/")
    key = environ.get("LOOPCAST_KEY", "").strip()
    if not _is_address(url):
        return Wrong(f"LOOPCAST_URL is no address such as {DEFAULT_URL}: {url}")
    if not (key.isascii() and key.isprintable()) or " " in key:
        return Wrong("LOOPCAST_KEY has a blank or a character that no key has")
    return Place(url, key or None)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and parts.port != 0
            and not (parts.query or parts.fragment or parts.username)
        )
    except ValueError:  # a port that is none, a bracket that nobody closes
        return False
