"""Refusals that any route knows: of bodies, methods and paths, and of what fails here."""

from collections.abc import Sequence

from gateway.errors.refusal import Refusal


def not_signed(message: str) -> Refusal:
    return Refusal(
        status=401,
        error="Signature required",
        message=message,
        headers={"WWW-Authenticate": "X-Hub-Signature-256"},
    )


def route_not_found(method: str, path: str) -> Refusal:
    return Refusal(
        status=404,
        error="ROUTE_NOT_FOUND",
        message=f"There is nothing at {method} {path}.",
        path=path,
    )


def method_not_allowed(method: str, path: str, allowed: Sequence[str]) -> Refusal:
    names = ", ".join(sorted(allowed))
    return Refusal(
        status=405,
        error="Method Not Allowed",
        message=f"{path} does not take {method}; it takes {names}.",
        path=path,
        headers={"Allow": names},
    )


def body_too_slow(seconds: float) -> Refusal:
    return Refusal(
        status=408,
        error="Request Timeout",
        message=f"The body did not arrive within {seconds:.0f} seconds; send it again.",
        headers={"Connection": "close"},
    )


def body_too_large(limit_bytes: int, advice: str = "split the list into several jobs") -> Refusal:
    is_large = limit_bytes >= 2**20
    most = f"{limit_bytes // 2**20} MiB" if is_large else f"{limit_bytes // 2**10} KiB"
    return Refusal(
        status=413,
        error="Payload too large",
        message=f"The body may have {most}: {advice}.",
    )


def form_not_served() -> Refusal:
    return Refusal(
        status=415,
        error="Unsupported Media Type",
        message="Send the file itself as the body, not a form (curl: --data-binary @list.csv).",
    )


def webhook_too_large(limit_bytes: int) -> Refusal:
    return Refusal(
        status=413,
        error="Payload too large",
        message=f"A webhook may have {limit_bytes // 2**20} MiB, as Meta's do.",
        headers={"Connection": "close"},
    )


def body_is_encoded(encoding: str) -> Refusal:
    return Refusal(
        status=415,
        error="Unsupported Media Type",
        message=f"A webhook comes as it was signed, without Content-Encoding: {encoding[:40]}.",
        headers={"Connection": "close"},
    )


def expectation_failed() -> Refusal:
    return Refusal(
        status=417,
        error="Expectation Failed",
        message="Of Expect headers only `Expect: 100-continue` is served.",
    )


def http_error(status: int, reason: str) -> Refusal:
    """What aiohttp itself refuses before any route is asked."""
    return Refusal(status=status, error=reason, message=f"{reason}.")


def internal_error(trace: str) -> Refusal:
    return Refusal(
        status=500,
        error="Internal Server Error",
        message="This is a fault of Loopcast, and it is in its log. Nothing was half made.",
        details={"requestId": trace},
    )


def ledger_unavailable() -> Refusal:
    return Refusal(
        status=503,
        error="Service Unavailable",
        message="PostgreSQL does not answer. Try again; with an Idempotency-Key a submission"
        " is never made twice.",
        headers={"Retry-After": "2"},
    )


def webhook_not_stored(reason: str) -> Refusal:
    return Refusal(
        status=503,
        error="Service Unavailable",
        message=f"{reason} The webhook is not stored: bring it again.",
        headers={"Retry-After": "2"},
    )
