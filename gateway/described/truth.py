"""Describes what can be read of every recipient, and how a part of a job is sent again."""

from typing import Annotated, Any, Final

from msgspec import Meta

from gateway import errors
from gateway.described.samples import AT, JOB_ID, LATER, MESSAGE_ID, PHONE_NUMBER_ID, RECIPIENT
from gateway.described.submissions import IDEMPOTENCY_KEY
from gateway.description import Answer, Body, Described, Field, Parameter
from schemas import api as http
from schemas import truth_api as api

TAG: Final = {"Truth": "What became of every single recipient, and why."}

_STATE: Final = Parameter("state", str, "states, comma separated", example="failed,unknown")
_CODE: Final = Parameter("code", str, "Meta's error codes, comma separated", example="131026")
_NUMBER: Final = Parameter("q", str, "a recipient's number, whole or in part", example="2345678")
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SAVED: Final = {
    "Content-Disposition": "a name to save it under: the campaign, and what was chosen of it"
}


def _file(about: str, media: str, example: Any, hint: Any = str) -> Described:
    return Described(
        tag="Truth",
        about=f"{about} Made as it leaves, of any size; a transfer that breaks off ends with a"
        " broken connection.",
        parameters=(_STATE, _CODE, _NUMBER),
        answers={200: Answer("the messages", hint, media, _SAVED, example)},
        refusals=(errors.bad_request, errors.job_not_found, errors.too_many_transfers),
    )


ROUTES: Final = {
    "messages.listed": Described(
        tag="Truth",
        parameters=(
            _STATE, _CODE, _NUMBER,
            Parameter("after", Annotated[int, Meta(ge=0)], "what the page before gave as `after`"),
            Parameter("limit", Annotated[int, Meta(ge=1, le=1000)], "messages a page"),
        ),
        answers={200: Answer("a page of the job's messages, in order", api.MessageList)},
        refusals=(errors.bad_request, errors.job_not_found),
    ),
    "messages.history": Described(
        tag="Truth",
        about="Of the key's own jobs, the newest first.",
        parameters=(
            Parameter("after", str, "what the page before gave as `after`"),
            Parameter("limit", Annotated[int, Meta(ge=1, le=500)], "messages a page"),
        ),
        answers={200: Answer("every message of theirs, and their opt-outs", api.History)},
        refusals=(errors.bad_request, errors.recipient_not_found),
    ),
    "downloads.csv": _file(
        "For spreadsheets: no cell can be taken for a formula. Values of a recipient's own have a"
        " column a place of the template, `variable.1`.", "text/csv; charset=utf-8",
        "seq,to,state\r\n1,'+4915112345678,read\r\n",
    ),
    "downloads.ndjson": _file(
        "A message a line, as the pages have them.", "application/x-ndjson; charset=utf-8",
        '{"seq":1,"to":"4915112345678","state":"read"}\n',
    ),
    "downloads.xlsx": _file("A workbook, with the columns of the CSV.", _XLSX, "PK…", bytes),
    "summaries.read": Described(
        tag="Truth", answers={200: Answer("the job in sum, as of one moment", api.Summary)},
        refusals=(errors.job_not_found,),
    ),
    "summaries.page": Described(
        tag="Truth",
        parameters=(Parameter("zone", str, "whose times: a name of the tz database", "UTC"),),
        answers={200: Answer("one page to print", str, "text/html; charset=utf-8",
                             example="<!doctype html>…")},
        refusals=(errors.bad_request, errors.job_not_found),
    ),
    "stats.read": Described(
        tag="Truth",
        about="A job counts on the day on which it began; test sends are left out.",
        parameters=(
            Parameter("from", str, "the first day; 30 days ago unless told", "2026-11-01"),
            Parameter("to", str, "the last day; today unless told", "2026-11-30"),
            Parameter("zone", str, "whose days: a name of the tz database", "Asia/Kolkata"),
            Parameter("by", str, "what the rows are for: `day`, `number` or both", "day,number"),
        ),
        answers={200: Answer("the key's jobs added up", api.Stats)},
        refusals=(errors.bad_request,),
    ),
    "resend.post": Described(
        tag="Truth",
        about="What is in one of the states, or has one of the codes, becomes a child of this job;"
        " nobody is in it who has got the message, may still get it, opted out, or cannot be"
        " reached.",
        parameters=(IDEMPOTENCY_KEY,),
        body=Body(
            api.Resend, {"what failed": {"states": ["failed", "unknown"], "codes": [131049]}},
            more={"anyOf": [{"required": ["states"]}, {"required": ["codes"]}]},
        ),
        answers={
            201: Answer(
                "the child is made", http.Submitted,
                headers={"Idempotency-Replayed": "`true` when this submission came before"},
            )
        },
        refusals=(
            errors.missing_fields, errors.job_not_found, errors.not_resendable, errors.not_over,
            errors.nothing_to_resend, errors.key_reused, errors.over_quota,
            errors.too_many_submissions,
        ),
    ),
}  # fmt: skip

_STATUS_AT: Final = "when, as Meta says; null: not, or not known"

FIELDS: Final = {
    "messages": Field("in order"),
    "Figures.messages": Field("of these jobs", 3),
    "DayFigures.messages": Field("of these jobs", 3),
    "Figures.jobs": Field("how many", 1),
    "DayFigures.jobs": Field("how many", 1),
    "MessageView.state": Field("where the message is", "read"),
    "HistoryEntry.state": Field("where the message is", "read"),
    "attempts": Field("how often it was tried", 1),
    "MessageView.messageId": Field("Meta's id of the message", MESSAGE_ID),
    "HistoryEntry.messageId": Field("Meta's id of the message", MESSAGE_ID),
    "dueAt": Field("not to be tried before"),
    "claimedAt": Field("when it was last about to leave", AT),
    "sentAt": Field("when Meta accepted it", AT),
    "deliveredAt": Field(_STATUS_AT, LATER),
    "readAt": Field(_STATUS_AT, LATER),
    "failedAt": Field(_STATUS_AT),
    "unknownAt": Field("since when nobody knows"),
    "MessagePage.after": Field("for the next page; null: there is none"),
    "HistoryPage.after": Field("for the next page; null: there is none"),
    "jobState": Field("of the job", "completed"),
    "MessageView.variables": Field("the template's values, as this one gets them", {"1": "Ann"}),
    "HistoryEntry.variables": Field("the template's values, as this one gets them", {"1": "Ann"}),
    "HistoryEntry.createdAt": Field("when the job was submitted", AT),
    "History.suppressed": Field("what it gets nothing of: `all`, `marketing`; null: of neither"),
    "meaning": Field("what the code means", "Undeliverable"),
    "advice": Field("what a person can do", "Check the number"),
    "action": Field("what was done; `none`: Meta does not list the code", "fail"),
    "mayBeSentAgain": Field("whether sending again can help", False),
    "states": Field("which messages, by their state", ["failed"]),
    "codes": Field("which messages, by Meta's code", [131049]),
    "deliveredRate": Field("of what Meta accepted, from 0 to 1", 0.9),
    "readRate": Field("of what was delivered, from 0 to 1", 0.5),
    "failedRate": Field("of what Meta accepted or refused, from 0 to 1", 0.0),
    "rates": Field("shares of the job's messages"),
    "asOf": Field("the moment of all these figures", LATER),
    "durationSeconds": Field("from the first message to the end, or until now", 0.4),
    "audit": Field("the job's trail"),
    "day": Field("which day", "2026-11-23"),
    "Stats.from": Field("the first day", "2026-11-01"),
    "Stats.to": Field("the last day", "2026-11-30"),
    "zone": Field("a name of the tz database", "UTC"),
    "Stats.by": Field("what the rows are for", ["day"]),
    "totals": Field("all rows as one"),
    "rows": Field("one for each that has a job"),
    "leftOut": Field(
        "who was asked for and is not sent to, and why",
        [{"reason": "opted out", "count": 1}],
    ),
    "until": Field("where only time is missing: when the last of them has waited", LATER),
    "LeftOut.reason": Field("why", "opted out"),
    "Child.state": Field("of the child", "completed"),
    "HistoryEntry.jobId": Field("the job that it is of", JOB_ID),
    "HistoryEntry.phoneNumberId": Field("the sending number", PHONE_NUMBER_ID),
    "History.number": Field("the recipient, digits alone", RECIPIENT),
}  # fmt: skip
