"""What Meta says beside receipts: messages of people, their preferences, and news of the account.

After business-messaging/whatsapp: webhooks, reference. Pure.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from schemas.outcomes import ApiError
from schemas.readings import Tree, digits, items_at, text_at, time_at

LARGEST_INTEGER: Final = 2**31 - 1  # of the columns that keep a code


class Scene(msgspec.Struct, frozen=True):
    """What is said around an item; empty or None where Meta says nothing."""

    waba_id: str = ""
    phone_number_id: str = ""
    at: datetime | None = None


class Inbound(msgspec.Struct, frozen=True, kw_only=True):
    """What a person wrote to a number of ours, or the button that was pressed."""

    message_id: str
    number: str  # digits; empty: a person who shows a user name only
    user_id: str = ""  # business-scoped, where there is one
    at: datetime
    phone_number_id: str = ""  # ours
    text: str  # of the message, or on the button
    payload: str = ""  # of the button; empty: it is a text
    context_id: str = ""  # Meta's id of the message of ours that it answers


class Wish(StrEnum):
    """What a person told Meta, in WhatsApp itself, about our marketing."""

    STOP = "stop"
    RESUME = "resume"


class Preference(msgspec.Struct, frozen=True, kw_only=True):
    """Meta's own switch, per person and category."""

    number: str  # digits; empty: a person who shows a user name only
    user_id: str = ""
    wish: Wish
    category: str  # marketing_messages
    at: datetime
    phone_number_id: str = ""


class TemplateNews(msgspec.Struct, frozen=True, kw_only=True):
    """A template changed its status."""

    waba_id: str
    event: str  # APPROVED, PAUSED, DISABLED, REINSTATED, REJECTED, …: Meta's word
    template_id: str
    name: str
    language: str  # as templates have it: en_US
    reason: str  # empty: none
    title: str  # FIRST_PAUSE, SECOND_PAUSE, RATE_LIMITING_PAUSE, UNPAUSE, DISABLED or empty
    details: str  # a sentence of Meta's, or empty
    disabled_from: datetime | None
    at: datetime | None


class Restriction(msgspec.Struct, frozen=True):
    """What an account may not do, and until when; None: Meta does not say."""

    kind: str  # RESTRICTED_BIZ_INITIATED_MESSAGING, …
    until: datetime | None


class AccountNews(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened to a business account."""

    waba_id: str
    event: str  # ACCOUNT_RESTRICTION, ACCOUNT_VIOLATION, DISABLED_UPDATE, ACCOUNT_DELETED, …
    restrictions: list[Restriction]
    ban_state: str  # of DISABLED_UPDATE: SCHEDULE_FOR_DISABLE, DISABLE, REINSTATE, or empty
    violation: str  # of ACCOUNT_VIOLATION, or empty
    at: datetime | None


class NumberNews(msgspec.Struct, frozen=True, kw_only=True):
    """How many people a number, or all of a business's, may be the first to write to in a day."""

    waba_id: str
    display_number: str  # digits; empty: it is about the business
    event: str  # ONBOARDING, THROUGHPUT_UPGRADE, …; empty: it is about the business
    limit: str  # TIER_250, TIER_UNLIMITED, 2000, or empty
    at: datetime | None


class NumberError(msgspec.Struct, frozen=True):
    """An error that belongs to no message, as 130429 for a number."""

    phone_number_id: str
    error: ApiError


def read_inbound(message: Tree, scene: Scene) -> Inbound | None:
    """A text or a pressed button; None: anything else."""
    said = _said(message)
    at, message_id = time_at(message, "timestamp"), text_at(message, "id")
    if said is None or at is None or not message_id:
        return None
    sender, (text, payload) = text_at(message, "from"), said
    number = digits(sender)
    return Inbound(
        message_id=message_id,
        number=number,
        user_id=text_at(message, "from_user_id") or ("" if number else sender),
        at=at,
        phone_number_id=scene.phone_number_id,
        text=text,
        payload=payload,
        context_id=text_at(message, "context", "id"),
    )


def read_preference(preference: Tree, scene: Scene) -> Preference | None:
    """None: a wish that is none of the known, of nobody, or at no time."""
    wish, at = text_at(preference, "value").lower(), time_at(preference, "timestamp")
    number = digits(text_at(preference, "wa_id"))
    user_id = text_at(preference, "user_id")
    if wish not in list(Wish) or at is None or not (number or user_id):
        return None
    return Preference(
        number=number,
        user_id=user_id,
        wish=Wish(wish),
        category=text_at(preference, "category"),
        at=at,
        phone_number_id=scene.phone_number_id,
    )


def read_number_error(error: Tree, scene: Scene) -> NumberError | None:
    """None: an error without a code."""
    api_error = read_error(error)
    return NumberError(scene.phone_number_id, api_error) if api_error.code else None


def read_error(error: Tree) -> ApiError:
    """Code 0: none that can be read. The code comes as a number or as text."""
    digits_of_code = text_at(error, "code")
    code = int(digits_of_code) if digits_of_code.isascii() and digits_of_code.isdecimal() else 0
    message = text_at(error, "message")
    return ApiError(
        code if code <= LARGEST_INTEGER else 0,
        text_at(error, "title") or message,
        text_at(error, "error_data", "details") or message,
    )


def _template_news(value: Tree, scene: Scene) -> TemplateNews | None:
    event, name = text_at(value, "event").upper(), text_at(value, "message_template_name")
    if not (event and name):
        return None
    reason = text_at(value, "reason")
    told = text_at(value, "other_info", "description") or text_at(value, "rejection_info", "reason")
    return TemplateNews(
        waba_id=scene.waba_id,
        event=event,
        template_id=text_at(value, "message_template_id"),
        name=name,
        language=text_at(value, "message_template_language").replace("-", "_"),
        reason="" if reason.upper() == "NONE" else reason,
        title=text_at(value, "other_info", "title"),
        details=told,
        disabled_from=time_at(value, "disable_info", "disable_date"),
        at=scene.at,
    )


def _account_news(value: Tree, scene: Scene) -> AccountNews | None:
    if not (event := text_at(value, "event").upper()):
        return None
    restrictions = [
        Restriction(kind, time_at(item, "expiration"))
        for item in items_at(value, "restriction_info")
        if (kind := text_at(item, "restriction_type"))
    ]
    return AccountNews(
        waba_id=scene.waba_id,
        event=event,
        restrictions=restrictions,
        ban_state=text_at(value, "ban_info", "waba_ban_state"),
        violation=text_at(value, "violation_info", "violation_type"),
        at=scene.at,
    )


def _number_news(value: Tree, scene: Scene) -> NumberNews | None:
    event, limit = text_at(value, "event").upper(), _limit(value)
    if not (event or limit):
        return None
    return NumberNews(
        waba_id=scene.waba_id,
        display_number=digits(text_at(value, "display_phone_number")),
        event=event,
        limit=limit,
        at=scene.at,
    )


# By the field of the change that carries them.
NEWS: Final[
    Mapping[str, Callable[[Tree, Scene], TemplateNews | AccountNews | NumberNews | None]]
] = {
    "message_template_status_update": _template_news,
    "account_update": _account_news,
    "phone_number_quality_update": _number_news,
    "business_capability_update": _number_news,
}


def _said(message: Tree) -> tuple[str, str] | None:
    """A message's text and its button's payload."""
    match text_at(message, "type"):
        case "text":
            text, payload = text_at(message, "text", "body"), ""
        case "button":  # of a template
            text = text_at(message, "button", "text")
            payload = text_at(message, "button", "payload") or text
        case "interactive":
            kind = text_at(message, "interactive", "type")
            if kind not in ("button_reply", "list_reply"):
                return None
            text = text_at(message, "interactive", kind, "title")
            payload = text_at(message, "interactive", kind, "id")
        case _:
            return None
    return (text, payload) if text or payload else None


def _limit(value: Tree) -> str:
    """The newest of the names that Meta has had for it; the old ones are on their way out."""
    names = (
        "max_daily_conversations_per_business", "max_daily_conversation_per_phone", "current_limit",
    )  # fmt: skip
    return next((limit for name in names if (limit := text_at(value, name))), "")
