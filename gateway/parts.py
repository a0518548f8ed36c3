"""What the handlers of the gateway work with, put together once at start."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from gateway.auth import Keys
from gateway.control_store import Control
from gateway.hub import Hub
from gateway.intake import Intake
from gateway.kept_numbers import KeptNumbers
from gateway.key_store import ApiKeys
from gateway.keyring import KeyRing
from gateway.lookup import Lookup
from gateway.numbers import Numbers
from gateway.resend_store import Resends
from gateway.standings import Standings
from gateway.store import Store
from gateway.suppression_store import Suppressions
from gateway.templates import TemplatesOf
from gateway.truth_store import Truth
from gateway.upload_store import Uploads
from plumbing.book_keeper import BookKeeper
from plumbing.broker import Broker
from plumbing.life import Life
from plumbing.logs import Log, Seldom
from plumbing.meters import Meters
from schemas.settings import Gateway

MOST_AT_WORK: Final = 4  # submissions that are read and written at the same time
MOST_INSIDE: Final = 16  # with those that arrive or wait: 256 MiB of bodies at most
MOST_TRANSFERS: Final = 4  # whole lists that come in or go out at the same time


class Admission:
    """How many submissions may be in the house; `at_work` bounds those that cost something."""

    def __init__(self, inside: int = MOST_INSIDE, at_work: int = MOST_AT_WORK) -> None:
        self.at_work = asyncio.Semaphore(at_work)
        self._most, self.inside = inside, 0

    @property
    def is_full(self) -> bool:
        return self.inside >= self._most

    def __enter__(self) -> None:
        assert not self.is_full
        self.inside += 1

    def __exit__(self, *_: object) -> None:
        self.inside -= 1


@dataclass(frozen=True)
class Parts:
    settings: Gateway
    log: Log
    seldom: Seldom
    meters: Meters
    store: Store
    suppressions: Suppressions
    uploads: Uploads
    control: Control
    truth: Truth
    resends: Resends
    broker: Broker
    intake: Intake
    hub: Hub
    keys: Keys
    api_keys: ApiKeys
    ring: KeyRing
    numbers: Numbers
    lookup: Lookup
    templates: TemplatesOf
    keeper: BookKeeper
    standings: Standings
    kept_numbers: KeptNumbers
    life: Life = field(default_factory=Life)
    admission: Admission = field(default_factory=Admission)
    transfers: Admission = field(default_factory=lambda: Admission(MOST_TRANSFERS))
    checks: set[asyncio.Task[str]] = field(default_factory=set)  # of readiness, under way


PARTS: Final = web.AppKey("parts", Parts)
