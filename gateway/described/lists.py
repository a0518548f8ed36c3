"""Describes the suppression list: read, added to, lifted, in and out as a whole."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from msgspec import Meta

from gateway import errors
from gateway.described.samples import RECIPIENT
from gateway.description import Answer, Body, Described, Field, Parameter
from schemas import suppression_api as api
from schemas.suppressions import Scope, Source

TAG: Final = {
    "Opt-outs": "Who wants no messages. A STOP is said to the business, so the list is one for the"
    " whole installation: every key reads and changes it. A number has a row for each who asked"
    " for it, and is free when none of them is in force."
}

SOURCE: Final = Parameter("source", Source, "rows of who asked for it")
SCOPE: Final = Parameter("scope", Scope, "rows of what is stopped")
_LIST: Final = "+49 1511 2345678\n+1 (650) 555-1234\n"
_ROW: Final = (
    "number,scope,reason,at,source,messageId,jobId,seq\r\n'+4915112345678,all,added by shop,"
    "2026-11-23T20:36:31.951886Z,operator,,,\r\n"
)
_CHANGE: Final = {200: Answer("what became of each entry", api.ListChange)}
_NONE: Final = (errors.no_numbers, errors.no_valid_numbers)


def _only(this: str, other: str) -> Mapping[str, Any]:
    """One of two fields, the other absent or null."""
    some, null = {"not": {"type": "null"}}, {"type": "null"}
    return {"required": [this], "properties": {this: some, other: null}}


ROUTES: Final = {
    "suppressions.newest": Described(
        tag="Opt-outs",
        parameters=(
            Parameter("limit", Annotated[int, Meta(ge=1, le=500)], "rows a page; 50 unless told"),
            Parameter(
                "after", Annotated[str, Meta(pattern=r"^(-?[0-9]{1,18}\.[0-9]{7,15}\."
                                                     r"(recipient|meta|operator))?$")],
                "what the page before gave as `after`",
            ),
            Parameter("number", str, "rows of one number"),
            SOURCE, SCOPE,
        ),
        answers={200: Answer("a page of what is in force, newest first", api.SuppressionList)},
        refusals=(errors.bad_request,),
    ),
    "suppressions.add": Described(
        tag="Opt-outs",
        about="To send it again is safe.",
        body=Body(
            api.NewSuppressions,
            {
                "two numbers": {
                    "numbers": ["+49 1511 2345678", "+1 (650) 555-1234"],
                    "scope": "marketing",
                    "reason": "asked by phone",
                }
            },
            more={"oneOf": [_only("number", "numbers"), _only("numbers", "number")]},
        ),
        answers=_CHANGE,
        refusals=(errors.missing_fields, *_NONE),
    ),
    "imports.take": Described(
        tag="Opt-outs",
        about="The file is the body, up to 50 MiB: a number a line, or CSV with commas, semicolons"
        " or tabs, and columns `number`, `scope`, `reason`, `at`, `source`. It is taken as it"
        " arrives: an import that breaks off leaves its beginning on the list, and to send the same"
        " file again changes nothing twice.",
        body=Body(str, {"two lines": _LIST}, media="text/csv"),
        answers=_CHANGE,
        refusals=(*_NONE, errors.form_not_served, errors.too_many_transfers),
    ),
    "exports.give": Described(
        tag="Opt-outs",
        about="A transfer that breaks off ends with a broken connection, never with a list that"
        " only looks whole.",
        parameters=(
            Parameter("format", Literal["csv", "ndjson"], "csv for spreadsheets, unless told"),
            SOURCE, SCOPE,
        ),
        answers={
            200: Answer(
                "all that is in force, by number", str,
                media=("text/csv; charset=utf-8", "application/x-ndjson; charset=utf-8"),
                headers={"Content-Disposition": "the file's name", "Cache-Control": "`no-store`"},
                example=_ROW,
            )
        },
        refusals=(errors.bad_request, errors.too_many_transfers),
    ),
    "suppressions.read": Described(
        tag="Opt-outs",
        about="What was lifted too.",
        answers={200: Answer("all rows of the number", api.NumberView)},
        refusals=(errors.not_a_number, errors.suppression_not_found),
    ),
    "suppressions.lift": Described(
        tag="Opt-outs",
        about="Lifts the operator's row, unless others are named: do that for a recipient who asked"
        " to be written to again.",
        parameters=(
            Parameter("source", Source, "whose row is lifted; the operator's unless told"),
            Parameter("all", bool, "lift every row, whoever asked for it"),
        ),
        answers={200: Answer("what was lifted, and what is still in force", api.Lifted)},
        refusals=(
            errors.bad_request, errors.not_a_number, errors.suppression_not_found,
            errors.still_suppressed,
        ),
    ),
}  # fmt: skip

FIELDS: Final = {
    "number": Field("its digits alone", RECIPIENT),
    "NewSuppressions.number": Field("one number, read as in submissions", "+49 1511 2345678"),
    "numbers": Field(
        "up to 10,000 numbers, read as in submissions", ["+49 1511 2345678"], {"maxItems": 10_000}
    ),
    "scope": Field("what is stopped", "all", {"enum": list(Scope)}),
    "NewSuppressions.scope": Field("what is to be stopped: `all`, unless told, or `marketing`"),
    "NewSuppressions.reason": Field("why, on one line", "asked by phone", {"maxLength": 500}),
    "source": Field("who asked for it", "operator", {"enum": list(Source)}),
    "Suppression.reason": Field("why", "added by shop"),
    "Suppression.messageId": Field("Meta's, of the message that asked"),
    "Suppression.jobId": Field("with `seq`: the campaign's message that it answered"),
    "Suppression.seq": Field("the recipient's place in that job"),
    "liftedAt": Field("null while it is in force"),
    "after": Field("give it back as `?after=` for the next page; null on the last"),
    "suppressions": Field("the rows"),
    "NumberView.suppressed": Field("what it gets nothing of: `all`, `marketing`, or null", "all"),
    "Lifted.suppressed": Field("what it still gets nothing of, if anything"),
    "lifted": Field("whose rows were lifted", ["operator"]),
    "Lifted.remaining": Field("rows that are still in force", []),
    "Lifted.message": Field(
        "the same in a sentence", f"Nothing stops messages to {RECIPIENT} any more."
    ),
    "ListChange.total": Field("entries of the list", 2),
    "added": Field("were not in force before", 2),
    "changed": Field("have another scope or reason now", 0),
    "unchanged": Field("were there already", 0),
    "ListChange.message": Field(
        "the same in a sentence", "2 added, 0 changed, 0 there already, 0 rejected."
    ),
}

NUMBER_PARAMETER: Final = Parameter(
    "number", str, "digits alone, as answers have it, or written as in submissions",
    RECIPIENT, "path", required=True,
)  # fmt: skip
