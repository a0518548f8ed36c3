"""The sending number as Meta shows it: may it send, how fast, to how many, how well liked. Pure."""

from collections.abc import Iterator
from typing import Final

import msgspec

from daemon.limits import people_of
from deploy.checks.result import Result, note, ok, warning, wrong
from schemas.settings import Daemon

FIELDS: Final = (
    "id,display_phone_number,verified_name,quality_rating,throughput,status,name_status,"
    "whatsapp_business_manager_messaging_limit,messaging_limit_tier"
)
PER_SECOND: Final = {"STANDARD": 80, "HIGH": 1000}  # business-messaging/whatsapp: throughput
NAMES_IN_USE: Final = frozenset(("APPROVED", "AVAILABLE_WITHOUT_REVIEW", "NONE", ""))


class Throughput(msgspec.Struct, frozen=True):
    level: str = ""


class Number(msgspec.Struct, frozen=True):
    """GET /{phone_number_id}."""

    display_phone_number: str = ""
    verified_name: str = ""
    quality_rating: str = ""
    status: str = ""
    name_status: str = ""
    throughput: Throughput | None = None
    whatsapp_business_manager_messaging_limit: str | None = None
    messaging_limit_tier: str | None = None


def of_number(number: Number, daemon: Daemon) -> Iterator[Result]:
    """All that is worth a line."""
    limit = people_of(msgspec.json.encode(number))
    yield ok(
        f"The number is {number.display_phone_number} ({number.verified_name}), quality"
        f" {number.quality_rating or 'not told'}, {_people(number, limit)}."
    )
    yield from _state(number)
    yield from _quality(number)
    yield from _pace(number, daemon)
    if daemon.messaging_limit and limit and daemon.messaging_limit > limit:
        yield warning(
            f"MESSAGING_LIMIT is {daemon.messaging_limit:,}, and Meta allows {limit:,} people a"
            " day.",
            "Unset it: then Meta's own is kept.",
        )


def _people(number: Number, limit: int | None) -> str:
    tier = number.whatsapp_business_manager_messaging_limit or number.messaging_limit_tier
    if limit:
        return f"{limit:,} people in 24 hours"
    return "any number of people" if tier == "TIER_UNLIMITED" else "its messaging limit not told"


def _state(number: Number) -> Iterator[Result]:
    if number.status not in ("CONNECTED", ""):
        yield wrong(
            f"The number is {number.status}, and only a CONNECTED one can send (133010).",
            "Register it (Meta: POST /{phone_number_id}/register), or look in WhatsApp Manager why"
            " it was stopped.",
        )
    if number.name_status not in NAMES_IN_USE:
        yield warning(
            f"Its display name is {number.name_status}.",
            "See to its name in WhatsApp Manager; without one that is approved, limits stay low.",
        )


def _quality(number: Number) -> Iterator[Result]:
    if number.quality_rating in ("RED", "YELLOW"):
        yield warning(
            f"Its quality is {number.quality_rating}: people block or report what it sends."
            + (" Meta may pause templates and stop it." if number.quality_rating == "RED" else ""),
            "Write to fewer people, who asked for it, and give them a way to say stop.",
        )


def _pace(number: Number, daemon: Daemon) -> Iterator[Result]:
    level = number.throughput.level if number.throughput else ""
    allowed = PER_SECOND.get(level)
    if allowed is None:
        if level:
            yield note(f"Its throughput is {level}: how many a second that is, Meta does not say.")
    elif daemon.messages_per_second > allowed:
        yield warning(
            f"BULK_MESSAGES_PER_SECOND is {daemon.messages_per_second}, and the number may send"
            f" {allowed} a second ({level}): what is more is refused (130429), and slows it down.",
            f"Set it to {allowed} or less.",
        )
