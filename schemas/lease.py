"""How long a holder of a turn may send: the inequality that keeps two holders apart.

    request timeout  <  LEASE_SHARE x ack wait  <  ack wait

JetStream gives a turn to another daemon once it has heard nothing of it for the ack wait. Its
holder counts from the moment at which it *asked* for its last answered heartbeat, and stops
claiming and sending after LEASE_SHARE of the ack wait: before another can start, by the fifth that
is left for clocks that run at different speeds. The longest request is shorter than that, so a
lease that is renewed covers every request made under it.

    a claimed message leaves within CLAIM_SECONDS, or not at all

A successor of a holder that may still live raises the epoch, after which nothing more can be
claimed, and waits until what was claimed before cannot be on its way any more. So even a delivery
that breaks the first line (a server that forgot who holds a turn) never lets two send at once.

Where what stays in doubt is sent again:

    BULK_UNKNOWN_AFTER_S  >=  request timeout + CLAIM_SECONDS

Else a message could be sent again while the answer to its first request is still awaited.
"""

from typing import Final

LEASE_SHARE: Final = 0.8
CLAIM_SECONDS: Final = 2.0


def what_breaks_the_lease(request_timeout_ms: int, ack_wait_seconds: int) -> str | None:
    """Why these settings cannot keep two holders apart, in a sentence; None: they do."""
    lease_ms = LEASE_SHARE * ack_wait_seconds * 1000
    if request_timeout_ms < lease_ms:
        return None
    return (
        f"BULK_REQUEST_TIMEOUT_MS must be below {LEASE_SHARE} times BULK_ACK_WAIT_S;"
        f" {request_timeout_ms} ms is not below {lease_ms:.0f} ms: lower it, or set BULK_ACK_WAIT_S"
        f" to {int(request_timeout_ms / 1000 / LEASE_SHARE) + 1} or more"
    )


def answer_seconds(request_timeout_ms: int) -> float:
    """How long after its claim an answer to a message may still come."""
    return request_timeout_ms / 1000 + CLAIM_SECONDS


def what_resends_too_soon(request_timeout_ms: int, doubt_seconds: int) -> str | None:
    """Why a message could be sent again while it is under way, in a sentence; None: it cannot."""
    least = answer_seconds(request_timeout_ms)
    if doubt_seconds >= least:
        return None
    return (
        f"BULK_UNKNOWN_AFTER_S must be at least {least:.0f} with BULK_UNKNOWN_POLICY=resend: the"
        f" request timeout and {CLAIM_SECONDS:.0f} s; {doubt_seconds} is less"
    )
