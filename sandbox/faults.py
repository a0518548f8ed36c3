"""What the sandbox does wrong on purpose: latency, refusals by chance, limits, downtime."""

import math
from collections.abc import Mapping
from random import Random
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from sandbox.errors import CATALOGUE, Refusal
from schemas.sandbox_settings import Sandbox

Share = Annotated[float, Meta(ge=0, le=1)]
THROTTLING: Final = frozenset({4, 80007, 80008, 130429})


class Faults(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """The faults in force. Shares are of sends that are otherwise fine, by error code."""

    latency_ms: Annotated[float, Meta(ge=0, le=60_000)]
    latency_spread: Annotated[float, Meta(ge=0, le=2)]
    errors: dict[int, Share]
    throughput_per_second: Annotated[int, Meta(ge=0, le=100_000)]
    pair_burst: Annotated[int, Meta(ge=0, le=100_000)]
    down: bool = False
    token_dead: bool = False
    lost_answers: Share = 0  # of the accepted: the answer never comes
    throttle_status: Literal[429, 400] = 429  # Meta answers throttling with either
    throttle_retry_after_seconds: Annotated[int, Meta(ge=0, le=86_400)] | None = 1  # None: unsaid
    throttle_regain_minutes: Annotated[int, Meta(ge=0, le=1440)] | None = None  # None: no header

    def __post_init__(self) -> None:
        check_shares(self.errors)


def from_settings(settings: Sandbox) -> Faults:
    """The faults to start with. Raises ValueError when SANDBOX_ERRORS cannot be read."""
    return Faults(
        latency_ms=settings.latency_ms,
        latency_spread=settings.latency_spread,
        errors=parse_errors(settings.errors),
        throughput_per_second=settings.throughput_per_second,
        pair_burst=settings.pair_burst,
    )


def parse_errors(text: str) -> dict[int, float]:
    """`131026=0.01,130429=0.002` as shares by code. Raises ValueError with what to do."""
    shares: dict[int, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        code, _, share = part.partition("=")
        try:
            shares[int(code)] = float(share)
        except ValueError:
            raise ValueError(f"is code=share,code=share, as 131026=0.01; {part!r} is not") from None
    check_shares(shares)
    return shares


def latency_seconds(faults: Faults, dice: Random) -> float:
    """A time to answer: log-normal around the median, as answers of busy services are."""
    return log_normal_seconds(faults.latency_ms, faults.latency_spread, dice)


def throttled(code: int, faults: Faults) -> Refusal:
    """The refusal with a code of THROTTLING, with the status and headers that are asked for."""
    return Refusal(
        code,
        http_status=faults.throttle_status,
        retry_after_seconds=faults.throttle_retry_after_seconds,
        regain_minutes=faults.throttle_regain_minutes,
    )


def log_normal_seconds(median_ms: float, spread: float, dice: Random) -> float:
    """A time around its median; 0 is always 0."""
    return dice.lognormvariate(math.log(median_ms / 1000), spread) if median_ms else 0.0


def drawn_code(shares: Mapping[int, float], dice: Random) -> int | None:
    """The code that chance picks, if it picks any."""
    if not shares:
        return None
    left = dice.random()
    for code, share in shares.items():
        left -= share
        if left < 0:
            return code
    return None


def is_drawn(share: float, dice: Random) -> bool:
    """Whether chance says so; certainties cost no dice."""
    return share >= 1 or (share > 0 and dice.random() < share)


def check_shares(shares: Mapping[int, float]) -> None:
    """Raises ValueError for an unknown code, or shares that are none together."""
    for code, share in shares.items():
        if code not in CATALOGUE:
            raise ValueError(f"names {code}, which is no error code of the sandbox's catalogue")
        if not 0 <= share <= 1:
            raise ValueError(f"gives {code} the share {share}; a share is from 0 to 1")
    if sum(shares.values()) > 1 + 1e-9:
        raise ValueError("has shares that add up to more than 1")
