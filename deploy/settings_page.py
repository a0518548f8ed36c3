"""Every setting as documents show it: the whole page by theme, and the few that everybody sets."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from schemas.environment import (
    Env,
    Hint,
    Secret,
    fields_of,
    parse_api_keys,
    parse_fail_points,
    parse_meta_id,
    parse_region,
    parse_secret_keys,
    parse_secrets,
    parse_webhook_url,
    parse_words,
    parse_yes_or_no,
    schemes_of,
)
from schemas.sandbox_settings import Sandbox
from schemas.settings import Daemon, Gateway

PROCESSES: Final[dict[str, type[msgspec.Struct]]] = {
    "gateway": Gateway,
    "daemon": Daemon,
    "sandbox": Sandbox,
}
HEAD: Final = ("| variable | type | default | means | read by |", "|---|---|---|---|---|")
SHORT_HEAD: Final = ("| variable | default | means | read by |", "|---|---|---|---|")


@dataclass(frozen=True)
class Theme:
    """A chapter of the page: settings that are thought of together."""

    title: str
    about: str
    names: tuple[str, ...]


THEMES: Final = (
    Theme(
        "What it stands on", "The servers, and what is said in the logs.",
        ("DATABASE_URL", "NATS_URL", "NATS_REPLICAS", "LOG_LEVEL"),
    ),
    Theme(
        "Meta", "Who takes the messages, as whom, and what proves it. All processes of an"
        " installation are given the same.",
        ("WHATSAPP_PROVIDER", "META_ACCESS_TOKEN", "META_PHONE_NUMBER_ID", "META_WABA_ID",
         "META_APP_SECRET", "SECRET_KEY", "META_VERIFY_TOKEN", "GRAPH_API_BASE_URL",
         "GRAPH_API_VERSION", "MESSAGING_LIMIT"),
    ),
    Theme(
        "Loops", "How fast, in what portions, and what becomes of a message that fails. The size of"
        " a loop is fixed when a job is submitted; the rest holds from a daemon's next start.",
        ("BULK_LOOP_SIZE", "BULK_LOOP_PAUSE_MS", "BULK_MESSAGES_PER_SECOND", "BULK_CONCURRENCY",
         "BULK_MAX_RETRIES", "BULK_RETRY_BASE_MS", "BULK_UNKNOWN_AFTER_S", "BULK_UNKNOWN_POLICY",
         "AUTO_RESUME", "SCHEDULE_GRACE_S", "OPT_OUT_WORDS"),
    ),
    Theme(
        "Gateway", "Who may submit, where, and how much.",
        ("HOST", "PORT", "API_KEYS", "API_SUBMISSIONS_PER_MINUTE", "METRICS_KEY",
         "DEFAULT_REGION", "BULK_HARD_CAP"),
    ),
    Theme(
        "Daemon", "How long it waits, and where it is watched.",
        ("DAEMON_PORT", "BULK_REQUEST_TIMEOUT_MS", "BULK_ACK_WAIT_S"),
    ),
    Theme(
        "Sandbox", "[Meta on your desk](sandbox.md). `make run` sets what connects it.",
        ("SANDBOX_HOST", "SANDBOX_PORT", "SANDBOX_WEBHOOK_URL", "SANDBOX_APP_SECRET",
         "SANDBOX_LATENCY_MS", "SANDBOX_LATENCY_SPREAD", "SANDBOX_ERRORS", "SANDBOX_THROUGHPUT",
         "SANDBOX_PAIR_BURST", "SANDBOX_MESSAGING_LIMIT", "SANDBOX_SCRIPT", "SANDBOX_SEED"),
    ),
    Theme("For tests alone", "Never set these where people get messages.", ("FAILPOINTS",)),
)  # fmt: skip

EVERYBODY_SETS: Final = (
    "DATABASE_URL", "NATS_URL", "META_ACCESS_TOKEN", "META_PHONE_NUMBER_ID", "META_WABA_ID",
    "META_APP_SECRET", "META_VERIFY_TOKEN", "HOST", "PORT", "API_KEYS", "DEFAULT_REGION",
    "BULK_LOOP_SIZE", "BULK_LOOP_PAUSE_MS", "BULK_MESSAGES_PER_SECOND",
)  # fmt: skip

_GRAMMARS: Final[dict[Callable[[str], Any], str]] = {
    parse_secrets: "secrets, comma separated",
    parse_secret_keys: "secrets of 32 characters or more, comma separated",
    parse_api_keys: "`name:key`, comma separated, keys of 8 characters or more",
    parse_fail_points: "`point:passage`, comma separated",
    parse_meta_id: "digits, up to 32",
    parse_region: "two-letter country code",
    parse_webhook_url: "URL: `http`, `https`; or `none`",
    parse_words: "words, comma separated",
    parse_yes_or_no: "`true` or `false`",
}


@dataclass(frozen=True)
class Setting:
    """A variable, how it is read, and by which processes."""

    hint: Hint
    read_by: tuple[str, ...]

    @property
    def env(self) -> Env:
        return self.hint.env


def catalogue() -> dict[str, Setting]:
    """Every setting of every process, by its variable."""
    found: dict[str, Setting] = {}
    for process, settings in PROCESSES.items():
        for hint in fields_of(settings).values():
            before = found[hint.env.name].read_by if hint.env.name in found else ()
            found[hint.env.name] = Setting(hint, (*before, process))
    return found


def settings_page() -> str:
    """All of them, a chapter a theme."""
    known = catalogue()
    return "\n\n".join(_chapter(theme, known) for theme in THEMES)


def settings_table() -> str:
    """The handful that everybody sets, for the README."""
    known = catalogue()
    rows = [
        f"| {_names(known[name].env)} | {default_of(known[name].hint)} | {known[name].env.meaning}"
        f" | {_processes(known[name].read_by)} |"
        for name in EVERYBODY_SETS
    ]
    return "\n".join((*SHORT_HEAD, *rows))


def fleet_table() -> str:
    """All that a gateway or a daemon reads: in Coolify each is given all of it."""
    read = ((one, tuple(name for name in one.read_by if name != "sandbox")) for one in
            catalogue().values())  # fmt: skip
    rows = [
        f"| {_names(setting.env)} | {default_of(setting.hint)} | {setting.env.meaning}"
        f" | {_processes(read_by)} |"
        for setting, read_by in read
        if read_by
    ]
    return "\n".join((*SHORT_HEAD, *rows))


def type_of(hint: Hint) -> str:
    """What a value may be, as people write it: `whole number, 1 to 5`."""
    env = hint.env
    if env.choices:
        return ", ".join(f"`{choice}`" for choice in env.choices)
    if schemes := schemes_of(env.parse):
        return f"URL: {', '.join(f'`{scheme}`' for scheme in schemes)}"
    if env.parse in _GRAMMARS:
        return _GRAMMARS[env.parse]
    if hint.type in (int, float):
        kind = "whole number" if hint.type is int else "number"
        bounds = "" if env.at_least is None else f", {env.at_least} to {env.at_most}"
        return kind + bounds
    return "secret" if hint.type is Secret else "text"


def default_of(hint: Hint) -> str:
    """The default, or nothing where there is none."""
    match hint.default:
        case None | () | "" | {}:
            return ""
        case bool() as is_so:
            return f"`{str(is_so).lower()}`"
        case default:
            return "" if default is msgspec.NODEFAULT else f"`{default}`"


def _chapter(theme: Theme, known: dict[str, Setting]) -> str:
    rows = [_row(known[name]) for name in theme.names]
    return "\n".join((f"## {theme.title}", "", theme.about, "", *HEAD, *rows))


def _row(setting: Setting) -> str:
    cells: Iterable[str] = (
        _names(setting.env), type_of(setting.hint), default_of(setting.hint), setting.env.meaning,
        _processes(setting.read_by),
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _names(env: Env) -> str:
    legacy = f", or `{env.legacy}`" if env.legacy else ""
    return f"`{env.name}`{legacy}"


def _processes(read_by: tuple[str, ...]) -> str:
    return ", ".join(read_by)
