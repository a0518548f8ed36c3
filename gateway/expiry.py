"""Deletes uploads whose time is over, those that broke off half-way included."""

import asyncio
from typing import Final, NoReturn

from gateway.store import LedgerUnavailable
from gateway.upload_store import Uploads
from plumbing.logs import Log

SWEEP_SECONDS: Final = 60.0


class Expiry:
    """One sweep a minute; several gateways take different uploads."""

    def __init__(self, uploads: Uploads, log: Log, every_seconds: float = SWEEP_SECONDS) -> None:
        self._uploads, self._log, self._every_seconds = uploads, log, every_seconds

    async def run(self) -> NoReturn:
        while True:
            await asyncio.sleep(self._every_seconds)
            await self.sweep()

    async def sweep(self) -> int:
        """Delete all that are over; how many. While PostgreSQL does not answer, none."""
        swept = 0
        try:
            while some := await self._uploads.sweep():
                swept += some
        except LedgerUnavailable as error:
            self._log.warning("uploads are not swept", reason=str(error))
        if swept:
            self._log.info("uploads deleted, their time is over", uploads=swept)
        return swept
