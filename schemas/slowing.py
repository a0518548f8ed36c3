"""How a number that was throttled grows back to its pace: by a tenth, every ten seconds. Pure."""

import math
from typing import Final

STEP_SECONDS: Final = 10.0
STEP_SHARE: Final = 0.1  # of the rate at which it was throttled


def grown(to_per_second: float, from_per_second: float, seconds: float) -> float:
    """What it has grown to, so many seconds after it was slowed."""
    steps = int(max(0.0, seconds) / STEP_SECONDS)
    return to_per_second + steps * STEP_SHARE * from_per_second


def seconds_to(per_second: float, to_per_second: float, from_per_second: float) -> float:
    """After how many seconds it has grown to a rate again."""
    steps = (per_second - to_per_second) / (STEP_SHARE * from_per_second)
    return max(0, math.ceil(round(steps, 6))) * STEP_SECONDS
