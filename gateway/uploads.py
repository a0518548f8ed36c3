"""Files of recipients: brought, looked at, deleted, and what was rejected of them as a file."""

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from typing import Final
from uuid import UUID

import msgspec
from aiohttp import web

from gateway import errors, outflow, sheets
from gateway.answers import answer, refused
from gateway.auth import owner_of
from gateway.bodies import Body, FormFile
from gateway.errors import Refusal
from gateway.guesses import Wishes, names_of
from gateway.parts import PARTS
from gateway.readers import delimiter_named, reader_of
from gateway.taking import Brought, Taking
from gateway.texts import known_encoding
from gateway.upload_rows import Chunk
from gateway.upload_store import Kept, Uploads
from gateway.uploaded import not_yours, numbers_of
from schemas.environment import parse_region, parse_yes_or_no
from schemas.upload_api import Upload, UploadDeleted

BODY_LIMIT_BYTES: Final = 50 * 2**20
BODY_SECONDS: Final = 600.0
ADVICE: Final = "split the file, or leave out the columns that no message needs"
LONGEST_FILENAME: Final = 255


class _Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the query says of the file."""

    filename: str | None
    region: str | None
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    wishes: Wishes


async def take(request: web.Request) -> web.Response:
    """`POST /api/bulk/upload`: a CSV or an XLSX of up to 50 MiB, as the body or within a form."""
    parts = request.app[PARTS]
    options = _options(request.query)
    if isinstance(options, Refusal):
        return refused(options)
    try:
        numbers_of(options.region, parts)
    except ValueError as error:
        return refused(errors.bad_request(f"region: {error}."))
    if parts.transfers.is_full:
        return refused(errors.too_many_transfers())
    with parts.transfers:
        return await _take(request, options)


async def read(request: web.Request) -> web.Response:
    """`GET /api/bulk/upload/{id}`: what was answered when it was brought."""
    kept = await _find(request)
    if isinstance(kept, Refusal):
        return refused(kept)
    return answer(msgspec.json.decode(kept.answer, type=Upload))


async def delete(request: web.Request) -> web.Response:
    """`DELETE /api/bulk/upload/{id}`: jobs that were made of it stay as they are."""
    kept = await _find(request)
    if isinstance(kept, Refusal):
        return refused(kept)
    parts = request.app[PARTS]
    await parts.uploads.delete(kept.id)
    parts.log.info("upload deleted", upload_id=str(kept.id), owner=kept.owner)
    return answer(UploadDeleted(kept.id))


async def rejected(request: web.Request) -> web.StreamResponse:
    """`GET /api/bulk/upload/{id}/rejected.csv`: its rejected rows, each with its line and why."""
    kept, transfers = await _find(request), request.app[PARTS].transfers
    if isinstance(kept, Refusal):
        return refused(kept)
    if transfers.is_full:
        return refused(errors.too_many_transfers())
    with transfers:
        return await _give(request, kept)


async def _take(request: web.Request, options: _Options) -> web.Response:
    parts, owner = request.app[PARTS], owner_of(request)
    is_form = request.content_type.startswith("multipart/")
    body = (FormFile if is_form else Body)(
        request, limit_bytes=BODY_LIMIT_BYTES, seconds=BODY_SECONDS, advice=ADVICE
    )
    reader = await reader_of(body, options.encoding, options.delimiter, options.sheet)
    if isinstance(reader, Refusal):
        return refused(reader)
    name = options.filename or (body.filename if isinstance(body, FormFile) else None)
    brought = Brought(filename=_clean(name), region=options.region, wishes=options.wishes)
    try:
        said = await Taking(parts, owner, brought).run(body, reader)
    finally:
        await reader.close()
    if isinstance(said, Refusal):
        parts.log.info("upload refused", owner=owner, bytes=body.size, why=said.message)
        return refused(said)
    parts.log.info("upload taken", upload_id=str(said.id), owner=owner, format=said.format,
                   bytes=said.bytes, rows=said.rows, valid=said.valid)  # fmt: skip
    return answer(said, 201)


def _options(query: Mapping[str, str]) -> _Options | Refusal:
    """What the query says; a word that is not understood is not passed over."""
    try:
        region = parse_region(query["region"]) if query.get("region") else None
        has_header = parse_yes_or_no(query["hasHeader"]) if query.get("hasHeader") else None
    except ValueError as error:
        return errors.bad_request(f"region or hasHeader {error}.")
    encoding, delimiter = query.get("encoding") or None, query.get("delimiter") or None
    if encoding and (encoding := known_encoding(encoding)) is None:
        return errors.bad_request("encoding is none that is known: utf-8, windows-1251, gb18030 …")
    if delimiter and (delimiter := delimiter_named(delimiter)) is None:
        return errors.bad_request("delimiter must be comma, semicolon, tab or pipe.")
    sheet = query.get("sheet") or None
    if sheet and not (sheet.isprintable() and len(sheet) <= LONGEST_FILENAME):
        return errors.bad_request("sheet is the name of a sheet of the workbook, on one line.")
    return _Options(
        filename=query.get("filename"), region=region, encoding=encoding, delimiter=delimiter,
        sheet=sheet,
        wishes=Wishes(has_header, query.get("numberColumn") or None),
    )  # fmt: skip


def _clean(name: str | None) -> str | None:
    """A filename on one line, without the folders that some browsers put before it."""
    last = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(filter(str.isprintable, last))[:LONGEST_FILENAME].strip() or None


async def _find(request: web.Request) -> Kept | Refusal:
    """The upload that the path names, if it is the asker's."""
    named = request.match_info["upload_id"]
    try:
        kept = await request.app[PARTS].uploads.read(UUID(named))
    except ValueError:
        kept = None
    if kept is None:
        return errors.upload_not_found(named)
    return kept if kept.owner == owner_of(request) else not_yours()


async def _give(request: web.Request, kept: Kept) -> web.StreamResponse:
    async with aclosing(_sheet(request.app[PARTS].uploads, kept)) as chunks:
        return await outflow.give(request, "text/csv; charset=utf-8", "rejected.csv", chunks)


async def _sheet(uploads: Uploads, kept: Kept) -> AsyncGenerator[bytes, None]:
    columns = names_of(kept.heading, len(kept.heading), has_header=kept.has_header)
    yield sheets.BOM + sheets.encoded([[*_safe(columns), "line", "reason"]])
    async with aclosing(uploads.chunks(kept.id, only_rejected=True)) as chunks:
        async for chunk in chunks:
            yield sheets.encoded(_rejected_of(chunk, len(columns)))


def _rejected_of(chunk: Chunk, width: int) -> Iterator[list[str]]:
    for reject in chunk.rejects:
        row = chunk.rows[reject.place]
        cells = [*row.cells[:width], *[""] * (width - len(row.cells))]
        yield [*_safe(cells), str(row.line), *_safe([reject.reason])]


def _safe(cells: list[str]) -> list[str]:
    return [sheets.risk_free(cell) for cell in cells]
