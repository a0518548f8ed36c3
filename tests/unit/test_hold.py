"""A number that is held back rests as long as Meta asks, and what came together is one sign."""

from daemon.hold import Hold, Limit, Sign
from daemon.verdicts import Again, Sent
from schemas.outcomes import Accepted, ApiError, NotWritten, Throttled

THROTTLED = Throttled(ApiError(130429, "Rate limit"))


def held(seconds: float) -> Again:
    return Again(seconds, "throttled", counts=False, holds_lane=True)


def test_what_was_in_flight_together_is_one_hold_that_lasts_as_long_as_the_longest() -> None:
    hold = Hold()
    assert hold.note(THROTTLED, held(2), now=100) is Sign.HELD
    assert hold.note(THROTTLED, held(1.5), now=101) is Sign.NOTHING
    assert hold.note(THROTTLED, held(5), now=101) is Sign.LONGER
    assert (hold.until, hold.in_a_row) == (106, 1)
    assert hold.note(THROTTLED, held(1), now=106) is Sign.HELD
    assert hold.in_a_row == 2


def test_little_by_little_a_hold_becomes_longer_than_was_said() -> None:
    hold = Hold()
    hold.note(THROTTLED, held(2), now=100)
    assert hold.note(THROTTLED, held(2.7), now=100) is Sign.NOTHING
    assert hold.note(THROTTLED, held(3.4), now=100) is Sign.LONGER


def test_too_fast_is_news_of_a_number_that_could_not_be_reached() -> None:
    hold = Hold()
    assert hold.note(NotWritten("refused"), held(9), now=100) is Sign.HELD
    assert hold.note(THROTTLED, held(1), now=101) is Sign.HELD
    assert (hold.by, hold.until) == ("throttled", 109)
    assert hold.note(NotWritten("refused"), held(60), now=102) is Sign.NOTHING


def test_a_message_that_got_through_ends_the_row() -> None:
    hold = Hold()
    hold.note(NotWritten("refused"), held(1), now=100)
    assert (hold.by, hold.in_a_row) == ("unreachable", 1)
    hold.note(Accepted("wamid.1"), Sent("wamid.1", "accepted"), now=102)
    assert hold.in_a_row == 0


def test_a_message_that_waits_alone_holds_nobody_else() -> None:
    hold = Hold()
    alone = Again(4, "pair rate", counts=True, holds_lane=False)
    assert hold.note(THROTTLED, alone, now=100) is Sign.NOTHING
    assert hold.until < 100


def test_most_messages_leaving_late_means_that_the_answers_limit_the_rate() -> None:
    limit = Limit()
    assert limit.note(0.0, 0.1) == "rate"
    said = [limit.note(0.08, 0.1) for _ in range(20)]
    assert (said[0], said[-1]) == ("rate", "latency")
    assert limit.note(0.0, 0.0) is None


def test_a_number_that_rests_tells_once_and_lasts_as_long_as_the_longest() -> None:
    hold = Hold()
    assert hold.rest(160, "messaging limit")
    assert not hold.rest(150, "throttled")
    assert (hold.seconds(100), hold.seconds(170), hold.by) == (60, 0, "messaging limit")


def test_a_slowed_number_is_limited_by_the_throttle_and_not_by_its_rate() -> None:
    limit = Limit()
    assert limit.note(0.0, 0.2, is_slowed=True) == "throttled"
    assert limit.note(0.0, 0.1) == "rate"
