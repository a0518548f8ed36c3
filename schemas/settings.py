"""Every setting, with its name in the environment, its default, its range and what it means."""

from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec

from schemas.environment import (
    ApiKey,
    Env,
    Secret,
    is_loopback,
    parse_api_keys,
    parse_fail_points,
    parse_meta_id,
    parse_metrics_key,
    parse_region,
    parse_secret_keys,
    parse_secrets,
    parse_servers,
    parse_url,
    parse_words,
    parse_yes_or_no,
)
from schemas.failpoints import FailPoint
from schemas.provider import BASE_URLS, META, Provider

SCHEDULE_GRACE_SECONDS: Final = 900
DOUBT_SECONDS: Final = 900  # receipts of accepted messages come within seconds, paced ones later


class Common(msgspec.Struct, frozen=True, kw_only=True):
    """What every process reads."""

    database_url: Annotated[
        str,
        Env(
            "DATABASE_URL",
            "PostgreSQL, 14 or newer; `make run` brings its own when unset",
            parse=parse_url("postgresql", "postgres"),
            secret=True,
        ),
    ] = "postgresql://loopcast@127.0.0.1:5432/loopcast"
    nats_url: Annotated[
        str,
        Env(
            "NATS_URL",
            "nats-server with JetStream, or all servers of a cluster, comma separated; `make run`"
            " brings its own when unset",
            parse=parse_servers("nats", "tls", "ws", "wss"),
            secret=True,
        ),
    ] = "nats://127.0.0.1:4222"
    nats_replicas: Annotated[
        int,
        Env(
            "NATS_REPLICAS", "copies of each stream: 1, or 3 on a cluster of three servers",
            at_least=1, at_most=5,
        ),
    ] = 1  # fmt: skip
    app_secrets: Annotated[
        tuple[Secret, ...],
        Env(
            "META_APP_SECRET", "signs Meta's webhooks; several, comma separated, while it is being"
            " changed; unset: no receipts come", parse=parse_secrets,
        ),
    ] = ()  # fmt: skip
    waba_id: Annotated[
        str | None,
        Env(
            "META_WABA_ID", "the WhatsApp business account: every submission is held against its"
            " template there, and news of other accounts are passed over; unset: the first message"
            " tells. 360dialog needs none",
            parse=parse_meta_id,
        ),
    ] = None  # fmt: skip
    provider_name: Annotated[
        str,
        Env(
            "WHATSAPP_PROVIDER", "who takes the messages: Meta's Cloud API, or 360dialog",
            choices=tuple(BASE_URLS),
        ),
    ] = META  # fmt: skip
    access_token: Annotated[
        Secret,
        Env(
            "META_ACCESS_TOKEN", "Meta's token, or the key of a number at 360dialog; the daemon"
            " cannot send without, and the gateway looks templates up with it", parse=Secret,
        ),
    ] = Secret("")  # fmt: skip
    graph_api_base_url: Annotated[
        str | None,
        Env(
            "GRAPH_API_BASE_URL", "where messages go; the sandbox's address to try things; unset:"
            f" {' or '.join(f'`{url}`' for url in BASE_URLS.values())}, as the provider is",
            parse=parse_url("https", "http"),
        ),
    ] = None  # fmt: skip
    graph_api_version: Annotated[str, Env("GRAPH_API_VERSION", "version of Meta's Graph API")] = (
        "v25.0"
    )
    secret_keys: Annotated[
        tuple[Secret, ...],
        Env(
            "SECRET_KEY", "seals the tokens of sending numbers that are added over the API;"
            " several, comma separated, while it is being changed: the first seals, all open. The"
            " same for all processes; lost, the tokens have to be given anew",
            parse=parse_secret_keys,
        ),
    ] = ()  # fmt: skip
    host: Annotated[
        str, Env("HOST", "the address to listen on; any but loopback needs `API_KEYS`")
    ] = "127.0.0.1"
    log_level: Annotated[
        str, Env("LOG_LEVEL", "what to log", choices=("debug", "info", "warning", "error"))
    ] = "info"
    loop_size: Annotated[
        int,
        Env(
            "BULK_LOOP_SIZE", "messages in a loop", legacy="BULK_BATCH_SIZE",
            at_least=1, at_most=50_000,
        ),
    ] = 200  # fmt: skip
    pause_ms: Annotated[
        int,
        Env(
            "BULK_LOOP_PAUSE_MS", "pause between two loops of a number, milliseconds",
            legacy="BULK_PAUSE_MS", at_least=0, at_most=3_600_000,
        ),
    ] = 2000  # fmt: skip
    messages_per_second: Annotated[
        int,
        Env(
            "BULK_MESSAGES_PER_SECOND", "the most one number sends in any second; 0: no limit",
            at_least=0, at_most=1000,
        ),
    ] = 10  # fmt: skip
    max_retries: Annotated[
        int,
        Env("BULK_MAX_RETRIES", "more attempts after a retryable refusal", at_least=0, at_most=20),
    ] = 3
    opt_out_words: Annotated[
        tuple[str, ...],
        Env(
            "OPT_OUT_WORDS", "more words by which recipients stop all messages, comma separated;"
            " those of fourteen languages are built in", parse=parse_words,
        ),
    ] = ()  # fmt: skip
    fail_points: Annotated[
        dict[FailPoint, int],
        Env(
            "FAILPOINTS", "for tests alone: where the process kills itself, as `claimed:3`",
            parse=parse_fail_points,
        ),
    ] = {}  # fmt: skip

    @property
    def provider(self) -> Provider:
        """Who takes the messages, at the address that was set or at its own."""
        return Provider(
            name=self.provider_name,
            base_url=self.graph_api_base_url or BASE_URLS[self.provider_name],
            version=self.graph_api_version,
            token=self.access_token,
        )

    @property
    def is_sandboxed(self) -> bool:
        """Whether messages go to a stand-in for Meta on this machine."""
        return is_loopback(urlsplit(self.provider.base_url).hostname or "")


class Gateway(Common, frozen=True, kw_only=True):
    """What `python -m gateway` reads."""

    port: Annotated[int, Env("PORT", "the gateway's port", at_least=1, at_most=65_535)] = 8080
    api_keys: Annotated[
        tuple[ApiKey, ...],
        Env("API_KEYS", "who may: name:key,name:key; unset: loopback only", parse=parse_api_keys),
    ] = ()
    metrics_key: Annotated[
        Secret,
        Env(
            "METRICS_KEY", "what Prometheus brings to read `/metrics`, and nothing else; unset: it"
            " takes one of `API_KEYS`", parse=parse_metrics_key,
        ),
    ] = Secret("")  # fmt: skip
    submissions_per_minute: Annotated[
        int,
        Env(
            "API_SUBMISSIONS_PER_MINUTE", "how often a key may submit, where it has no figure of"
            " its own; 0: no limit", at_least=0, at_most=1_000_000,
        ),
    ] = 600  # fmt: skip
    default_region: Annotated[
        str | None,
        Env("DEFAULT_REGION", "country of numbers written without one, as DE", parse=parse_region),
    ] = None
    default_phone_number_id: Annotated[
        str | None,
        Env(
            "META_PHONE_NUMBER_ID", "sending number when a submission names none",
            parse=parse_meta_id,
        ),
    ] = None  # fmt: skip
    verify_token: Annotated[
        Secret, Env("META_VERIFY_TOKEN", "for the handshake of Meta's webhooks", parse=Secret)
    ] = Secret("")
    hard_cap: Annotated[
        int,
        Env("BULK_HARD_CAP", "the most recipients of one job", at_least=1, at_most=1_000_000),
    ] = 50_000

    @property
    def looks_templates_up(self) -> bool:
        """Whether a submission is held against its template: the account and the key are known."""
        return bool(self.access_token) and (self.waba_id is not None or not self.provider.is_meta)

    @property
    def only_number(self) -> str | None:
        """The one number that can send, where the key belongs to a number; None: any."""
        return None if self.provider.is_meta else self.default_phone_number_id


class Daemon(Common, frozen=True, kw_only=True):
    """What `python -m daemon` reads."""

    daemon_port: Annotated[
        int, Env("DAEMON_PORT", "the daemon's /metrics and /healthz", at_least=1, at_most=65_535)
    ] = 9101
    concurrency: Annotated[
        int | None,
        Env(
            "BULK_CONCURRENCY",
            "the most requests of a number that may await Meta's answer at once; 1: strictly one"
            " after another; unset: as many as the rate needs",
            at_least=1, at_most=1000,
        ),
    ] = None  # fmt: skip
    retry_base_ms: Annotated[
        int,
        Env(
            "BULK_RETRY_BASE_MS", "wait before the first retry, milliseconds; then it doubles",
            at_least=1, at_most=600_000,
        ),
    ] = 500  # fmt: skip
    request_timeout_ms: Annotated[
        int,
        Env(
            "BULK_REQUEST_TIMEOUT_MS", "the longest wait for Meta's answer, milliseconds",
            at_least=100, at_most=120_000,
        ),
    ] = 10_000  # fmt: skip
    ack_wait_seconds: Annotated[
        int,
        Env(
            "BULK_ACK_WAIT_S", "how long a silent daemon keeps its turn, seconds; above 1.25 times"
            " the request timeout", at_least=2, at_most=600,
        ),
    ] = 15  # fmt: skip
    messaging_limit: Annotated[
        int | None,
        Env(
            "MESSAGING_LIMIT", "how many people all numbers together may write to in 24 hours;"
            " 0: no limit; unset: as Meta says of the number", at_least=0, at_most=10_000_000,
        ),
    ] = None  # fmt: skip
    auto_resume: Annotated[
        bool,
        Env(
            "AUTO_RESUME", "whether jobs go on by themselves when Meta takes up their"
            " template again", parse=parse_yes_or_no,
        ),
    ] = False  # fmt: skip
    schedule_grace_seconds: Annotated[
        int,
        Env(
            "SCHEDULE_GRACE_S", "how late a job may start whose time came while nothing ran,"
            " seconds; later it is held, and a person says whether it still should",
            at_least=0, at_most=7 * 24 * 3600,
        ),
    ] = SCHEDULE_GRACE_SECONDS  # fmt: skip
    unknown_after_seconds: Annotated[
        int | None,
        Env(
            "BULK_UNKNOWN_AFTER_S", "how long a message in doubt waits for its receipt, seconds;"
            " unset: 900, or 0 where no receipts come (no `META_APP_SECRET`) and nothing is resent",
            at_least=0, at_most=7 * 24 * 3600,
        ),
    ] = None  # fmt: skip
    unknown_policy: Annotated[
        str,
        Env(
            "BULK_UNKNOWN_POLICY", "what then becomes of it: it stays unknown, or is sent again"
            " and may come twice", choices=("hold", "resend"),
        ),
    ] = "hold"  # fmt: skip

    @property
    def doubt_seconds(self) -> int:
        """How long a message in doubt waits for its receipt."""
        if self.unknown_after_seconds is not None:
            return self.unknown_after_seconds
        return DOUBT_SECONDS if self.app_secrets or self.resends else 0

    @property
    def resends(self) -> bool:
        """Whether a message that stays in doubt is sent again."""
        return self.unknown_policy == "resend"
