"""Settings that are right and still risky, or do not fit together. Pure.

What is plainly wrong stops every process, and the doctor, with exit code 78 (schemas.loading).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Final
from urllib.parse import urlsplit

from deploy.checks.patient import Patient
from deploy.checks.result import Result, note, ok, warning, wrong
from deploy.settings_page import catalogue
from schemas.environment import is_loopback
from schemas.provider import BASE_URLS
from schemas.settings import Daemon, Gateway

SHORT_KEY: Final = 20  # characters: what a person makes up is shorter
OURS: Final = ("BULK_", "META_", "GRAPH_API_", "WHATSAPP_", "OPT_OUT_")
SHARED: Final = ("NATS_", "SANDBOX_", "DATABASE_", "API_")  # orchestrators set more of these
ALIKE: Final = 0.85  # of a shared name, to be taken for a slip
_APP_SECRET: Final = re.compile(r"[0-9a-f]{32}")
_VERSION: Final = re.compile(r"v\d{1,3}\.\d")


async def settings(patient: Patient) -> list[Result]:
    """All that can be said of the settings alone."""
    return list(about(patient)) or [ok("Every setting is right, and they fit together.")]


def about(patient: Patient) -> Iterator[Result]:
    """Everything that is worth a line."""
    yield from _names(patient.environ)
    yield from _where_messages_go(patient.gateway)
    yield from _proof(patient.gateway)
    if "gateway" in patient.judged:
        yield from _handshake(patient.gateway)
        yield from _doors(patient.gateway, patient.daemon)
    yield from _sending(patient.daemon)


def _names(environ: Mapping[str, str]) -> Iterator[Result]:
    """Variables that look like ours and are not, and two names for one thing."""
    known = catalogue()
    legacy = {s.env.legacy: name for name, s in known.items() if s.env.legacy}
    names = [*known, *legacy]
    for name in sorted(set(environ) - set(names)):
        close = get_close_matches(name, names, n=1, cutoff=0.6 if name.startswith(OURS) else ALIKE)
        is_a_slip = name.startswith(OURS) or (name.startswith(SHARED) and close)
        if is_a_slip and environ[name].strip():
            do = f"Did you mean {close[0]}?" if close else "docs/settings.md has all names."
            yield warning(f"{name} is set, and nothing reads it.", do)
    for old, new in legacy.items():
        both = environ.get(old, "").strip(), environ.get(new, "").strip()
        if all(both) and both[0] != both[1]:
            yield warning(f"{old} and {new} differ; {new} holds.", f"Remove {old}, its old name.")


def _where_messages_go(settings: Gateway) -> Iterator[Result]:
    url = settings.graph_api_base_url
    if not _VERSION.fullmatch(settings.graph_api_version) and settings.provider.is_meta:
        yield wrong(
            f"GRAPH_API_VERSION is {settings.graph_api_version!r}, which is no version of Meta's.",
            "Write it as v25.0, or unset it.",
        )
    if url is None or url.rstrip("/") in BASE_URLS.values():
        return
    host = urlsplit(url).hostname or ""
    is_public = bool(settings.api_keys) and not is_loopback(settings.host)
    if is_public and is_loopback(host):
        yield warning(
            f"GRAPH_API_BASE_URL is {url}, on this machine, while the gateway serves others: what"
            " they send reaches no phone.",
            "To send for real, unset GRAPH_API_BASE_URL.",
        )
    elif is_loopback(host):
        yield note(f"Messages go to {url}, a stand-in for Meta on this machine: to no phone.")
    else:
        yield from _somewhere_else(url)


def _somewhere_else(url: str) -> Iterator[Result]:
    if urlsplit(url).scheme == "http":
        yield warning(
            f"Messages go to {url}, which is not Meta, and the token goes there unencrypted.",
            "Fine for the sandbox. To send for real, unset GRAPH_API_BASE_URL.",
        )
    else:
        yield note(f"Messages go to {url} instead of to Meta itself.")


def _proof(gateway: Gateway) -> Iterator[Result]:
    """Tokens and secrets, as far as their looks tell."""
    if str(gateway.access_token).lower().startswith("bearer "):
        yield wrong("META_ACCESS_TOKEN begins with the word Bearer.", "Give the token alone.")
    if not gateway.app_secrets and not gateway.is_sandboxed:
        yield warning(
            "META_APP_SECRET is not set, so webhooks are refused: nobody learns what was delivered,"
            " which messages in doubt arrived, and who wrote STOP.",
            "Set it to the app's secret (Meta: App settings, Basic), and META_VERIFY_TOKEN.",
        )
    if gateway.provider.is_meta and not gateway.is_sandboxed:
        for secret in gateway.app_secrets:
            if not _APP_SECRET.fullmatch(secret):
                yield warning(
                    f"META_APP_SECRET has {len(secret)} characters and does not look like one of"
                    " Meta's, which have 32 of 0-9 and a-f.",
                    "Copy it anew from App settings, Basic: it is neither the token nor the app's"
                    " id.",
                )
    if gateway.provider.is_meta and gateway.waba_id is None:
        yield note(
            "META_WABA_ID is not set: submissions are not held against their templates; the first"
            " message of each job finds out.",
            "Set it to the id of the WhatsApp business account.",
        )


def _handshake(gateway: Gateway) -> Iterator[Result]:
    if gateway.app_secrets and not gateway.verify_token:
        yield warning(
            "META_VERIFY_TOKEN is not set, so Meta's handshake is refused, and webhooks cannot be"
            " set up.",
            "Set it to a word of your own, and give Meta the same.",
        )


def _doors(gateway: Gateway, daemon: Daemon) -> Iterator[Result]:
    short = sorted({key.name for key in gateway.api_keys if len(key.key) < SHORT_KEY})
    if short:
        yield warning(
            f"{_listed(short)} in API_KEYS: {'a key' if len(short) == 1 else 'keys'} of fewer than"
            f" {SHORT_KEY} characters can be guessed.",
            "Make new ones: openssl rand -hex 24",
        )
    if gateway.port == daemon.daemon_port:
        yield warning(
            f"PORT and DAEMON_PORT are both {gateway.port}: gateway and daemon cannot both run on"
            " one machine.",
            "Change one of them.",
        )
    if gateway.nats_replicas % 2 == 0:
        yield warning(
            f"NATS_REPLICAS is {gateway.nats_replicas}: an even number of copies survives no more"
            " than one fewer does.",
            "Set it to 1 or 3.",
        )


def _sending(daemon: Daemon) -> Iterator[Result]:
    if daemon.fail_points:
        yield wrong(
            f"FAILPOINTS is set ({', '.join(daemon.fail_points)}): the processes kill themselves"
            " there.",
            "It is for tests alone: unset it.",
        )
    if daemon.resends and not daemon.app_secrets:
        yield warning(
            "BULK_UNKNOWN_POLICY is resend while no receipts come (META_APP_SECRET is not set):"
            " every message whose answer was lost is sent again, those that arrived too.",
            "Set META_APP_SECRET, or BULK_UNKNOWN_POLICY=hold.",
        )
    elif daemon.resends:
        yield note("BULK_UNKNOWN_POLICY is resend: what stays in doubt may come twice.")
    if daemon.unknown_after_seconds and not daemon.app_secrets and not daemon.resends:
        yield warning(
            f"BULK_UNKNOWN_AFTER_S has jobs wait {daemon.unknown_after_seconds} s for receipts,"
            " and none come (META_APP_SECRET is not set).",
            "Set META_APP_SECRET, or unset BULK_UNKNOWN_AFTER_S.",
        )
    if daemon.messages_per_second == 0 and not daemon.is_sandboxed:
        yield warning(
            "BULK_MESSAGES_PER_SECOND is 0: nothing but Meta's own limit holds the rate, and each"
            " 130429 costs time.",
            "Set it to what the number may send: 80 as a rule.",
        )
    if daemon.messaging_limit == 0 and not daemon.is_sandboxed:
        yield warning(
            "MESSAGING_LIMIT is 0: the limit that Meta has set is not kept.",
            "Unset it: then it is read from the number at Meta.",
        )


def _listed(names: Iterable[str]) -> str:
    return " and ".join(names)
