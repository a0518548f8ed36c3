"""Describes files of recipients, lists line by line, rehearsals and test sends."""

from typing import Any, Final, Literal
from uuid import UUID

from gateway import errors
from gateway.described.samples import AT, JOB_ID, LATER, PHONE_NUMBER_ID
from gateway.described.submissions import DRY_RUN, IDEMPOTENCY_KEY, SUBMITTED, SUBMITTED_REFUSALS
from gateway.description import Answer, Body, Described, Field, Parameter
from schemas import upload_api

TAG: Final = {
    "Files": "A list that a spreadsheet keeps is brought once, looked at, and submitted by its id,"
    " until its day is over."
}

_ORDER: Final = (
    '{"phoneNumberId": "100000000000001", "templateName": "order_update", "recipientColumn":'
    ' "Phone"}\n{"Phone": "+49 1511 2345678"}\n'
)
_UPLOAD: Final = Answer("what is in it", upload_api.Upload)

ROUTES: Final = {
    "ndjson.send": Described(
        tag="Submit",
        about="The first line is the order, as in the customize form but without `data`; each"
        " further line is a row. All or nothing.",
        parameters=(IDEMPOTENCY_KEY, DRY_RUN),
        body=Body(str, {"one row": _ORDER}, media="application/x-ndjson"),
        answers=SUBMITTED,
        refusals=(*SUBMITTED_REFUSALS, errors.too_many_transfers),
    ),
    "submit.test_send": Described(
        tag="Submit",
        about="The body of any submission, with `to`, and with `row` where it has rows: one message"
        " to that number, before all that waits for its sending number.",
        parameters=(IDEMPOTENCY_KEY, DRY_RUN),
        body=Body(
            dict[str, Any],
            {
                "row 1 to oneself": {
                    "to": "+49 1511 7654321", "row": 1, "phoneNumberId": PHONE_NUMBER_ID,
                    "templateName": "order_update", "recipientColumn": "Phone",
                    "data": [{"Phone": "+49 1511 2345678"}],
                }
            },
        ),
        answers=SUBMITTED,
        refusals=(*SUBMITTED_REFUSALS, errors.upload_not_found),
    ),
    "uploads.take": Described(
        tag="Files",
        about="A CSV or an XLSX of up to 50 MiB, as the body or as the file of a browser's form."
        " What is guessed can be said in the query.",
        parameters=(
            Parameter("filename", str, "a name to show"),
            Parameter(
                "hasHeader", str, "`true` or `false`: whether the first row has names", "true"
            ),
            Parameter("numberColumn", str, "the column that holds the numbers"),
            Parameter("region", str, "the country of numbers written without one", "DE"),
            Parameter("delimiter", Literal["comma", "semicolon", "tab", "pipe"], "of a CSV"),
            Parameter("encoding", str, "of a CSV", "utf-8"),
            Parameter("sheet", str, "of a workbook"),
        ),
        body=Body(
            bytes, {"a CSV": "Name;Phone\nAnn;+49 1511 2345678\n"},
            media=("text/csv", "application/octet-stream"),
        ),
        answers={201: _UPLOAD},
        refusals=(
            errors.too_many_uploads, errors.workbook_too_much, errors.too_many_transfers,
        ),
    ),
    "uploads.read": Described(
        tag="Files", answers={200: _UPLOAD}, refusals=(errors.upload_not_found,)
    ),
    "uploads.delete": Described(
        tag="Files", about="Jobs that were made of it stay.",
        answers={200: Answer("it is forgotten", upload_api.UploadDeleted)},
        refusals=(errors.upload_not_found,),
    ),
    "uploads.rejected": Described(
        tag="Files",
        answers={
            200: Answer(
                "the file's own columns, then `line` and `reason`", str, "text/csv; charset=utf-8",
                {"Content-Disposition": "a name to save it under"},
                "Name,Phone,line,reason\r\nBo,0170,3,too short\r\n",
            )
        },
        refusals=(errors.upload_not_found,),
    ),
}  # fmt: skip

_SECONDS: Final = "of that, in seconds"

FIELDS: Final = {
    "uploadId": Field("the rows of a file that was brought before, in place of `data`", JOB_ID),
    "CustomizeSend.hasHeader": Field("of the file; else as it was guessed"),
    "zoneColumn": Field("the column that holds the recipient's time zone"),
    "scheduledAt": Field("when it starts: ISO 8601 with its zone"),
    "window": Field("at which hours, by whose clock"),
    "GivenWindow.from": Field("HH:MM", "09:00"),
    "GivenWindow.to": Field("HH:MM, or 24:00", "20:00"),
    "days": Field("those on which it opens", ["mon", "tue"]),
    "GivenWindow.zone": Field("`recipient`, or a name of the tz database", "recipient"),
    "messagesPerSecond": Field("no more than the service", 5),
    "loopPauseMs": Field("no less than the service", 2000),
    "isTest": Field("a test send", True),
    "id": Field("what it is named by", JOB_ID),
    "filename": Field("its name", "list.csv"),
    "format": Field("`csv` or `xlsx`", "csv", {"enum": ["csv", "xlsx"]}),
    "encoding": Field("of a CSV: what it was taken for", "utf-8"),
    "delimiter": Field("of a CSV", "semicolon"),
    "sheet": Field("of a workbook: the one that was read"),
    "sheets": Field("of a workbook: all there are", []),
    "hasHeader": Field("whether the first row has the names of the columns", True),
    "columns": Field("their names", ["Name", "Phone"]),
    "numberColumn": Field("the guess; null: none looks like it", "Phone"),
    "region": Field("as it was asked for"),
    "countryProblem": Field("numbers of which the country is not certain"),
    "CountryProblem.message": Field("what to do", "Name the country: ?region=DE"),
    "Upload.rows": Field("without header and blank lines", 2),
    "valid": Field("different numbers that can be sent to", 2),
    "preview": Field("the first rows", [{"line": 2, "cells": ["Ann", "+49 1511 2345678"]}]),
    "cells": Field("as they were read", ["Ann", "+49 1511 2345678"]),
    "warnings": Field("what deserves a look", []),
    "bytes": Field("its size", 62),
    "expiresAt": Field("until when", LATER),
    "UploadDeleted.deleted": Field("always true", True),
    "dryRun": Field("always true", True),
    "DryRun.success": Field("it would be taken", True),
    "RefusedPlan.success": Field("it would be refused", False),
    "refused": Field("what the submission would be told"),
    "Refused.status": Field("the status", 400),
    "Refused.error": Field("the title", "No recipients provided"),
    "messagingLimit": Field("people a day; null: none is known"),
    "startsAt": Field("the first message", AT),
    "expectedEndAt": Field("the last message", LATER),
    "DryRun.durationSeconds": Field("from now to the expected end", 54.0),
    "durations": Field("its parts"),
    "scheduledSeconds": Field(_SECONDS, 0.0),
    "sendingSeconds": Field(_SECONDS, 50.0),
    "pausesSeconds": Field(_SECONDS, 4.0),
    "queueSeconds": Field(_SECONDS, 0.0),
    "windowSeconds": Field(_SECONDS, 0.0),
    "limitSeconds": Field(_SECONDS, 0.0),
    "notes": Field("what the plan does not know", []),
    "examples": Field("what the first recipients get", [{"to": "4915112345678", "text": "Hi Ann"}]),
    "Example.text": Field("the text, where the template's is known", "Hi Ann"),
}  # fmt: skip

UPLOAD_ID_PARAMETER: Final = Parameter(
    "upload_id", UUID, "the file, as the answer to its upload has it", JOB_ID, "path", required=True
)
