"""What tests of every tier use."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from deploy.ports import reserve_port


def free_port() -> int:
    """A port of 127.0.0.1 that no other test is given, in this process or beside it."""
    return reserve_port()


async def until(holds: Callable[[], bool], what: str, *, seconds: float = 10) -> None:
    """Return when `holds()`; fails with `what` when it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.01)


def processes_with(mark: str) -> list[str]:
    """The command lines of all living processes that have `mark` in their environment (Linux)."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # gone meanwhile, or somebody else's
            continue
    return found
