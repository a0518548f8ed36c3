"""What a loop is run with: everything that acts, handed in."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import msgspec

from daemon.cloud_api import CloudApi
from daemon.hold import Hold
from daemon.lease import Lease
from daemon.observe import Observer
from daemon.openings import Openings
from daemon.pace import Pace
from daemon.tempo import Tempo
from daemon.verdicts import RetryPolicy
from daemon.warden import Warden


class Outfit(msgspec.Struct, frozen=True):
    """Of one turn."""

    cloud: CloudApi
    pace: Pace
    tempo: Tempo
    hold: Hold
    openings: Openings
    lease: Lease
    policy: RetryPolicy
    slots: int  # requests that may await Meta's answer at once
    warden: Warden
    observer: Observer
    stop: asyncio.Event
    hand_over: Callable[[], Awaitable[None]]  # gives the turn back before all answers are in
    clock: Callable[[], float] = time.monotonic
