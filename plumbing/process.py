"""How every process starts, is watched and stops: settings, logs, signals, one line when wrong."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from plumbing import failpoints
from plumbing.life import Life
from plumbing.logs import Log, set_up
from plumbing.masking import secrets_of
from plumbing.notify import Notifier
from plumbing.tasks import end
from schemas.environment import SettingsError
from schemas.loading import load

try:
    from uvloop import new_event_loop
except ImportError:  # Windows
    from asyncio import new_event_loop  # type: ignore[assignment]

EXIT_CONFIG = 78  # EX_CONFIG of sysexits.h: starting again will not help

S = TypeVar("S", bound=msgspec.Struct)
Serve = Callable[[S, Log, asyncio.Event, Life], Awaitable[None]]


class CannotStart(Exception):
    """One sentence for the person who started the process: what is wrong and what to do."""


def run(name: str, settings_type: type[S], serve: Serve[S]) -> None:
    """Run `serve` until SIGTERM or SIGINT sets the event it is given; then exit.

    systemd, where it started this, is told when `serve` says that it is ready, and its watchdog is
    fed for as long as no part hangs.

    Exit code 0 after a clean stop, 78 when the settings are wrong, 1 when it cannot start.
    """
    try:
        settings = load(settings_type, os.environ)
    except SettingsError as error:
        sys.exit(_said(f"{name}: {error}", EXIT_CONFIG))
    log = set_up(name, getattr(settings, "log_level", "info"), secrets_of(settings))
    failpoints.arm(getattr(settings, "fail_points", {}), log)
    life = Life(Notifier(os.environ))
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_until_signal(settings, log, life, serve))
    except SettingsError as error:  # found wrong by the part that knows better
        sys.exit(_said(f"{name}: {error}", EXIT_CONFIG))
    except CannotStart as error:
        sys.exit(_said(f"{name}: {error}", 1))


async def _until_signal(settings: S, log: Log, life: Life, serve: Serve[S]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def begin_to_stop() -> None:
        stop.set()
        life.stopping()

    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, begin_to_stop)
    keeping = asyncio.create_task(life.keep(log))
    try:
        await serve(settings, log, stop, life)
    finally:
        await end(keeping)


def _said(sentence: str, code: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return code
