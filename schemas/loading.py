"""Reading the settings of one process, and what is wrong with settings that are each right."""

from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec

from schemas.environment import SettingsError, is_loopback, read
from schemas.lease import what_breaks_the_lease, what_resends_too_soon
from schemas.settings import Daemon, Gateway

ADVICE: Final = "set API_KEYS=name:key, or leave HOST at 127.0.0.1"

S = TypeVar("S", bound=msgspec.Struct)


def load(settings: type[S], environ: Mapping[str, str]) -> S:
    """The settings of one process. An empty variable counts as unset.

    Raises SettingsError, which lists every bad one.
    """
    values, problems = read(settings, environ)
    loaded = settings(**values)
    if problems := [*problems, *_wrong_together(loaded)]:
        raise SettingsError(problems)
    return loaded


def _wrong_together(settings: msgspec.Struct) -> list[str]:
    """What is wrong with settings that are each right."""
    match settings:
        case Daemon():
            return _wrong_for_daemon(settings)
        case Gateway():
            return _wrong_for_gateway(settings)
        case _:
            return []


def _wrong_for_gateway(settings: Gateway) -> list[str]:
    problems = []
    if not settings.api_keys and not is_loopback(settings.host):
        where = f"HOST is {settings.host!r}, where strangers could reach it without a key"
        problems.append(f"{where}; {ADVICE}")
    if settings.waba_id and not settings.access_token:
        problems.append(
            "META_WABA_ID is set, so templates are looked up, and META_ACCESS_TOKEN is not; give"
            " the gateway the token too, or unset META_WABA_ID"
        )
    if not (settings.provider.is_meta or settings.default_phone_number_id):
        problems.append(
            "WHATSAPP_PROVIDER is 360dialog, whose key sends from one number alone; set"
            " META_PHONE_NUMBER_ID to that number's id"
        )
    return problems


def _wrong_for_daemon(settings: Daemon) -> list[str]:
    problems = []
    if broken := what_breaks_the_lease(settings.request_timeout_ms, settings.ack_wait_seconds):
        problems.append(broken)
    early = what_resends_too_soon(settings.request_timeout_ms, settings.doubt_seconds)
    if settings.resends and early:
        problems.append(early)
    if not settings.access_token:
        problems.append(
            "META_ACCESS_TOKEN is not set; give Meta's token, or point GRAPH_API_BASE_URL at the"
            " sandbox and set any token"
        )
    return problems
