"""News of the account, as Meta's webhooks bring them: templates, numbers, limits. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from sandbox.inbound import DISPLAY_PHONE_NUMBER
from sandbox.limits import tier_of
from sandbox.templates import APPROVED, Template

TEMPLATE_STATUS: Final = "message_template_status_update"
TEMPLATE_QUALITY: Final = "message_template_quality_update"
CAPABILITY: Final = "business_capability_update"
PREFERENCES: Final = "user_preferences"
EVENTS: Final = (
    APPROVED, "ARCHIVED", "UNARCHIVED", "DELETED", "DISABLED", "FLAGGED", "IN_APPEAL",
    "LIMIT_EXCEEDED", "LOCKED", "PAUSED", "PENDING", "REINSTATED", "PENDING_DELETION", "REJECTED",
)  # fmt: skip
FIELDS: Final = (  # that can be posted at will; the first four are filled in when left out
    "account_update", "phone_number_quality_update", CAPABILITY, "account_review_update",
    "account_alerts", "phone_number_name_update", "template_category_update", TEMPLATE_STATUS,
    TEMPLATE_QUALITY, "security",
)  # fmt: skip
_WEEK_SECONDS: Final = 7 * 24 * 3600
# template-pausing: three hours, six hours, then disabled; pacing's pause lasts until it is lifted
_PAUSES: Final = {"FIRST_PAUSE": " for 3 hours", "SECOND_PAUSE": " for 6 hours"}


def template_event(was: str, becomes: str) -> str:
    """The event of a change of status; documented for APPROVED, PAUSED and the like as named.

    REINSTATED: "no longer flagged or disabled"; what was paused is approved again.
    """
    return "REINSTATED" if becomes == APPROVED and was == "DISABLED" else becomes


def template_status_value(
    template: Template, event: str, at: float, *, title: str = "", reason: str = "NONE"
) -> dict[str, Any]:
    """The value of a `message_template_status_update`."""
    value: dict[str, Any] = {
        "event": event,
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
        "reason": None if event == "PENDING_DELETION" else reason,
        "message_template_category": template.category,
    }
    if event == "DISABLED":
        value["disable_info"] = {"disable_date": int(at)}
    if title:
        value["other_info"] = {"title": title, "description": _description(title)}
    return value


def template_quality_value(template: Template, was: str) -> dict[str, Any]:
    """The value of a `message_template_quality_update`."""
    return {
        "previous_quality_score": was,
        "new_quality_score": template.quality,
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
    }


def capability_value(messaging_limit: int) -> dict[str, Any]:
    """The value of a `business_capability_update`: people in 24 hours, -1 for no limit."""
    value = {"max_daily_conversations_per_business": messaging_limit or -1}
    if messaging_limit == 250:
        return value | {"max_phone_numbers_per_business": 2}
    return value | {"max_phone_numbers_per_waba": 25}


def usual_value(field: str, at: float, messaging_limit: int) -> Mapping[str, Any] | None:
    """What a field brings when nobody says; None where that is anybody's guess."""
    match field:
        case "account_update":
            restriction = {
                "restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING",
                "expiration": int(at) + _WEEK_SECONDS,
            }
            return {"event": "ACCOUNT_RESTRICTION", "restriction_info": [restriction]}
        case "phone_number_quality_update":
            return {
                "display_phone_number": DISPLAY_PHONE_NUMBER,
                "event": "THROUGHPUT_UPGRADE",
                "max_daily_conversations_per_business": tier_of(messaging_limit),
            }
        case _ if field == CAPABILITY:
            return capability_value(messaging_limit)
        case "account_review_update":
            return {"decision": "APPROVED"}
        case _:
            return None


def _description(title: str) -> str:
    match title:
        case "UNPAUSE":
            return "Your WhatsApp message template has been unpaused."
        case "DISABLED":
            return "Your WhatsApp message template has been disabled."
        case _:
            return f"Your WhatsApp message template has been paused{_PAUSES.get(title, '')}."
