"""Importing a suppression list: read as it arrives, written in slices, each line accounted for.

A slice is a transaction, so an import that breaks off leaves what came before it on the list:
better than nothing of it, and sending the file again changes nothing twice.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from aiohttp import web

from gateway import errors
from gateway.answers import answer, refused
from gateway.auth import owner_of
from gateway.bodies import Body
from gateway.errors import Refusal
from gateway.numbers import Invalid
from gateway.parts import PARTS, Parts
from gateway.sheets import Lines
from gateway.stop_lines import Intake
from gateway.store import LedgerUnavailable
from gateway.suppression_store import Change
from gateway.suppressions import told
from schemas.suppressions import imported_by

BODY_LIMIT_BYTES: Final = 50 * 2**20
BODY_SECONDS: Final = 600.0
AT_ONCE: Final = 1000  # numbers a statement, which takes about 10 ms
SLICE: Final = 50  # lines between two looks at the event loop: under 1 ms


async def take(request: web.Request) -> web.Response:
    """`POST /api/suppressions/import`: CSV or a number a line, of any length up to 50 MiB."""
    transfers = request.app[PARTS].transfers
    if request.content_type.startswith("multipart/"):
        return refused(errors.form_not_served())
    if transfers.is_full:
        return refused(errors.too_many_transfers())
    with transfers:
        return await _take(request)


async def _take(request: web.Request) -> web.Response:
    parts, owner = request.app[PARTS], owner_of(request)
    body = Body(
        request, limit_bytes=BODY_LIMIT_BYTES, seconds=BODY_SECONDS,
        advice="split the list and import the parts one after another",
    )  # fmt: skip
    importing = _Importing(parts, imported_by(owner))
    try:
        refusal = await importing.read(body)
    except LedgerUnavailable as error:
        parts.log.warning("the ledger does not answer", reason=str(error))
        refusal = errors.broken_off(errors.ledger_unavailable(), importing.written)
    change, intake = importing.change, importing.intake
    parts.log.info(
        "suppressions imported", owner=owner, lines=intake.total, added=change.added,
        changed=change.changed, rejected=intake.rejected_total, whole=refusal is None,
    )  # fmt: skip
    return refused(refusal) if refusal else answer(told(change, intake))


class _Importing:
    """One list on its way from a body to PostgreSQL."""

    def __init__(self, parts: Parts, reason: str) -> None:
        self._store, self._reason = parts.suppressions, reason
        self._lines, self.written = Lines(), 0
        self.intake, self.change = Intake(parts.numbers), Change()

    async def read(self, body: Body) -> Refusal | None:
        """Take the whole body; or why that ended before its end, or for nothing."""
        while chunk := await body.next():
            lines = chunk if isinstance(chunk, Refusal) else self._lines.feed(chunk)
            if isinstance(lines, Invalid):
                lines = errors.bad_request(f"The file {lines.reason}.")
            if isinstance(lines, Refusal):
                return errors.broken_off(lines, self.written)
            await self._take(lines)
        await self._take(self._lines.end())
        await self._write()
        return self._nothing()

    async def _take(self, lines: Sequence[bytes]) -> None:
        for place, line in enumerate(lines, 1):
            self.intake.add(line)
            if len(self.intake.asked) >= AT_ONCE:
                await self._write()
            elif place % SLICE == 0:
                await asyncio.sleep(0)

    async def _write(self) -> None:
        asked = self.intake.take()
        self.change += await self._store.add(asked, self._reason)
        self.written += len(asked)

    def _nothing(self) -> Refusal | None:
        """The refusal of a list without any number in it."""
        if not self.intake.total:
            return errors.no_numbers()
        if not self.written:
            return errors.no_valid_numbers(self.intake.rejected, self.intake.rejected_total)
        return None
