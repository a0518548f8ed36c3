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


def processes_with(mark: str) -> dict[int, str]:
    """Living processes with `mark` in their command or environment: command by pid (Linux)."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            environ = (process / "environ").read_bytes()
        except OSError:  # gone meanwhile, or somebody else's
            continue
        if mark in command or mark.encode() in environ:
            found[int(process.name)] = command
    return found
