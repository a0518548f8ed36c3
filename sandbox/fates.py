"""Recipients with a fixed fate: what becomes of a send is written in the number's last digits.

The last seven digits are a 9, for what is answered, or an 8, for what comes later by webhook, and
six more: those of an error code, of `VARIANTS`, or of `COURSES`. Such numbers can exist in most
countries, and runs of made-up ones that count from 1 do not meet them.
"""

from enum import StrEnum
from typing import Any, Final

import msgspec

from sandbox import answers
from sandbox.courses import Course, Echo, Hold, Status, Voice, failing
from sandbox.errors import CATALOGUE, Refusal

MARK: Final = "9"  # of what is answered
LATER_MARK: Final = "8"  # of what comes later
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
    course: Course | None = None  # None: as chance has it


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
    "000014": Fate(
        "throttled with 130429 and only X-Business-Use-Case-Usage, which says 1 minute; accepted"
        " at the second attempt",
        refusal=Refusal(130429, regain_minutes=1),
        once=True,
    ),
    "000015": Fate(
        "throttled in an HTTP 400: 80007 with Retry-After: 1, accepted at the second attempt",
        refusal=Refusal(80007, http_status=400, retry_after_seconds=1),
        once=True,
    ),
    "000016": Fate(
        "429 with a page of HTML, not accepted",
        accepted=False,
        page=Page(429, answers.TOO_MANY, "text/html"),
    ),
}


def _later(meaning: str, *reaches: str, delay_seconds: float = 0, **course: Any) -> Fate:
    if reaches:
        course["reaches"] = reaches
    return Fate(f"accepted; {meaning}", delay_seconds=delay_seconds, course=Course(**course))


def _echoing(meaning: str, *echoes: Echo) -> Fate:
    return _later(meaning, Status.SENT, Status.DELIVERED, Status.READ, echoes=echoes)


COURSES: Final[dict[str, Fate]] = {
    # receipts
    "000001": _later("sent, delivered and read at once", at_once=True),
    "000002": _later("its receipts are never posted", lost=True),
    "000003": _later("each of its receipts comes twice", twice=True),
    "000004": _later("its receipts come last one first", backwards=True),
    "000005": _later("sent, and never delivered: who blocked the business", Status.SENT),
    "000006": _later("read, with no `delivered` before it", Status.SENT, Status.READ),
    "000007": _later("times in milliseconds", milliseconds=True),
    "000008": _later(
        "its receipts come at once, and the answer after 3 s", at_once=True, delay_seconds=3
    ),
    "000009": _later("a status that nobody knows", Status.SENT, "deleted", Status.DELIVERED),
    "000010": _later("sent, then failed with 131026", Status.SENT, Status.FAILED, code=131026),
    # held
    "000011": _later("held for quality, then released", hold=Hold.RELEASED),
    "000012": _later("held for quality, then dropped: failed with 132015", hold=Hold.DROPPED),
    "000013": _later("`paused` in the 200, and never delivered", hold=Hold.PAUSED),
    # what people do
    "000021": _echoing("writes STOP", Echo(Voice.TEXT)),
    "000022": _echoing("taps the first quick reply of the template", Echo(Voice.BUTTON)),
    "000023": _echoing("taps STOP below an interactive message", Echo(Voice.REPLY)),
    "000024": _echoing("stops marketing messages in WhatsApp", Echo(Voice.STOP)),
    "000025": _echoing(
        "stops marketing messages, then resumes them", Echo(Voice.STOP), Echo(Voice.RESUME)
    ),
    "000026": _echoing("writes thanks, which is no STOP", Echo(Voice.TEXT, "Thanks, stop by soon")),
    "000027": _echoing("writes stop with an accent and a dot", Echo(Voice.TEXT, " Arr\u00eat. ")),
}


def fate_of(recipient: str) -> Fate | None:
    """The fate in the last digits of a number, or None: most have none."""
    return _BY_ENDING.get(recipient[-_DIGITS - 1 :])


_CODES: Final = {code: known for code, known in CATALOGUE.items() if len(str(code)) == _DIGITS}
_BY_ENDING: Final[dict[str, Fate]] = {
    **{MARK + digits: fate for digits, fate in VARIANTS.items()},
    **{LATER_MARK + digits: fate for digits, fate in COURSES.items()},
    **{
        f"{MARK}{code}": Fate(f"refused with {code}: {known.title}", refusal=Refusal(code))
        for code, known in _CODES.items()
    },
    **{
        f"{LATER_MARK}{code}": Fate(f"accepted, then failed with {code}", course=failing(code))
        for code in _CODES
    },
}
