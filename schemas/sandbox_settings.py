"""Every setting of the sandbox: Meta on your desk."""

from typing import Annotated

import msgspec

from schemas.environment import (
    Env,
    Secret,
    parse_webhook_url,
)


class Sandbox(msgspec.Struct, frozen=True, kw_only=True):
    """What `python -m sandbox` reads."""

    host: Annotated[str, Env("SANDBOX_HOST", "the sandbox's address")] = "127.0.0.1"
    port: Annotated[int, Env("SANDBOX_PORT", "the sandbox's port", at_least=1, at_most=65_535)] = (
        8090
    )
    log_level: Annotated[
        str, Env("LOG_LEVEL", "what to log", choices=("debug", "info", "warning", "error"))
    ] = "info"
    latency_ms: Annotated[
        int,
        Env(
            "SANDBOX_LATENCY_MS", "median time to answer, milliseconds", at_least=0, at_most=60_000
        ),
    ] = 80
    latency_spread: Annotated[
        float,
        Env(
            "SANDBOX_LATENCY_SPREAD", "sigma of the log-normal latency; 0: always the median",
            at_least=0, at_most=2,
        ),
    ] = 0.3  # fmt: skip
    errors: Annotated[
        str,
        Env("SANDBOX_ERRORS", "share of sends refused, by code: 131026=0.01,130429=0.002"),
    ] = ""
    throughput_per_second: Annotated[
        int,
        Env(
            "SANDBOX_THROUGHPUT", "messages a second a number may send before 130429; 0: no limit",
            at_least=0, at_most=100_000,
        ),
    ] = 80  # fmt: skip
    pair_burst: Annotated[
        int,
        Env(
            "SANDBOX_PAIR_BURST", "messages in a row that one recipient may get of one number"
            " before 131056, then one in 6 seconds; 0: no limit", at_least=0, at_most=100_000,
        ),
    ] = 45  # fmt: skip
    messaging_limit: Annotated[
        int,
        Env(
            "SANDBOX_MESSAGING_LIMIT", "people whom the sandbox's numbers together may reach in 24"
            " hours; 0: no limit", at_least=0, at_most=10_000_000,
        ),
    ] = 0  # fmt: skip
    webhook_url: Annotated[
        str,
        Env(
            "SANDBOX_WEBHOOK_URL", "where the sandbox posts receipts and what people answer; none:"
            " nowhere; `make run` has its own gateway", parse=parse_webhook_url,
        ),
    ] = ""  # fmt: skip
    app_secret: Annotated[
        Secret,
        Env("SANDBOX_APP_SECRET", "signs what the sandbox posts; unset: unsigned", parse=Secret),
    ] = Secret("")
    script: Annotated[
        str, Env("SANDBOX_SCRIPT", "a file with the script that the sandbox starts with")
    ] = ""
    seed: Annotated[int | None, Env("SANDBOX_SEED", "fixes the sandbox's dice")] = None
