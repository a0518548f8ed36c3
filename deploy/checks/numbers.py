"""The sending numbers that are kept: whether their tokens open, and what Meta says of each."""

from dataclasses import replace
from typing import Final

import msgspec
import structlog

from deploy.checks.meta import meta
from deploy.checks.patient import Patient, address_of
from deploy.checks.result import Result, note, wrong
from deploy.checks.session import BROKEN, Refusal
from plumbing.book_keeper import BookKeeper
from plumbing.migrations import schema_is_current
from plumbing.postgres import open_pool
from schemas.number_book import NumberEntry

MOST_ASKED: Final = 20  # each takes a few questions


async def kept_numbers(patient: Patient) -> list[Result]:
    """Each as if it were the environment's."""
    url = patient.gateway.database_url
    keeper = BookKeeper(patient.gateway, structlog.get_logger())
    try:
        async with await open_pool(url, name="doctor", size=1) as pool:
            if not await schema_is_current(pool):
                return [note("No number was looked at: the schema is not this version's.")]
            await keeper.read(pool)
    except BROKEN as error:
        return [note(f"No number was looked at. {Refusal(address_of(url), error).said}")]
    entries = keeper.book.entries
    if not entries:
        return [note("No number is kept beside that of the environment.")]
    results = [found for entry in entries[:MOST_ASKED] for found in await _of(entry, patient)]
    left = len(entries) - MOST_ASKED
    return results + ([note(f"{left} more numbers were not asked about.")] if left > 0 else [])


async def _of(entry: NumberEntry, patient: Patient) -> list[Result]:
    number = entry.phone_number_id
    if not entry.provider.token:
        return [
            wrong(
                f"The token of the number {number} does not open with SECRET_KEY.",
                f"Set the SECRET_KEY that it was sealed with, or PUT /api/numbers/{number}/token.",
            )
        ]
    theirs = msgspec.structs.replace(
        patient.gateway, access_token=entry.provider.token, provider_name=entry.provider.name,
        graph_api_base_url=entry.provider.base_url, default_phone_number_id=number,
        waba_id=entry.waba_id, app_secrets=(entry.app_secret,) if entry.app_secret else (),
    )  # fmt: skip
    found = await meta(replace(patient, gateway=theirs))
    token = f"its token (PUT /api/numbers/{number}/token)"
    return [
        replace(
            result,
            said=f"{number}: {result.said.replace('META_ACCESS_TOKEN', 'Its token')}",
            do=result.do.replace("META_ACCESS_TOKEN", token),
        )
        for result in found
    ]  # fmt: skip
