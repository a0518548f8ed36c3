"""Describes how jobs are submitted."""

from typing import Annotated, Final

from msgspec import Meta

from gateway import errors
from gateway.described.samples import AT, JOB_ID, PHONE_NUMBER_ID
from gateway.description import Answer, Body, Described, Either, Field, Parameter
from schemas import api, plan_api
from schemas.states import JobState

TAG: Final = {
    "Submit": "Three forms, one answer. The list is in PostgreSQL before you get it; sending goes"
    " on without you."
}

REHEARSED: Final = Either((plan_api.DryRun, plan_api.RefusedPlan))
IDEMPOTENCY_KEY: Final = Parameter(
    "Idempotency-Key",
    Annotated[str, Meta(min_length=1, max_length=255, pattern="^[ -~]*$")],
    "a key of your choice: the same submission with the same key makes one job, however often it"
    " comes, and is answered as the first time",
    place="header",
)
DRY_RUN: Final = Parameter("dryRun", str, "`true`: nothing is made, and the answer is the plan")
SUBMITTED: Final = {
    200: Answer("of a dry run: the plan, or why it would be refused", REHEARSED),
    201: Answer(
        "the job is made: every recipient of it is written down",
        api.Submitted,
        headers={"Idempotency-Replayed": "`true` when this submission came before"},
    ),
}
SUBMITTED_REFUSALS: Final = (
    errors.missing_fields, errors.no_recipients, errors.no_valid_recipients, errors.over_hard_cap,
    errors.template_not_ready, errors.template_mismatch, errors.rows_do_not_fill,
    errors.key_reused, errors.too_many_submissions, errors.token_refused, errors.over_quota,
    errors.number_disabled,
)  # fmt: skip

ROUTES: Final = {
    "submit.quick_send": Described(
        tag="Submit",
        about="Recipients come as text: numbers separated by line breaks, commas, semicolons or"
        " tabs. Each is sent to once, however often it is listed.",
        parameters=(IDEMPOTENCY_KEY, DRY_RUN),
        body=Body(
            api.QuickSend,
            {
                "a template with one value": {
                    "phone_number_id": PHONE_NUMBER_ID,
                    "template_name": "welcome",
                    "variables": {"first_name": "Ann"},
                    "recipients_text": "+49 1511 2345678, +91 98765 43210\n+1 (650) 555-1234",
                    "campaign_name": "Welcome, November",
                }
            },
        ),
        answers=SUBMITTED,
        refusals=SUBMITTED_REFUSALS,
    ),
    "submit.customize_send": Described(
        tag="Submit",
        about="The same number twice gets the first row's values, once.",
        parameters=(IDEMPOTENCY_KEY, DRY_RUN),
        body=Body(
            api.CustomizeSend,
            {
                "two rows": {
                    "phoneNumberId": PHONE_NUMBER_ID,
                    "templateName": "order_update",
                    "recipientColumn": "Phone",
                    "variableMappings": {"1": "Name", "2": "Order"},
                    "data": [
                        {"Phone": "+49 1511 2345678", "Name": "Ann", "Order": "A-1042"},
                        {"Phone": "+91 98765 43210", "Name": "Ravi", "Order": 1043},
                    ],
                }
            },
        ),
        answers=SUBMITTED,
        refusals=(*SUBMITTED_REFUSALS, errors.upload_not_found),
    ),
    "submit.direct_send": Described(
        tag="Submit",
        about="`components` go to Meta untouched. Free text is taken by Meta only within 24 hours"
        " of the recipient's last message.",
        parameters=(IDEMPOTENCY_KEY, DRY_RUN),
        body=Body(
            api.DirectSend,
            {
                "a template": {
                    "phone_number_id": PHONE_NUMBER_ID,
                    "recipients": ["+49 1511 2345678", 919876543210],
                    "message": {
                        "kind": "template",
                        "template": {"name": "hello_world", "language_code": "en_US"},
                    },
                },
                "free text": {
                    "phone_number_id": PHONE_NUMBER_ID,
                    "recipients": ["+49 1511 2345678"],
                    "message": {"kind": "text", "text": {"body": "We open at nine."}},
                },
            },
        ),
        answers=SUBMITTED,
        refusals=SUBMITTED_REFUSALS,
    ),
}

_META_ID: Final = {"pattern": "^[0-9]{1,32}$"}
_LABEL: Final = {"maxLength": 512}
_LANGUAGE: Final = {"pattern": "^[A-Za-z]{2,3}(_[A-Za-z0-9]{2,4})?$"}
_TEMPLATE: Final = {"minLength": 1, "maxLength": 512}
_LABELED: Final = "a label of your own, which answers and lists show"
_NUMBER: Final = "the sending number's id at Meta, digits alone"

FIELDS: Final = {
    "phone_number_id": Field(_NUMBER, PHONE_NUMBER_ID, _META_ID),
    "DirectSend.phone_number_id": Field(
        f"{_NUMBER}; `META_PHONE_NUMBER_ID` when it is not given, or empty", PHONE_NUMBER_ID,
        {"pattern": "^[0-9]{0,32}$"},
    ),
    "phoneNumberId": Field(_NUMBER, PHONE_NUMBER_ID, _META_ID),
    "template_name": Field("an approved template", "welcome", _TEMPLATE),
    "templateName": Field("an approved template", "order_update", _TEMPLATE),
    "recipients_text": Field(
        "numbers, separated by line breaks, commas, semicolons or tabs", "+49 1511 2345678"
    ),
    "language": Field("the template's language code; en_US when it is not given", "en_US"),
    "variables": Field("values of the template by the place they fill", {"first_name": "Ann"}),
    "campaign_name": Field(_LABELED, "Welcome, November", _LABEL),
    "recipientColumn": Field("the column that holds the number", "Phone", {"minLength": 1}),
    "data": Field(
        "the rows, as a spreadsheet gives them",
        [{"Phone": "+49 1511 2345678", "Name": "Ann", "Order": "A-1042"}],
        {"items": {"type": "object"}},
    ),
    "variableMappings": Field(
        "which column fills which place of the template", {"1": "Name", "2": "Order"}
    ),
    "recipients": Field("numbers, as strings or whole numbers", ["+49 1511 2345678"]),
    "DirectSend.message": Field("a template or free text, the same for everybody"),
    "campaignId": Field("a label of your own", "sale-11", _LABEL),
    "template": Field("the template's name", "welcome"),
    "TemplateMessage.template": Field("the template, and what fills it"),
    "TemplateContent.name": Field("an approved template", "hello_world", _TEMPLATE),
    "language_code": Field("the template's language code", "en_US", _LANGUAGE),
    "components": Field("what fills the template, in Meta's own words", []),
    "TextMessage.text": Field("the text"),
    "body": Field(
        "1 to 4096 characters, not only blanks", "We open at nine.",
        {"minLength": 1, "maxLength": 4096},
    ),
    "preview_url": Field("whether the first link of the text is shown with a preview", False),
    "kind": Field("which of the two it is"),
    "success": Field("always true; a refusal has another shape", True),
    "bulk": Field("whether more than 50 recipients go out", False),
    "jobId": Field("the job", JOB_ID),
    "state": Field(
        "`settling`: all is sent, and messages in doubt await their receipt; `failed`: nothing was"
        " sent and something failed, or the job was stopped for a `reason`",
        "running",
        {"enum": list(JobState)},
    ),
    "Submitted.state": Field("a new job waits for its turn", "queued", {"enum": list(JobState)}),
    "totalRecipients": Field("how many messages the job has", 3),
    "batchSize": Field("the old name of `loopSize`", 50),
    "totalBatches": Field("the old name of `totalLoops`", 1),
    "loopSize": Field("messages sent one after another, before a pause", 50),
    "totalLoops": Field("loops of the job", 1),
    "createdAt": Field("when it was submitted", AT),
    "message": Field("the same in a sentence", "3 recipients in 1 loop."),
    "accepted": Field("recipients that are to be sent to", 3),
    "duplicates": Field("entries that came more than once and are sent to once", 0),
    "rejected": Field("entries that were not taken, the first 20", []),
    "rejectedTotal": Field("how many were not taken", 0),
    "suppressed": Field("of the accepted: opted out, and to be skipped", 0),
    "ignoredFields": Field("fields of your body that no form knows", ["campain_name"]),
    "preflight": Field("whether the order was held against its template at Meta"),
    "Preflight.state": Field("`checked` or `skipped`", "checked"),
    "Preflight.reason": Field("of a check that was skipped"),
    "line": Field("the line or row of your list, from 1", 4),
    "value": Field("the start of what stood there", "+49 12"),
    "RejectedLine.reason": Field("why it was not taken", "too short"),
}  # fmt: skip
