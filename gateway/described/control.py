"""Describes how jobs and numbers are held in the hand: paused, resumed, canceled, planned anew."""

from typing import Any, Final

from gateway import errors
from gateway.described.samples import AT, JOB_ID, LATER
from gateway.description import Answer, Body, Described, Field
from schemas import api, planning

TAG: Final = {
    "Control": "What is asked for is kept with who asked, when and why, and holds over restarts. To"
    " ask again changes nothing."
}

_WHY: Final = Body(api.Change, {"why": {"reason": "a typo in the text"}}, required=False)
_JOB: Final = {200: Answer("the job, as it is now", api.JobView)}
_BRAKES: Final = {200: Answer("what stands still", api.Brakes)}


def _change(about: str, **more: Any) -> Described:
    return Described(
        tag="Control", about=about, body=_WHY, answers=_JOB,
        refusals=(errors.job_not_found, errors.illegal_change, errors.brake_is_on), **more,
    )  # fmt: skip


ROUTES: Final = {
    "control.pause": _change(
        "Nothing more of it leaves but what is on its way, which is counted as it arrives."
    ),
    "control.resume": _change(
        "A paused job goes on with its next message. Pressed twice, or on a job that runs, it"
        " changes nothing."
    ),
    "control.cancel": _change(
        "What is queued becomes `canceled`, whatever its size; the job is `canceled` as soon as"
        " nothing of it is on its way. Not to be undone."
    ),
    "control.audit": Described(
        tag="Control",
        about="Oldest first.",
        answers={200: Answer("who wanted what, and every move of the job", api.Audit)},
        refusals=(errors.job_not_found,),
    ),
    "replan.schedule": Described(
        tag="Control",
        about="As long as nothing of it has begun. Null withdraws the start: an empty field never"
        " sends anything.",
        body=Body(
            planning.NewStart,
            {"another time": {"scheduledAt": "2026-11-30T09:00:00+01:00"}},
            more={"required": ["scheduledAt"]},
        ),
        answers=_JOB,
        refusals=(errors.job_not_found, errors.missing_fields, errors.cannot_be_planned,
                  errors.brake_is_on),
    ),
    "replan.withdraw": Described(
        tag="Control",
        about="The job is paused, and waits until it is resumed or given another time.",
        body=_WHY,
        answers=_JOB,
        refusals=(errors.job_not_found, errors.cannot_be_planned, errors.brake_is_on),
    ),
    "replan.limit": Described(
        tag="Control",
        about="The job follows within a second. Null is as fast as the service again.",
        body=Body(
            planning.NewRate, {"slower": {"messagesPerSecond": 5, "reason": "too many calls"}},
            more={"required": ["messagesPerSecond"]},
        ),
        answers=_JOB,
        refusals=(errors.job_not_found, errors.missing_fields, errors.cannot_be_planned),
    ),
    "brakes.read": Described(tag="Control", answers=_BRAKES),
    "brakes.pull": Described(
        tag="Control",
        about="Of the number, or of all: nothing more leaves, and jobs that come in later stand"
        " still, too.",
        body=_WHY,
        answers=_BRAKES,
    ),
    "brakes.release": Described(
        tag="Control", about="What only this had stopped goes on.", answers=_BRAKES,
        refusals=(errors.bad_request,),
    ),
}  # fmt: skip

FIELDS: Final = {
    "Change.reason": Field("why, on one line", "a typo in the text", {"maxLength": 300}),
    "NewStart.reason": Field("why, on one line", "the price is not final", {"maxLength": 300}),
    "NewRate.reason": Field("why, on one line", "too many calls", {"maxLength": 300}),
    "NewStart.scheduledAt": Field("ISO 8601 with its zone; null: no start", LATER),
    "NewRate.messagesPerSecond": Field("no more than the service; null: as fast", 5),
    "entries": Field(
        "oldest first",
        [{"at": AT, "kind": "asked", "what": "pause", "value": None, "who": "shop", "why": None}],
    ),
    "AuditEntry.kind": Field("`asked`, or `moved`", "asked", {"enum": ["asked", "moved"]}),
    "what": Field("what was asked for, or the state that the job has now", "pause"),
    "AuditEntry.value": Field("the time of a start, or the rate"),
    "who": Field("the name of a key; null: Loopcast itself", "shop"),
    "why": Field("as it was said"),
    "everythingIsPaused": Field("whether the brake on all numbers is on", False),
    "brakes": Field("those that are on", []),
    "Brake.phoneNumberId": Field("of one number; null: of everything"),
    "by": Field("who has pulled it", "shop"),
    "Brake.jobs": Field("jobs that it holds", 2),
    "children": Field(
        "jobs that send a part of this one again",
        [{"jobId": JOB_ID, "state": "completed", "totalRecipients": 1, "createdAt": AT}],
    ),
    "parentId": Field("the job of which this one sends a part again"),
    "wanted": Field("what a person wants of it: `run`, `pause` or `cancel`", "run"),
}  # fmt: skip
