"""What the sandbox does wrong on purpose: latency, refusals by chance, limits, downtime."""

import math
from random import Random
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from sandbox.errors import CATALOGUE
from schemas.settings import Sandbox


class Faults(msgspec.Struct, frozen=True, rename="camel"):
    """The faults in force. Shares are of sends that are otherwise fine, by error code."""

    latency_ms: float
    latency_spread: float
    errors: dict[int, float]
    throughput_per_second: int
    pair_burst: int
    down: bool = False


class FaultsChange(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """The body of PUT /sandbox/faults; what it leaves out stays as it is."""

    latency_ms: Annotated[float, Meta(ge=0, le=60_000)] | UnsetType = UNSET
    latency_spread: Annotated[float, Meta(ge=0, le=2)] | UnsetType = UNSET
    errors: dict[int, Annotated[float, Meta(ge=0, le=1)]] | UnsetType = UNSET
    throughput_per_second: Annotated[int, Meta(ge=0, le=100_000)] | UnsetType = UNSET
    pair_burst: Annotated[int, Meta(ge=0, le=100_000)] | UnsetType = UNSET
    down: bool | UnsetType = UNSET


def from_settings(settings: Sandbox) -> Faults:
    """The faults to start with. Raises ValueError when SANDBOX_ERRORS cannot be read."""
    return Faults(
        latency_ms=settings.latency_ms,
        latency_spread=settings.latency_spread,
        errors=parse_errors(settings.errors),
        throughput_per_second=settings.throughput_per_second,
        pair_burst=settings.pair_burst,
    )


def changed(faults: Faults, body: bytes) -> Faults:
    """The faults with the changes of a FaultsChange as JSON. Raises ValueError in words."""
    change = msgspec.json.decode(body, type=FaultsChange)  # its errors are ValueErrors
    given = {
        field: value
        for field, value in msgspec.structs.asdict(change).items()
        if value is not UNSET
    }
    merged = msgspec.structs.replace(faults, **given)
    _check_shares(merged.errors)
    return merged


def parse_errors(text: str) -> dict[int, float]:
    """`131026=0.01,130429=0.002` as shares by code. Raises ValueError with what to do."""
    shares: dict[int, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        code, _, share = part.partition("=")
        try:
            shares[int(code)] = float(share)
        except ValueError:
            raise ValueError(f"is code=share,code=share, as 131026=0.01; {part!r} is not") from None
    _check_shares(shares)
    return shares


def latency_seconds(faults: Faults, dice: Random) -> float:
    """A time to answer: log-normal around the median, as answers of busy services are."""
    if not faults.latency_ms:
        return 0.0
    return dice.lognormvariate(math.log(faults.latency_ms / 1000), faults.latency_spread)


def drawn_error(faults: Faults, dice: Random) -> int | None:
    """The code that chance refuses a send with, if it does."""
    if not faults.errors:
        return None
    left = dice.random()
    for code, share in faults.errors.items():
        left -= share
        if left < 0:
            return code
    return None


def _check_shares(shares: dict[int, float]) -> None:
    for code, share in shares.items():
        if code not in CATALOGUE:
            raise ValueError(f"names {code}, which is no error code of the sandbox's catalogue")
        if not 0 <= share <= 1:
            raise ValueError(f"gives {code} the share {share}; a share is from 0 to 1")
    if sum(shares.values()) > 1 + 1e-9:
        raise ValueError("has shares that add up to more than 1")
