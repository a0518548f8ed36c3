"""Whom the doctor looks at: an installation, as its settings describe it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from schemas.settings import Daemon, Gateway

BOTH: Final = ("gateway", "daemon")
_ANYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - to reach


@dataclass(frozen=True)
class Patient:
    """Settings of both processes, read from the same environment."""

    gateway: Gateway
    daemon: Daemon
    environ: Mapping[str, str]
    gateway_url: str  # where a gateway is asked whether it is ready
    is_told_where: bool = False  # somebody named that address
    judged: tuple[str, ...] = BOTH  # whose settings these are; what the other reads may not be here


def default_gateway_url(settings: Gateway) -> str:
    """Where a gateway with these settings answers on its own machine."""
    host = settings.host.strip("[]")
    host = _ANYWHERE.get(host, host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def address_of(url: str) -> str:
    """Where a URL leads, without the name and the password that it may have."""
    return urlsplit(url).netloc.rpartition("@")[2]
