"""Refusals about the suppression list, and about lists on their way in or out."""

from collections.abc import Sequence
from typing import Any

import msgspec

from gateway.errors.refusal import Refusal, bad_request
from schemas.suppression_api import Suppression


def no_numbers() -> Refusal:
    return Refusal(
        status=400,
        error="No numbers provided",
        message="The list is empty: give at least one phone number.",
    )


def no_valid_numbers(rejected: Sequence[Any], total: int) -> Refusal:
    return Refusal(
        status=400,
        error="No valid numbers found",
        message=f"None of the {total} entries could be read; the first reasons are in details.",
        details={"rejected": list(rejected), "rejectedTotal": total},
    )


def not_a_number(text: str, reason: str) -> Refusal:
    return bad_request(f"{text[:64]!r} is no phone number: {reason}.")


def suppression_not_found(number: str) -> Refusal:
    return Refusal(
        status=404,
        error="Suppression not found",
        message=f"{number} is not on the list, and never was.",
    )


def still_suppressed(number: str, remaining: Sequence[Suppression]) -> Refusal:
    """Nothing that was named was in force, but something else is."""
    who = "; ".join(f"{row.source}: {row.reason}" for row in remaining)
    return Refusal(
        status=409,
        error="Still suppressed",
        message=f"Nothing was lifted. For {number} this is in force: {who}. To lift it all the"
        f" same, add ?source={remaining[0].source}, or ?all=true.",
        details={"remaining": list(remaining)},
    )


def too_many_transfers() -> Refusal:
    return Refusal(
        status=429,
        error="Too many imports and exports",
        message="Several lists are being imported or exported: try again in a few seconds.",
        headers={"Retry-After": "5"},
    )


def broken_off(refusal: Refusal, lines: int) -> Refusal:
    """What ended an import in its middle, and that what came before it is on the list."""
    if not lines:
        return refusal
    return msgspec.structs.replace(
        refusal,
        message=f"{refusal.message} {lines} lines are on the list; to send them again is safe.",
        details={"lines": lines},
    )
