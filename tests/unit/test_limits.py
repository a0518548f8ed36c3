"""The messaging limit is asked for once in a while, read from either field, and never guessed."""

import pytest
import structlog
import structlog.testing

from daemon.limits import MessagingLimits, people_of


@pytest.mark.parametrize(
    ("answer", "people"),
    [
        (b'{"whatsapp_business_manager_messaging_limit":"TIER_250"}', 250),
        (b'{"whatsapp_business_manager_messaging_limit":"TIER_2K"}', 2000),
        (b'{"whatsapp_business_manager_messaging_limit":"TIER_100K","id":"1"}', 100_000),
        (b'{"messaging_limit_tier":"TIER_1K"}', 1000),
        (b'{"whatsapp_business_manager_messaging_limit":"TIER_UNLIMITED"}', None),
        (b'{"whatsapp_business_manager_messaging_limit":"TIER_NOT_SET"}', None),
        (b'{"whatsapp_business_manager_messaging_limit":7}', None),
        (b"{}", None),
        (b"<html>", None),
    ],
)
def test_a_tier_is_a_number_of_people(answer: bytes, people: int | None) -> None:
    assert people_of(answer) == people


class Meta:
    """Answers with a tier, or not at all; counts how often it is asked."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def ask(self, _: str) -> bytes | None:
        self.asked += 1
        return self.answers.pop(0)


def limits(meta: Meta, clock: list[float], fixed: int | None = None) -> MessagingLimits:
    log = structlog.get_logger()
    return MessagingLimits(meta.ask, log, fixed=lambda _: fixed, clock=lambda: clock[0])


TIER_250 = b'{"whatsapp_business_manager_messaging_limit":"TIER_250"}'
NOT_SET = b'{"whatsapp_business_manager_messaging_limit":"TIER_NOT_SET"}'
UNLIMITED = b'{"whatsapp_business_manager_messaging_limit":"TIER_UNLIMITED"}'
TIER_2K = b'{"whatsapp_business_manager_messaging_limit":"TIER_2K"}'


async def test_it_is_asked_for_every_ten_minutes_and_when_meta_tells_of_a_change() -> None:
    meta, clock = Meta(TIER_250, TIER_2K, TIER_250), [0.0]
    kept = limits(meta, clock)
    assert [await kept.people("1") for _ in range(3)] == [250] * 3
    clock[0] = 601
    assert await kept.people("1") == 2000
    kept.forget()
    assert await kept.people("1") == 250
    assert meta.asked == 3


async def test_without_an_answer_what_was_known_stays_and_is_asked_for_again_soon() -> None:
    meta, clock = Meta(TIER_250, None, TIER_2K), [0.0]
    kept = limits(meta, clock)
    assert await kept.people("1") == 250
    clock[0] = 700
    assert await kept.people("1") == 250
    clock[0] = 761
    assert await kept.people("1") == 2000


@pytest.mark.parametrize("said", [None, b"{}", b"<html>", NOT_SET])
async def test_what_was_known_holds_until_meta_says_something_else(said: bytes | None) -> None:
    meta, clock = Meta(TIER_250, said, UNLIMITED), [0.0]
    kept = limits(meta, clock)
    assert await kept.people("1") == 250
    kept.forget()
    assert await kept.people("1") == 250
    clock[0] = 1000
    assert await kept.people("1") is None
    assert meta.asked == 3


async def test_that_no_limit_is_kept_is_said_once() -> None:
    meta, clock = Meta(None, None), [0.0]
    with structlog.testing.capture_logs() as logs:
        kept = limits(meta, clock)
        for clock[0] in (0, 70):
            assert await kept.people("1") is None
    assert [entry["log_level"] for entry in logs] == ["warning"]
    assert "MESSAGING_LIMIT" in logs[0]["event"]


async def test_a_limit_that_is_set_asks_nobody_and_zero_is_none() -> None:
    meta = Meta()
    assert await limits(meta, [0.0], fixed=500).people("1") == 500
    assert await limits(meta, [0.0], fixed=0).people("1") is None
    assert meta.asked == 0
