"""Which version a message on JetStream is of."""

import msgspec
import pytest

from schemas.events import encode_envelope
from schemas.jobs import JobOrder
from schemas.wire import HEADER, NO_NUMBER, READS, headers_of, version_of
from tests.unit.test_hub import JOB, started


@pytest.mark.parametrize(("headers", "payload", "version"), [
    (None, b"", 1),
    (None, b"{}", 1),
    (None, b"not JSON", 1),
    (None, b'{"v": 2}', 2),
    (None, b'{"v": "2"}', NO_NUMBER),
    (None, b'{"v": true}', NO_NUMBER),
    ({HEADER: "3"}, b'{"v": 2}', 3),
    ({HEADER: "new"}, b"", NO_NUMBER),
    ({"Nats-Msg-Id": "1"}, b"", 1),
    (headers_of(7), b"", 7),
])  # fmt: skip
def test_a_message_says_its_version_or_is_of_the_first(
    headers: dict[str, str] | None, payload: bytes, version: int
) -> None:
    assert version_of(headers, payload) == version


def test_what_is_no_number_is_known_to_nobody() -> None:
    assert NO_NUMBER not in READS.turns | READS.receipts


def test_turns_and_events_say_theirs_in_the_payload() -> None:
    order = JobOrder(JOB, "4711", "hello", 3)
    assert b'"v":1' in msgspec.json.encode(order)
    assert b'"v":1' in encode_envelope(1, [started(1)])
