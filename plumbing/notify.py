"""What systemd is told of this process: datagrams to NOTIFY_SOCKET, as sd_notify(3) has them."""

import os
import socket
from collections.abc import Mapping


class Notifier:
    """Tells nobody where there is no NOTIFY_SOCKET."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self.watchdog_seconds = _watchdog_seconds(environ)  # None: nobody waits to be fed

    def tell(self, *lines: str) -> None:
        """Send `NAME=value` lines. What systemd cannot take just now is lost: say it again.

        Never blocks: a service manager that is stuck must not stop the process.
        """
        if self._address is None:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.settimeout(0)
            try:
                sender.sendto("\n".join(lines).encode(), self._address)
            except OSError:
                return


def _address(path: str) -> str | None:
    """A path, or with `@` a name of the abstract namespace; another kind is none of ours."""
    if path.startswith("@"):
        return f"\0{path[1:]}"
    return path if path.startswith("/") else None


def _watchdog_seconds(environ: Mapping[str, str]) -> float | None:
    """How long systemd waits to be fed; WATCHDOG_PID says whom it means."""
    given, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", str(os.getpid()))
    if not given.isdecimal() or pid != str(os.getpid()):
        return None
    return int(given) / 1e6 or None
