"""The first page: what the sandbox can be asked for, and which numbers have a fate."""

from typing import Any, Final

from sandbox.fates import COURSES, LATER_MARK, MARK, VARIANTS

INDEX: Final[dict[str, Any]] = {
    "what": "Meta on your desk: the Cloud API with faults on demand, webhooks, and a ledger",
    "api": [
        "POST /{version}/{phone_number_id}/messages",
        "GET /{version}/{waba_id}/message_templates?name=&status=&fields=&limit=&after=",
        "GET /{version}/{template_id}?fields=",
        "GET /{version}/{phone_number_id}?fields=",
    ],
    "sandbox": [
        "GET /sandbox/ledger?to=&tag=&phone_number_id=&after=&limit=",
        "GET /sandbox/ledger/summary",
        "DELETE /sandbox/ledger",
        "GET /sandbox/receipts?to=&tag=&phone_number_id=&after=&limit=&status=",
        "GET /sandbox/requests?to=&tag=&phone_number_id=&after=&limit=",
        "GET /sandbox/live",
        "GET /sandbox/people?part=&limit=",
        "GET /sandbox/phone?to=&limit=",
        "GET /sandbox/webhooks?field=&after=&limit=",
        "POST /sandbox/webhooks",
        "DELETE /sandbox/webhooks",
        "POST /sandbox/inbound",
        "GET /sandbox/script",
        "PUT /sandbox/script",
        "DELETE /sandbox/script",
        "GET /sandbox/faults",
        "PUT /sandbox/faults",
        "DELETE /sandbox/faults",
        "GET /sandbox/templates?name=",
        "PUT /sandbox/templates",
        "POST /sandbox/templates",
        "DELETE /sandbox/templates?name=&language=",
        "POST /sandbox/clock",
        "GET /healthz",
    ],
    "recipients": {
        **{f"…{MARK}{digits}": fate.meaning for digits, fate in VARIANTS.items()},
        f"…{MARK}<error code of six digits>": "refused with that code",
        **{f"…{LATER_MARK}{digits}": fate.meaning for digits, fate in COURSES.items()},
        f"…{LATER_MARK}<error code of six digits>": "accepted, then failed with that code",
    },
}
