"""What people are told of a slowed number is what the daemon goes by."""

import pytest

from daemon.rows import Slowed
from daemon.tempo import Tempo
from schemas.slowing import grown, seconds_to


@pytest.mark.parametrize(
    ("slowed_to", "origin", "full"), [(5, 10, 10), (20, 80, 80), (0.5, 10, 10), (5, 10, 6)]
)
def test_it_is_back_at_its_pace_when_that_was_said(
    slowed_to: float, origin: float, full: float
) -> None:
    seconds = seconds_to(full, slowed_to, origin)
    tempo = Tempo(full, Slowed(slowed_to, origin), now=0)
    assert tempo.per_second(seconds - 0.1) == pytest.approx(grown(slowed_to, origin, seconds - 0.1))
    assert tempo.is_slowed
    assert tempo.per_second(seconds) == full
    assert not tempo.is_slowed


def test_what_is_there_already_takes_no_time() -> None:
    assert seconds_to(5, 5, 10) == 0
    assert grown(5, 10, -1) == 5
