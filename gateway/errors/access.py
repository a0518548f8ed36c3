"""Refusals of who may not, and about keys and sending numbers."""

from collections.abc import Sequence

from gateway.errors.refusal import Refusal


def authentication_required() -> Refusal:
    return Refusal(
        status=401,
        error="Authentication required",
        message="Send a key as `Authorization: Bearer <key>` or `X-API-Key: <key>`: one of"
        " API_KEYS, or one that was made here and is neither revoked nor expired.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def access_denied(message: str) -> Refusal:
    return Refusal(status=403, error="Access denied", message=message)


def scope_missing(needed: str, held: Sequence[str]) -> Refusal:
    """As RFC 6750, 3.1 has it."""
    return Refusal(
        status=403,
        error="Scope missing",
        message=f"This key has not the scope {needed}: use one that has it, or have one made.",
        details={"needed": needed, "held": list(held)},
        headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{needed}"'},
    )


def key_not_found() -> Refusal:
    """What was given is not told again: it may be the key itself."""
    return Refusal(
        status=404,
        error="Key not found",
        message="There is no key with this id: GET /api/keys lists them.",
    )


def number_not_found(phone_number_id: str) -> Refusal:
    return Refusal(
        status=404,
        error="Number not found",
        message="No such sending number is kept: GET /api/numbers lists them.",
        details={"phoneNumberId": phone_number_id[:64]},
    )


def number_of_environment(phone_number_id: str) -> Refusal:
    return Refusal(
        status=409,
        error="Number of the environment",
        message="This number is set by META_PHONE_NUMBER_ID and META_ACCESS_TOKEN: change it there,"
        " or keep it here with PUT /api/numbers/{phoneNumberId}, which then holds.",
        details={"phoneNumberId": phone_number_id},
    )


def number_has_jobs(phone_number_id: str, job_ids: Sequence[str]) -> Refusal:
    return Refusal(
        status=409,
        error="Number has jobs",
        message="Jobs of this number have not ended: cancel them, or wait. With enabled: false it"
        " takes no new ones.",
        details={"phoneNumberId": phone_number_id, "jobs": list(job_ids)},
    )


def number_disabled(phone_number_id: str) -> Refusal:
    return Refusal(
        status=409,
        error="Number disabled",
        message="This sending number takes no new jobs: enable it, or send from another.",
        details={"phoneNumberId": phone_number_id},
    )


def number_refused(phone_number_id: str, status: int) -> Refusal:
    return Refusal(
        status=400,
        error="Token refused",
        message=f"Meta does not let this token ask about the number (HTTP {status}), so nothing was"
        " kept: check both. `check: false` keeps them unasked.",
        details={"phoneNumberId": phone_number_id},
    )


def no_secret_key() -> Refusal:
    return Refusal(
        status=409,
        error="No SECRET_KEY",
        message="Tokens are sealed before they are kept: set SECRET_KEY to what `openssl rand -hex"
        " 32` says, the same for all gateways and daemons, and start them anew.",
    )
