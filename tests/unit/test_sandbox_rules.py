"""A change of the rules changes what it names, and a bad one says which key is wrong."""

from typing import Any

import msgspec
import pytest

from sandbox.rules import Rules, changed
from tests.sandboxes import no_faults

RULES = Rules(no_faults())


def test_a_change_leaves_the_rest_as_it_is() -> None:
    after = changed(RULES, {"faults": {"latencyMs": 5, "errors": {"131000": 0.5}, "down": True}})
    faults = msgspec.structs.replace(RULES.faults, latency_ms=5, errors={131000: 0.5}, down=True)
    assert after == msgspec.structs.replace(RULES, faults=faults)
    assert changed(after, {"faults": {}, "receipts": {}}) == after


def test_sections_change_together() -> None:
    after = changed(RULES, {"receipts": {"failed": {"131026": 0.1}}, "inbound": {"text": 0.2}})
    assert (after.receipts.failed, after.inbound.text) == ({131026: 0.1}, 0.2)


def test_what_is_shown_can_be_put_again() -> None:
    after = changed(
        RULES,
        {
            "faults": {"errors": {"131000": 0.5}, "throttleRetryAfterSeconds": None},
            "inbound": {"words": ["STOP", "Arr\u00eat"]},
        },
    )
    assert changed(RULES, msgspec.to_builtins(after, str_keys=True)) == after


@pytest.mark.parametrize(
    ("section", "change", "says"),
    [
        ("faults", {"latencyMs": -1}, "faults: .*latencyMs"),
        ("faults", {"latencyMs": "fast"}, "latencyMs"),
        ("faults", {"latency": 1}, "unknown field `latency`"),
        ("faults", {"errors": {"131026": 2}}, "errors"),
        ("faults", {"errors": {"1": 0.7, "2": 0.7}}, "more than 1"),
        ("faults", {"errors": {"131027": 0.1}}, "131027"),
        ("faults", {"down": 1}, "down"),
        ("faults", {"throughputPerSecond": 1.5}, "throughputPerSecond"),
        ("faults", {"throttleStatus": 503}, "throttleStatus"),
        ("limits", {"beyondCode": 5}, "limits: .*beyondCode 5"),
        ("limits", {"messaging": -1}, "messaging"),
        ("receipts", {"read": 1.5}, r"receipts: .*read"),
        ("receipts", {"failed": {"42": 0.1}}, "42"),
        ("inbound", {"text": 0.6, "button": 0.6}, "more than 1"),
        ("inbound", {"words": []}, "words"),
        ("webhooks", {"batchMs": 0}, "webhooks: .*batchMs"),
        ("webhooks", {"statusesPerBody": 2001}, "statusesPerBody"),
    ],
)
def test_a_bad_change_names_its_section_and_key(
    section: str, change: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        changed(RULES, {section: change})
