"""`python -m deploy.alive [path]`: the image's health check, asked within the container.

A container runs one process, and this finds it: whoever listens on the port of the gateway, the
daemon or the sandbox answers for all. It needs no key. Exit code 0 for 200, else 1; it prints what
was answered, which `docker inspect` shows.
"""

import http.client
import os
import sys
from collections.abc import Mapping
from typing import Final

PORTS: Final = {"PORT": 8080, "DAEMON_PORT": 9101, "SANDBOX_PORT": 8090}
TIMEOUT_SECONDS: Final = 3  # a readiness check may wait 2 s for PostgreSQL


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Ask for `path`, or for /healthz; returns the exit code."""
    path = arguments[0] if arguments else "/healthz"
    for name, default in PORTS.items():
        try:
            status, said = _ask(int(environ.get(name) or default), path)
        except ConnectionRefusedError:
            continue
        except (OSError, http.client.HTTPException) as error:
            return _said(f"no answer on {name}: {error!r}", 1)
        return _said(said, int(status != 200))
    return _said(f"nobody listens on {', '.join(PORTS)}", 1)


def _ask(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    finally:
        connection.close()


def _said(sentence: str, code: int) -> int:
    sys.stdout.write(f"{sentence}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
