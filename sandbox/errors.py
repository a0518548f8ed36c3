"""Meta's error codes that a send can meet, and the envelope that carries one.

Titles and details after support/error-codes. Its page has no HTTP column any more: the statuses
are those of its older table, and 400 where that had none.
"""

from typing import Final

import msgspec


class Known(msgspec.Struct, frozen=True):
    """What Meta says with a code."""

    http_status: int
    title: str
    details: str


class Refusal(msgspec.Struct, frozen=True):
    """A no: a code, and what is said beyond its entry in the catalogue."""

    code: int
    details: str | None = None  # None: the catalogue's
    message: str | None = None  # None: "(#code) title"; Graph's own refusals have none of that
    type: str = "OAuthException"
    subcode: int | None = None
    http_status: int | None = None  # None: the catalogue's
    retry_after_seconds: int | None = None
    regain_minutes: int | None = None  # for X-Business-Use-Case-Usage

    @property
    def status(self) -> int:
        """The HTTP status to answer with."""
        return self.http_status or CATALOGUE[self.code].http_status


def envelope(refusal: Refusal, trace_id: str) -> bytes:
    """The JSON of a refusal, as `{"error": …}`."""
    known = CATALOGUE[refusal.code]
    error: dict[str, object] = {
        "message": refusal.message or f"(#{refusal.code}) {known.title}",
        "type": refusal.type,
        "code": refusal.code,
    }
    if refusal.subcode is not None:
        error["error_subcode"] = refusal.subcode
    if refusal.message is None:
        details = known.details if refusal.details is None else refusal.details
        error["error_data"] = {"messaging_product": "whatsapp", "details": details}
    return msgspec.json.encode({"error": error | {"fbtrace_id": trace_id}})


CATALOGUE: Final[dict[int, Known]] = {
    # Graph, the token, the app
    0: Known(401, "AuthException", "We were unable to authenticate the app user."),
    1: Known(400, "API Unknown", "Invalid request or possible server error."),
    2: Known(503, "API Service", "Temporary due to downtime or due to being overloaded."),
    3: Known(500, "API Method", "Capability or permissions issue."),
    4: Known(429, "API Too Many Calls", "The app has reached its API call rate limit."),
    10: Known(403, "Permission Denied", "Permission is either not granted or has been removed."),
    33: Known(400, "Parameter value is not valid", "The business phone number has been deleted."),
    100: Known(
        400, "Invalid parameter",
        "The request included one or more unsupported or misspelled parameters.",
    ),
    104: Known(401, "Access token required", "An access token is required."),
    190: Known(401, "Access token has expired", "Your access token has expired."),
    200: Known(403, "API Permission", "Permission is either not granted or has been removed."),
    368: Known(
        403, "Temporarily blocked for policies violations",
        "The WhatsApp Business Account has been restricted or disabled for violating a policy.",
    ),
    2500: Known(400, "Unknown path components", "The path is none of the API's."),
    80007: Known(
        429, "Rate limit issues", "The WhatsApp Business Account has reached its rate limit."
    ),
    80008: Known(
        429, "Rate limit issues", "Too many calls to this WhatsApp Business account."
    ),
    # the recipient, the number, the account
    130403: Known(400, "User blocked", "The business has blocked this user."),
    130429: Known(429, "Rate limit hit", "Cloud API message throughput has been reached."),
    130472: Known(
        400, "User's number is part of an experiment",
        "Message was not sent as part of an experiment.",
    ),
    130497: Known(
        403, "Business account is restricted from messaging users in this country.",
        "The WhatsApp Business Account is restricted from messaging users in certain countries.",
    ),
    131000: Known(500, "Something went wrong", "Message failed to send due to an unknown error."),
    131005: Known(403, "Access denied", "Permission is either not granted or has been removed."),
    131008: Known(
        400, "Required parameter is missing", "The request is missing a required parameter."
    ),
    131009: Known(
        400, "Parameter value is not valid", "One or more parameter values are invalid."
    ),
    131014: Known(400, "Request failed", "The media of the message could not be fetched."),
    131016: Known(503, "Service unavailable", "A service is temporarily unavailable."),
    131021: Known(
        400, "Recipient cannot be sender", "Sender and recipient phone number is the same."
    ),
    131026: Known(
        400, "Message undeliverable",
        "The recipient is not on WhatsApp, has not accepted its terms, or uses an old version.",
    ),
    131030: Known(
        400, "Recipient phone number not in allowed list",
        "The recipient is not in this test number's list of allowed recipients.",
    ),
    131031: Known(
        403, "Business Account locked",
        "The WhatsApp Business Account has been restricted or disabled, or its data do not match.",
    ),
    131037: Known(
        400, "WhatsApp provided number needs display name approval before message can be sent.",
        "The 555 business phone number has no approved display name.",
    ),
    131042: Known(
        400, "Business eligibility payment issue",
        "Message failed to send because of a problem with the payment method.",
    ),
    131045: Known(
        500, "Incorrect certificate", "Message failed to send due to a registration error."
    ),
    131047: Known(
        400, "Re-engagement message",
        "More than 24 hours have passed since the recipient last replied to the sender number.",
    ),
    131048: Known(
        429, "Spam rate limit hit",
        "Message failed to send: too many previous messages were blocked or flagged as spam.",
    ),
    131049: Known(
        400, "This message was not delivered to maintain healthy ecosystem engagement.",
        "In order to maintain a healthy ecosystem engagement, the message failed to be delivered.",
    ),
    131050: Known(
        400, "User has stopped marketing messages",
        "The recipient chose to stop marketing messages from your business.",
    ),
    131051: Known(400, "Unsupported message type", "Message type is unknown or unsupported."),
    131053: Known(
        400, "Media upload error", "Unable to upload the media used in the message."
    ),
    131055: Known(400, "Method not allowed", "Only marketing templates are supported here."),
    131056: Known(
        429, "(Business Account, Consumer Account) pair rate limit hit",
        "Too many messages sent from this number to the same recipient in a short time.",
    ),
    131057: Known(
        500, "Account in maintenance mode", "Business Account is in maintenance mode."
    ),
    131062: Known(
        400, "Recipient not supported", "This message cannot be sent to a business-scoped user id."
    ),
    131063: Known(
        400, "Marketing templates disabled",
        "Marketing messages are disabled on Cloud API for this WhatsApp Business Account.",
    ),
    131064: Known(
        400, "Messaging limit reached",
        "The messaging limit was reached due to template classification violations.",
    ),
    # the template
    132000: Known(
        400, "Number of parameters does not match the expected number of params",
        "The number of parameter values does not match the template.",
    ),
    132001: Known(
        404, "Template name does not exist in the translation",
        "The template does not exist in that language or has not been approved.",
    ),
    132005: Known(400, "Translated text too long", "The filled-in text is too long."),
    132007: Known(
        400, "Template format character policy violated",
        "Template content violates a WhatsApp policy.",
    ),
    132008: Known(400, "Invalid parameter values", "The values of the variables are invalid."),
    132012: Known(
        400, "Parameter format does not match format in the created template",
        "Variable parameter values are formatted incorrectly.",
    ),
    132015: Known(
        400, "Template is paused",
        "Template is paused due to low quality so it cannot be sent in a template message.",
    ),
    132016: Known(
        400, "Template is disabled",
        "Template has been paused too many times due to low quality and is now disabled.",
    ),
    132018: Known(400, "Template validation error", "The template's values are not valid."),
    132068: Known(400, "Flow is in blocked state", "Flow is in blocked state."),
    132069: Known(
        400, "Flow is in throttled state",
        "10 messages with this flow were sent in the last hour already.",
    ),
    # the number's registration and the rest
    133004: Known(503, "Server temporarily unavailable", "Server is temporarily unavailable."),
    133010: Known(
        400, "Phone number not registered",
        "Phone number not registered on the WhatsApp Business Platform.",
    ),
    133015: Known(
        400, "Please wait a few minutes before attempting to register this phone number",
        "The phone number was deleted recently, and its deletion has not completed.",
    ),
    134011: Known(
        400, "WhatsApp Payments terms of service has not been accepted",
        "The terms of WhatsApp Payments await acceptance.",
    ),
    135000: Known(400, "Generic user error", "An unknown error with the request parameters."),
    137000: Known(400, "Identity key mismatch", "The recipient's identity key has changed."),
    139200: Known(400, "Direct Send access blocked", "Sends without a template are blocked."),
}  # fmt: skip
