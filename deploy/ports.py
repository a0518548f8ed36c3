"""Ports on this machine: finding free ones that stay ours, and seeing that one is taken."""

import errno
import os
import socket
import sys
from collections import deque
from typing import Final

# Descriptors of reserved ports, oldest first; bounded, since a process may have 1024 of them.
_reserved: Final[deque[int]] = deque()
_MOST_RESERVED: Final = 200


def reserve_port(preferred: int | None = None) -> int:
    """A free port of 127.0.0.1, `preferred` when it is free; nobody else is given it meanwhile.

    On Linux the port stays bound here, not listening, for as long as this process lives: the
    kernel then gives it to nobody who asks for any port, and a server that sets SO_REUSEADDR, as
    all of ours do, can listen on it. Elsewhere it is let go at once.
    """
    if preferred is not None and is_taken("127.0.0.1", preferred):
        preferred = None
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", preferred or 0))
        port = int(held.getsockname()[1])
        if sys.platform == "linux":
            _keep(held.detach())
    return port


def is_taken(host: str, port: int) -> bool:
    """Whether somebody listens on the port already. False when `host` is no address of ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def _keep(descriptor: int) -> None:
    _reserved.append(descriptor)
    if len(_reserved) > _MOST_RESERVED:
        os.close(_reserved.popleft())
