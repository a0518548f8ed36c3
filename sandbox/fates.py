"""Recipients with a fixed fate: what becomes of a send is written in the number's last digits.

The last seven digits are a 9 and six more: those of an error code, or those of `VARIANTS`. Such
numbers can exist in most countries, and runs of made-up ones that count from 1 do not meet them.
"""

from enum import StrEnum
from typing import Final

import msgspec

from sandbox import answers
from sandbox.errors import CATALOGUE, Refusal

MARK: Final = "9"
_DIGITS: Final = 6


class Manner(StrEnum):
    """How the answer is given."""

    PLAIN = "plain"
    SILENT = "silent"  # never; the connection stays open
    DROPPED = "dropped"  # never; the connection is closed
    DRIP = "dripped"  # a byte at a time


class Page(msgspec.Struct, frozen=True):
    """An answer that is none of the API's."""

    status: int
    body: bytes
    content_type: str = "application/json"


class Fate(msgspec.Struct, frozen=True):
    """What becomes of a send."""

    meaning: str
    accepted: bool = True
    manner: Manner = Manner.PLAIN
    page: Page | None = None  # in place of the answer
    refusal: Refusal | None = None
    once: bool = False  # every second attempt is accepted
    delay_seconds: float = 0


VARIANTS: Final[dict[str, Fate]] = {
    "000001": Fate("accepted; the answer never comes", manner=Manner.SILENT),
    "000002": Fate("accepted; the connection is dropped instead", manner=Manner.DROPPED),
    "000003": Fate("connection dropped, not accepted", accepted=False, manner=Manner.DROPPED),
    "000004": Fate(
        "502 with a page of HTML, not accepted",
        accepted=False,
        page=Page(502, answers.BAD_GATEWAY, "text/html"),
    ),
    "000005": Fate("accepted; 200 with null for the message", page=Page(200, answers.NULLS)),
    "000006": Fate(
        "refused with 131000, accepted at the second attempt", refusal=Refusal(131000), once=True
    ),
    "000007": Fate(
        "throttled: 130429 with Retry-After: 1, accepted at the second attempt",
        refusal=Refusal(130429, retry_after_seconds=1),
        once=True,
    ),
    "000008": Fate("accepted; the answer takes 3 s", delay_seconds=3),
    "000009": Fate("accepted; 200 with an empty body", page=Page(200, b"")),
    "000010": Fate(
        "throttled in an HTTP 400: 130429 without Retry-After, accepted at the second attempt",
        refusal=Refusal(130429, http_status=400),
        once=True,
    ),
    "000011": Fate("accepted; the answer comes a byte at a time", manner=Manner.DRIP),
    "000012": Fate(
        "accepted; 500 with a page of HTML", page=Page(500, answers.SERVER_ERROR, "text/html")
    ),
    "000013": Fate("accepted; the answer takes 20 s", delay_seconds=20),
}


def fate_of(recipient: str) -> Fate | None:
    """The fate in the last digits of a number, or None: most have none."""
    if recipient[-_DIGITS - 1 : -_DIGITS] != MARK:
        return None
    return _BY_DIGITS.get(recipient[-_DIGITS:])


_BY_DIGITS: Final = VARIANTS | {
    str(code): Fate(f"refused with {code}: {known.title}", refusal=Refusal(code))
    for code, known in CATALOGUE.items()
    if len(str(code)) == _DIGITS
}
