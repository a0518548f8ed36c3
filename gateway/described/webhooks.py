"""Describes what Meta calls: its handshake and its webhooks."""

from typing import Any, Final

from gateway import errors
from gateway.description import Answer, Body, Described, Field, Parameter
from schemas import service_api as api

TAG: Final = {
    "Webhooks": "What Meta calls. No key is asked for: webhooks are signed with the app's secret."
}

ROUTES: Final = {
    "webhooks.handshake": Described(
        tag="Webhooks",
        parameters=(
            Parameter("hub.mode", str, "`subscribe`", "subscribe"),
            Parameter("hub.verify_token", str, "the token that both sides know", "t0ken"),
            Parameter("hub.challenge", str, "what is to be answered", "42"),
        ),
        answers={
            200: Answer("the challenge", str, media="text/plain; charset=utf-8", example="42")
        },
        refusals=(errors.access_denied,),
        is_open=True,
        uses_ledger=False,
    ),
    "webhooks.receive": Described(
        tag="Webhooks",
        about="Answered with 200 when it is on the disk of JetStream, or will never be of use;"
        " Meta brings again whatever is answered with anything else.",
        parameters=(
            Parameter(
                "X-Hub-Signature-256", str, "`sha256=` and the body's HMAC, made with the secret",
                place="header",
            ),
        ),
        body=Body(
            Any,
            {"nothing new": {"object": "whatsapp_business_account", "entry": []}},
            required=False,  # what is signed and no webhook is answered with 200, too
        ),
        answers={200: Answer("it is stored, or of no use", api.WebhookAnswer)},
        refusals=(
            errors.not_signed, errors.access_denied, errors.webhook_too_large,
            errors.body_is_encoded, errors.webhook_not_stored,
        ),
        is_open=True,
        uses_ledger=False,
    ),
}  # fmt: skip

FIELDS: Final = {
    "stored": Field("whether it is on the disk of JetStream", True),
    "WebhookAnswer.reason": Field("why it is not, and will never be"),
}
