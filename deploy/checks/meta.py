"""Meta, or 360dialog: the token, the number, templates, webhooks, the app's secret."""

import asyncio
from hmac import digest
from typing import Any, Final

import msgspec

from deploy.checks import graph
from deploy.checks.graph import No
from deploy.checks.http import get
from deploy.checks.number import FIELDS, Number, of_number
from deploy.checks.patient import Patient
from deploy.checks.result import Result, note, ok, warning, wrong
from schemas.environment import Secret
from schemas.settings import Gateway

LISTED: Final = 100


class _Template(msgspec.Struct, frozen=True):
    name: str = ""
    status: str = ""


class _Templates(msgspec.Struct, frozen=True):
    data: list[_Template]


class _DialogTemplates(msgspec.Struct, frozen=True):
    waba_templates: list[_Template]


class _App(msgspec.Struct, frozen=True):
    name: str = ""


class _Subscribed(msgspec.Struct, frozen=True):
    whatsapp_business_api_data: _App = _App()


class _Apps(msgspec.Struct, frozen=True):
    data: list[_Subscribed]


async def meta(patient: Patient) -> list[Result]:
    """Everything that the token lets us ask; a dead token is said once."""
    gateway = patient.gateway
    if not gateway.provider.is_meta:
        return [
            note("360dialog does not say how a number is; its Hub does."),
            *await _dialog(gateway),
        ]
    asked = (_number(patient), _templates(gateway), _webhooks(gateway), _secrets(gateway))
    results = [result for part in await asyncio.gather(*asked) for result in part]
    return list(dict.fromkeys(results))


async def _number(patient: Patient) -> list[Result]:
    gateway = patient.gateway
    phone_number_id = gateway.default_phone_number_id
    if phone_number_id is None:
        return [note("META_PHONE_NUMBER_ID is not set, so no number was looked at.")]
    answer = await _ask(
        gateway, gateway.provider.number_url(phone_number_id), Number, fields=FIELDS
    )
    if isinstance(answer, No):
        return [graph.result_of(answer, f"The number {phone_number_id}", "META_PHONE_NUMBER_ID")]
    return list(of_number(answer, patient.daemon))


async def _templates(gateway: Gateway) -> list[Result]:
    if gateway.waba_id is None:
        return []
    url = gateway.provider.templates_url(gateway.waba_id)
    answer = await _ask(gateway, url, _Templates, fields="name,status", limit=str(LISTED))
    if isinstance(answer, No):
        asked = f"Templates of the account {gateway.waba_id}"
        return [graph.result_of(answer, asked, "META_WABA_ID")]
    return [of_templates(answer.data, f"The account {gateway.waba_id}")]


async def _webhooks(gateway: Gateway) -> list[Result]:
    """Which apps get the account's webhooks."""
    if gateway.waba_id is None:
        return []
    answer = await _ask(gateway, gateway.provider.apps_url(gateway.waba_id), _Apps)
    match answer:
        case No(is_token=True):
            return [graph.result_of(answer, "Webhooks", "META_WABA_ID")]
        case No():
            return [note(f"Who gets the account's webhooks cannot be seen: {answer.reason}.")]
        case _:
            return [of_apps([app.whatsapp_business_api_data.name for app in answer.data])]


async def _secrets(gateway: Gateway) -> list[Result]:
    """Meta checks a proof that is made of the token and the app's secret, wherever it is given."""
    phone_number_id = gateway.default_phone_number_id or gateway.waba_id
    if not gateway.app_secrets or phone_number_id is None:
        return []
    url = gateway.provider.number_url(phone_number_id)
    answers = [
        await _ask(gateway, url, Number, fields="id", appsecret_proof=proof(gateway, secret))
        for secret in gateway.app_secrets
    ]
    return of_secrets(answers)


async def _dialog(gateway: Gateway) -> list[Result]:
    url = gateway.provider.templates_url(None)
    answer = await _ask(gateway, url, _DialogTemplates, limit=str(LISTED), offset="0")
    if isinstance(answer, No):
        return [graph.result_of(answer, "Templates at 360dialog", "META_ACCESS_TOKEN")]
    return [ok("360dialog takes the key."), of_templates(answer.waba_templates, "Its account")]


def proof(gateway: Gateway, secret: Secret) -> str:
    """HMAC of the token with the app's secret (docs/graph-api/securing-requests)."""
    return digest(secret.encode(), gateway.access_token.encode(), "sha256").hex()


def of_templates(listed: list[_Template], whose: str) -> Result:
    """How many there are, and whether any can be sent."""
    approved = sum(template.status.upper() == "APPROVED" for template in listed)
    shown = f"{len(listed)}{' or more' if len(listed) >= LISTED else ''} templates"
    if not approved:
        return warning(
            f"{whose} has {shown}, and none is approved: only free text can be sent.",
            "Make one in WhatsApp Manager; Meta looks at it within a day.",
        )
    return ok(f"{whose} has {shown}, {approved} approved.")


def of_apps(names: list[str]) -> Result:
    """Meta posts to those that are subscribed, and to no other."""
    if not names:
        return warning(
            "No app is subscribed to the account's webhooks: no receipts come, and no STOP.",
            "Subscribe yours: POST /{waba_id}/subscribed_apps with the token.",
        )
    return ok(f"Webhooks of the account go to {', '.join(names)}.")


def of_secrets(answers: list[Any]) -> list[Result]:
    """One answer for each of META_APP_SECRET, in order."""
    refused = [place for place, no in enumerate(answers, 1) if isinstance(no, No) and no.is_proof]
    if not refused:
        is_known = not any(isinstance(answer, No) for answer in answers)
        return [ok("META_APP_SECRET is the secret of the token's app.")] if is_known else []
    if len(refused) < len(answers):
        which = ", ".join(map(str, refused))
        return [note(f"Of META_APP_SECRET, number {which} is not that of the token's app now.")]
    return [
        wrong(
            "META_APP_SECRET is not the secret of the app that the token belongs to: every webhook"
            " of that app is refused.",
            "Copy it from App settings, Basic. If webhooks come from another app than the token's,"
            " this may be right all the same.",
        )
    ]


async def _ask(gateway: Gateway, url: str | None, kind: type[Any], **params: str) -> Any:
    assert url is not None
    headers = gateway.provider.headers()
    return graph.read(await get(url, headers=headers, params=params), kind)
