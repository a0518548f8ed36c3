"""Faults are read and checked in words a person can follow; chance keeps to its shares."""

from random import Random

import msgspec
import pytest

from sandbox.faults import (
    THROTTLING,
    Faults,
    drawn_code,
    from_settings,
    latency_seconds,
    parse_errors,
    throttled,
)
from schemas.sandbox_settings import Sandbox

NONE = Faults(
    latency_ms=0, latency_spread=0.3, errors={}, throughput_per_second=0, pair_burst=0, down=False
)


def test_the_settings_defaults_are_faults_too() -> None:
    assert from_settings(Sandbox()) == Faults(
        latency_ms=80, latency_spread=0.3, errors={}, throughput_per_second=80, pair_burst=45
    )


def test_errors_are_read_with_blanks() -> None:
    assert parse_errors(" 131026=0.01, 130429 = .002,") == {131026: 0.01, 130429: 0.002}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("131026", "'131026' is not"),
        ("131026=often", "'131026=often' is not"),
        ("999999=0.1", "999999"),
        ("131026=1.5", "from 0 to 1"),
        ("131026=nan", "from 0 to 1"),
        ("131026=0.6,131000=0.6", "more than 1"),
    ],
)
def test_errors_that_make_no_sense_are_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_errors(text)


@pytest.mark.parametrize("code", THROTTLING)
def test_throttling_is_answered_as_it_is_asked_for(code: int) -> None:
    usual = throttled(code, NONE)
    assert (usual.status, usual.retry_after_seconds, usual.regain_minutes) == (429, 1, None)
    asked = msgspec.structs.replace(
        NONE, throttle_status=400, throttle_retry_after_seconds=None, throttle_regain_minutes=2
    )
    other = throttled(code, asked)
    assert (other.status, other.retry_after_seconds, other.regain_minutes) == (400, None, 2)


def test_chance_keeps_to_its_shares() -> None:
    faults = msgspec.structs.replace(NONE, errors={131000: 0.2, 131026: 0.3})
    dice = Random(7)
    drawn = [drawn_code(faults.errors, dice) for _ in range(10_000)]
    assert 1_800 < drawn.count(131000) < 2_200
    assert 2_800 < drawn.count(131026) < 3_200
    assert 4_800 < drawn.count(None) < 5_200


def test_no_shares_draw_nothing_and_full_shares_always() -> None:
    dice = Random(7)
    assert {drawn_code(NONE.errors, dice) for _ in range(100)} == {None}
    always = msgspec.structs.replace(NONE, errors={131000: 1.0})
    assert {drawn_code(always.errors, dice) for _ in range(100)} == {131000}


def test_latency_is_log_normal_around_its_median() -> None:
    dice = Random(7)
    faults = msgspec.structs.replace(NONE, latency_ms=100, latency_spread=0.5)
    drawn = sorted(latency_seconds(faults, dice) for _ in range(10_001))
    assert 0.097 < drawn[5_000] < 0.103
    # one sigma above the median lies e^0.5 times as high
    assert 0.155 < drawn[8_413] < 0.175


def test_no_latency_is_none_and_no_spread_is_always_the_median() -> None:
    dice = Random(7)
    assert latency_seconds(NONE, dice) == 0
    steady = msgspec.structs.replace(NONE, latency_ms=100, latency_spread=0)
    assert {round(latency_seconds(steady, dice), 9) for _ in range(10)} == {0.1}
