"""How every process starts and stops: settings, logs, signals, one line when something is wrong."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from plumbing import failpoints
from plumbing.logs import Log, set_up
from plumbing.masking import secrets_of
from schemas.environment import SettingsError
from schemas.loading import load

try:
    from uvloop import new_event_loop
except ImportError:  # Windows
    from asyncio import new_event_loop  # type: ignore[assignment]

EXIT_CONFIG = 78  # EX_CONFIG of sysexits.h: starting again will not help

S = TypeVar("S", bound=msgspec.Struct)


class CannotStart(Exception):
    """One sentence for the person who started the process: what is wrong and what to do."""


def run(
    name: str,
    settings_type: type[S],
    serve: Callable[[S, Log, asyncio.Event], Awaitable[None]],
) -> None:
    """Run `serve` until SIGTERM or SIGINT sets the event it is given; then exit.

    Exit code 0 after a clean stop, 78 when the settings are wrong, 1 when it cannot start.
    """
    try:
        settings = load(settings_type, os.environ)
    except SettingsError as error:
        sys.exit(_said(f"{name}: {error}", EXIT_CONFIG))
    log = set_up(name, getattr(settings, "log_level", "info"), secrets_of(settings))
    failpoints.arm(getattr(settings, "fail_points", {}), log)
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_until_signal(settings, log, serve))
    except SettingsError as error:  # found wrong by the part that knows better
        sys.exit(_said(f"{name}: {error}", EXIT_CONFIG))
    except CannotStart as error:
        sys.exit(_said(f"{name}: {error}", 1))


async def _until_signal(
    settings: S, log: Log, serve: Callable[[S, Log, asyncio.Event], Awaitable[None]]
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    await serve(settings, log, stop)


def _said(sentence: str, code: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return code
