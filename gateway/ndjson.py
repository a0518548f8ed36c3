"""A job as NDJSON: the order on the first line, a row on each further one, read as it arrives.

All or nothing: a line that cannot be read, or a body that breaks off, makes no job.
"""

import hashlib
import time
from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec
from aiohttp import web

from gateway import dryrun, errors, quota, submit
from gateway.answers import refused
from gateway.auth import owner_of
from gateway.bodies import Body
from gateway.errors import Refusal
from gateway.malformed import malformed
from gateway.orders import LARGEST_REST_BYTES, Order, ignored_fields
from gateway.parts import PARTS, Parts
from gateway.reading import SLICE, Listed, Reading, Slices, checked, read_list
from gateway.recipients import Entry, MalformedRow, Table
from schemas import api

BODY_LIMIT_BYTES: Final = 50 * 2**20
BODY_SECONDS: Final = 600.0
LONGEST_LINE_BYTES: Final = LARGEST_REST_BYTES

_BOM: Final = b"\xef\xbb\xbf"


async def send(request: web.Request) -> web.Response:
    """`POST /api/bulk/send.ndjson`: the customize form, for lists that are made meanwhile."""
    transfers = request.app[PARTS].transfers
    if transfers.is_full:
        return refused(errors.too_many_transfers())
    with transfers:
        return await _send(request)


async def _send(request: web.Request) -> web.Response:
    key, dry = submit.key_of(request), dryrun.is_wanted(request.query.get("dryRun"))
    if isinstance(key, Refusal):
        return refused(key)
    if isinstance(dry, Refusal):
        return refused(dry)
    body = Body(
        request, limit_bytes=BODY_LIMIT_BYTES, seconds=BODY_SECONDS,
        advice="split the list into several jobs",
    )  # fmt: skip
    lines = _Lines(body, request.path)
    return await (_rehearse(request, lines) if dry else _make(request, lines, key))


async def _rehearse(request: web.Request, lines: "_Lines") -> web.Response:
    parts, now = request.app[PARTS], datetime.now(UTC)
    begun = await _order(lines, parts, now)
    if isinstance(begun, Refusal):
        return refused(begun)
    return await submit.plan(await _read(begun, lines, parts, now), parts)


async def _make(request: web.Request, lines: "_Lines", key: str | None) -> web.Response:
    parts, started, now = request.app[PARTS], time.monotonic(), datetime.now(UTC)
    if key and (first := await parts.store.submission(owner_of(request), key)):
        refusal = await lines.drain()
        return refused(refusal) if refusal else submit.answer_again(parts, first, lines.digest())
    if refusal := await quota.exceeded(request):
        return refused(refusal)
    begun = await _order(lines, parts, now)
    if isinstance(begun, Refusal):
        return refused(begun)
    submitted = await _read(begun, lines, parts, now)
    if isinstance(submitted, Refusal):
        return refused(submitted)
    async with parts.admission.at_work:
        return await submit.make(request, submitted, key, lines.digest() if key else None, started)


async def _read(begun: "_Begun", lines: "_Lines", parts: Parts, now: datetime) -> Reading | Refusal:
    """What follows on the first line."""
    listed = Listed(_slices(lines, begun.table), lambda: _fault(begun.table), parts.numbers)
    return await read_list(begun.order, listed, begun.ignored, parts, now)


class _Begun(NamedTuple):
    """The order of the first line, the reader of its rows, and the fields that no form knows."""

    order: Order
    table: Table
    ignored: list[str]


class _Lines:
    """The lines of a body, some at a time, each with its number; blank ones pass."""

    def __init__(self, body: Body, path: str) -> None:
        self._body, self._rest, self._line = body, b"", 0
        self._back: list[tuple[int, bytes]] = []
        self._hash = hashlib.sha256(path.encode() + b"\n")

    def digest(self) -> bytes:
        """What tells this body from another, as far as it was read."""
        return self._hash.digest()

    async def next(self) -> list[tuple[int, bytes]] | Refusal:
        """The lines that came; empty at the end."""
        if self._back:
            back, self._back = self._back, []
            return back
        while True:
            chunk = await self._body.next()
            if isinstance(chunk, Refusal):
                return chunk
            self._hash.update(chunk)
            *whole, self._rest = (self._rest + chunk).split(b"\n")
            if not chunk and self._rest:
                whole, self._rest = [self._rest], b""
            lines = self._numbered(whole)
            if isinstance(lines, Refusal) or lines or not chunk:
                return lines

    def give_back(self, lines: list[tuple[int, bytes]]) -> None:
        """They come again as the next ones."""
        self._back = lines

    async def drain(self) -> Refusal | None:
        """Read what is left, for its digest."""
        while lines := await self.next():
            if isinstance(lines, Refusal):
                return lines
        return None

    def _numbered(self, whole: list[bytes]) -> list[tuple[int, bytes]] | Refusal:
        lines = []
        for text in whole:
            self._line += 1
            if len(text) > LONGEST_LINE_BYTES:
                return _too_long(self._line)
            line = text.removeprefix(_BOM) if self._line == 1 else text
            if line.strip():
                lines.append((self._line, line))
        return _too_long(self._line + 1) if len(self._rest) > LONGEST_LINE_BYTES else lines


async def _order(lines: _Lines, parts: Parts, now: datetime) -> _Begun | Refusal:
    first = await lines.next()
    if isinstance(first, Refusal):
        return first
    if not first:
        return errors.bad_request("The body is empty: the order is its first line.")
    (_, line), *rest = first
    lines.give_back(rest)
    try:
        request = msgspec.json.decode(line, type=api.CustomizeSend)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _at_line(1, malformed(error, line))
    if request.data is not None or request.upload_id is not None:
        return errors.bad_request("The rows are on the lines after the first: data and uploadId"
                                  " do not belong into it.")  # fmt: skip
    order = checked(msgspec.structs.replace(request, data=[]), parts, now)
    if isinstance(order, Refusal):
        return order
    assert isinstance(order.source, Table)
    return _Begun(order, order.source, ignored_fields(line, api.CustomizeSend))


async def _slices(lines: _Lines, table: Table) -> Slices:
    while some := await lines.next():
        if isinstance(some, Refusal):
            yield some
            return
        for start in range(0, len(some), SLICE):
            yield _entries(some[start : start + SLICE], table)


def _entries(lines: list[tuple[int, bytes]], table: Table) -> list[Entry] | Refusal:
    entries = []
    for number, line in lines:
        if b"\\u0000" in line:
            return errors.bad_request(f"Line {number} has a NUL character (\\u0000): remove it.")
        try:
            entries.append(table.entry(number, line))
        except MalformedRow as error:
            return errors.bad_request(f"Line {number} cannot be read: {error.why}.")
    return entries


def _fault(table: Table) -> str | None:
    fault = table.fault()
    return fault and fault.replace("data has", "The rows have", 1)


def _at_line(number: int, refusal: Refusal) -> Refusal:
    return msgspec.structs.replace(refusal, message=f"Line {number}: {refusal.message}")


def _too_long(number: int) -> Refusal:
    return errors.bad_request(f"Line {number} has more than {LONGEST_LINE_BYTES // 2**10} KiB.")
