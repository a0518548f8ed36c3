"""A file that was uploaded before, as the list of a submission."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from functools import lru_cache
from typing import NamedTuple

from gateway import errors, picks
from gateway.errors import Refusal
from gateway.guesses import names_of
from gateway.numbers import Numbers
from gateway.parts import Parts
from gateway.picks import FromUpload, Only, Picks
from gateway.recipients import Entry
from gateway.upload_rows import Row
from gateway.upload_store import Kept


class Opened(NamedTuple):
    """An upload whose columns are those that are asked for."""

    kept: Kept
    has_header: bool
    picks: Picks
    numbers: Numbers
    only: Only | None


async def open_upload(asked: FromUpload, owner: str, parts: Parts) -> Opened | Refusal:
    """The upload that a submission names, if it is its owner's and has those columns."""
    kept = await parts.uploads.read(asked.upload_id)
    if kept is None:
        return errors.upload_not_found(str(asked.upload_id))
    if kept.owner != owner:
        return not_yours()
    has_header = kept.has_header if asked.has_header is None else asked.has_header
    columns = names_of(kept.heading, len(kept.heading), has_header=has_header)
    if problem := picks.missing(columns, asked):
        return errors.bad_request(problem)
    numbers = numbers_of(kept.region, parts)
    return Opened(kept, has_header, Picks(columns, asked), numbers, asked.only)


async def slices_of(
    opened: Opened, parts: Parts, size: int
) -> AsyncGenerator[list[Entry] | Refusal]:
    """Its entries, some at a time, or the one that is asked for."""
    pick = opened.picks.entry
    async with aclosing(_rows(opened, parts)) as stretches:
        if opened.only:
            yield await _one(opened.only, stretches, pick)
            return
        async for rows in stretches:
            if isinstance(rows, Refusal):
                yield rows
                return
            for start in range(0, len(rows), size):
                yield [pick(row) for row in rows[start : start + size]]


async def _rows(opened: Opened, parts: Parts) -> AsyncGenerator[Sequence[Row] | Refusal]:
    """Without the header. An upload that was deleted meanwhile is not taken for a short one."""
    rows_read = 0
    async with aclosing(parts.uploads.chunks(opened.kept.id)) as chunks:
        async for chunk in chunks:
            yield chunk.rows[1:] if opened.has_header and not rows_read else chunk.rows
            rows_read += len(chunk.rows)
    if rows_read != opened.kept.rows:
        yield errors.upload_not_found(str(opened.kept.id))


async def _one(
    only: Only, stretches: AsyncGenerator[Sequence[Row] | Refusal], pick: Callable[[Row], Entry]
) -> list[Entry] | Refusal:
    """That row, for the number that is to get it."""
    passed = 0
    async for rows in stretches:
        if isinstance(rows, Refusal):
            return rows
        if only.row <= passed + len(rows):
            return [pick(rows[only.row - passed - 1])._replace(value=only.to)]
        passed += len(rows)
    return errors.bad_request(f"row must be from 1 to {passed}, the rows of the upload.")


def not_yours() -> Refusal:
    """That somebody else brought it."""
    return errors.access_denied("This upload belongs to the holder of another key.")


def numbers_of(region: str | None, parts: Parts) -> Numbers:
    """What reads numbers of a file: by the country that was named with it, or the gateway's.

    Raises ValueError for a country without phone numbers.
    """
    return _numbers(region) if region else parts.numbers


@lru_cache(maxsize=32)
def _numbers(region: str) -> Numbers:
    return Numbers(region)
