"""Describes how jobs are read, watched and held in the hand."""

from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta

from gateway import errors
from gateway.described.samples import (
    AT,
    JOB_ID,
    LATER,
    MESSAGE_ID,
    PHONE_NUMBER_ID,
    RECIPIENT,
)
from gateway.description import Answer, Described, Field, Parameter
from schemas import api, events
from schemas.states import LoopState

TAG: Final = {
    "Jobs": "Always: `sent + failed + unknown + skipped + canceled + queued + sending ="
    " totalRecipients`. `sent` counts what Meta accepted, whatever came later, so `delivered` and"
    " `read` are part of it."
}

FRAMES: Final = events.Frame | api.Connection | api.ProgressFrame

ROUTES: Final = {
    "jobs.newest": Described(
        tag="Jobs",
        about="`pagination.total` counts the jobs that all of the filters fit.",
        parameters=(
            Parameter("state", str, "states, comma separated", example="running,paused"),
            Parameter(
                "q", Annotated[str, Meta(max_length=100)],
                "part of the campaign's name, its id or the template's name, or the beginning of"
                " the job's id",
                example="november",
            ),
            Parameter(
                "phoneNumberId", Annotated[str, Meta(pattern="^[0-9]{0,32}$")],
                "jobs of this sending number", PHONE_NUMBER_ID,
            ),
            Parameter("tests", bool, "`false`: without test sends"),
            Parameter("limit", Annotated[int, Meta(ge=1, le=50)], "jobs a page; 50 unless told"),
            Parameter("offset", Annotated[int, Meta(ge=0, le=999_999_999)], "jobs to pass over"),
            Parameter(
                "If-None-Match", str, "the `ETag` of the answer before: 304 while it is the same",
                place="header",
            ),
        ),
        answers={
            200: Answer(
                "a page of the key's own jobs", api.JobList,
                headers={"ETag": "changes with the answer", "Cache-Control": "`private, no-cache`"},
            ),
            304: Answer("the same as `If-None-Match` names"),
        },
        refusals=(errors.bad_request,),
    ),
    "jobs.read": Described(
        tag="Jobs",
        answers={200: Answer("the job", api.JobView)},
        refusals=(errors.job_not_found,),
    ),
    "realtime.watch": Described(
        tag="Jobs",
        about="Each event has an `id:` and a frame as JSON in `data:`, without an `event:` line:"
        " first `connection` with the job as it is, then every frame once, `job_completed` last."
        " A comment `: ping` comes every 15 s. An event source that has to come back later gets"
        " `retry:` and no frame.",
        parameters=(
            Parameter(
                "detail", str,
                "`loops`: instead of a frame a message, `progress` four times a second at most",
                example="loops",
            ),
            Parameter(
                "follow", str,
                "`receipts`: stay open after the end, up to 24 hours, for what receipts say",
            ),
            Parameter(
                "Last-Event-ID", str, "the last `id` that was seen: go on behind it",
                place="header",
            ),
        ),
        answers={
            200: Answer(
                "the events, for as long as the job runs", FRAMES, media="text/event-stream",
                headers={"Cache-Control": "`no-cache`", "X-Accel-Buffering": "`no`"},
            ),
            204: Answer("the end was seen before: do not come back"),
        },
        refusals=(errors.job_not_found, errors.too_many_streams),
    ),
}  # fmt: skip

_DOUBT: Final = "messages that may have left: nobody knows until a receipt, or time, tells"

FIELDS: Final = {
    "reason": Field("why it is so"),
    "campaignName": Field("the label it was submitted with", "Welcome, November"),
    "sent": Field("accepted by Meta, whatever came later", 3),
    "failed": Field("refused by Meta", 0),
    "queued": Field("not yet sent", 0),
    "sending": Field("on their way to Meta", 0),
    "delivered": Field("of the sent: on the phone", 2),
    "read": Field("of the delivered: read", 1),
    "unknown": Field(_DOUBT, 0),
    "skipped": Field("not sent: opted out, or held back by Meta", 0),
    "canceled": Field("not sent: the job was canceled before", 0),
    "deferred": Field("of the skipped: held back by Meta (131049)", 0),
    "progress": Field("how far it is"),
    "percentage": Field("100 only when all is done, and no doubt awaited", 99.9),
    "completed": Field("messages with an outcome", 3),
    "remaining": Field("messages without one", 0),
    "currentLoop": Field("the loop that ran last; 0: none", 1),
    "startedAt": Field("when the first message left", AT),
    "finishedAt": Field("when it was over", LATER),
    "ratePerSecond": Field("messages a second so far", 12.5),
    "etaSeconds": Field("what is left, at the pace; null: it is over, or not going", 0.0),
    "limitedBy": Field("what holds the rate back, if anything"),
    "limitedUntil": Field("when that is expected to be over"),
    "stoppedBy": Field("of a paused job: stalled, job, template, number or account"),
    "resuming": Field("paused, and about to go on", False),
    "requestId": Field("of the request that made the job: `trace` in the logs", "b7ad6b7169203331"),
    "doubtUntil": Field("while settling: when the last doubt has had its time"),
    "errors": Field("what went wrong, most frequent first", []),
    "inDoubt": Field(f"{_DOUBT}; the first 20", []),
    "loops": Field("the loops in order"),
    "loop": Field("the loop's number, from 1", 1),
    "LoopView.state": Field("how far the loop is", "completed", {"enum": list(LoopState)}),
    "size": Field("messages of the loop", 3),
    "code": Field("Meta's code", 131026),
    "title": Field("what the code means", "Message undeliverable"),
    "count": Field("how many messages", 1),
    "details": Field("more about it"),
    "to": Field("the recipient, digits alone", RECIPIENT),
    "at": Field("when", AT),
    "jobs": Field("the jobs of the page"),
    "pagination": Field("where the page stands"),
    "limit": Field("entries a page", 50),
    "offset": Field("entries before the page", 0),
    "total": Field("entries in all", 1),
    "hasMore": Field("whether another page follows", False),
    "status": Field("what is said"),
    "job": Field("the job as it is now"),
    "type": Field("which frame it is"),
    "loopIndex": Field("the loop's number, from 1", 1),
    "batchIndex": Field("`loopIndex` minus 1, for old clients", 0),
    "seq": Field("the recipient's place in the job, from 1", 1),
    "messageId": Field("Meta's id of the message", MESSAGE_ID),
    "error": Field("what went wrong"),
    "durationMs": Field("how long the loop took, in milliseconds", 240),
    "pauseMs": Field("until the next loop of this job; 0 after the last", 0),
}

JOB_ID_PARAMETER: Final = Parameter(
    "job_id", UUID, "the job, as the answer to its submission has it", JOB_ID, "path", required=True
)
