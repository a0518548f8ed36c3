"""Describes who may, and from which numbers is sent."""

from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta

from gateway import errors
from gateway.described.samples import AT, JOB_ID, PHONE_NUMBER_ID
from gateway.description import Answer, Body, Described, Field, Parameter
from schemas import key_api, number_api
from schemas.scopes import Scope

TAG: Final = {
    "Numbers": "Sending numbers beside that of the environment. No answer has a secret.",
    "Keys": "Who may, and what. A key is told once.",
}
_LIVE: Final = Parameter(
    "live", bool, "`true`: Meta is asked how it rates each, within 5 s, and not again for 60 s"
)
_KEPT: Final = {200: Answer("as it is kept", number_api.SendingNumberKept)}
_NUMBER: Final = (errors.number_not_found,)

ROUTES: Final = {
    "sending_numbers.listed": Described(
        tag="Numbers",
        about="With those that nobody has added and that were sent from all the same, with the"
        " environment's token.",
        parameters=(_LIVE,),
        answers={200: Answer("the environment's first", number_api.NumberList)},
        refusals=(errors.bad_request,),
    ),
    "sending_numbers.read": Described(
        tag="Numbers",
        parameters=(_LIVE,),
        answers={200: Answer("the number", number_api.SendingNumber)},
        refusals=(*_NUMBER, errors.bad_request),
    ),
    "sending_numbers.keep": Described(
        tag="Numbers",
        about="What is not given is taken away again, but for `token` and `appSecret`.",
        body=Body(
            number_api.NumberSent,
            {"a number of another account": {
                "name": "Shop", "wabaId": "300000000000003", "token": "EAAG…"}},
        ),
        answers=_KEPT,
        refusals=(
            *_NUMBER, errors.missing_fields, errors.number_refused, errors.no_secret_key,
        ),
    ),
    "sending_numbers.set_token": Described(
        tag="Numbers",
        about="Messages leave with it within 2 s, also of jobs that run.",
        body=Body(number_api.TokenSent, {"a new token": {"token": "EAAG…"}}),
        answers=_KEPT,
        refusals=(
            *_NUMBER, errors.missing_fields, errors.number_refused, errors.no_secret_key,
            errors.number_of_environment,
        ),
    ),
    "sending_numbers.drop": Described(
        tag="Numbers", answers={200: Answer("it is gone", number_api.NumberDropped)},
        refusals=(*_NUMBER, errors.number_of_environment, errors.number_has_jobs),
    ),
    "keys.listed": Described(
        tag="Keys", answers={200: Answer("all there are and were", key_api.KeyList)}
    ),
    "keys.make": Described(
        tag="Keys",
        body=Body(
            key_api.NewKey, {"for a shop": {"name": "shop", "scopes": ["send", "read"]}},
            more={"required": ["name", "scopes"]},
        ),
        answers={201: Answer("with the key itself, this once", key_api.KeyMade)},
        refusals=(errors.missing_fields,),
    ),
    "keys.revoke": Described(
        tag="Keys",
        about="It opens nothing any more, on every gateway within 2 s. To revoke it again changes"
        " nothing.",
        answers={200: Answer("the key as it is now", key_api.KeyView)},
        refusals=(errors.key_not_found,),
    ),
}  # fmt: skip

FIELDS: Final = {
    "KeyMade.key": Field("the key: told this once", "lc_…"),
    "keys": Field("the environment's first, then the newest"),
    "NumberList.numbers": Field("the environment's first"),
    "NewKey.name": Field("whose it is: jobs belong to the name", "shop"),
    "KeyView.name": Field("whose it is: jobs belong to the name", "shop"),
    "KeyMade.name": Field("whose it is: jobs belong to the name", "shop"),
    "scopes": Field("what it may", ["send", "read"], {"items": {"enum": list(Scope)}}),
    "NewKey.expiresAt": Field("ISO 8601 with its zone; for ever, if it is not given"),
    "KeyView.expiresAt": Field("until when; null: for ever"),
    "KeyMade.expiresAt": Field("until when; null: for ever"),
    "KeyView.id": Field("null: of the environment", JOB_ID),
    "KeyMade.id": Field("what it is revoked by", JOB_ID),
    "KeyView.source": Field("`stored` or `environment`", "stored"),
    "KeyMade.source": Field("`stored`", "stored"),
    "hint": Field("its last four characters", "7Zq9"),
    "isLive": Field("neither revoked nor expired", True),
    "submissionsPerMinute": Field("how often it may submit; 0: no limit; null: as the service"),
    "madeBy": Field("who made it", "root"),
    "madeAt": Field("when", AT),
    "lastUsedAt": Field("to the minute"),
    "revokedBy": Field("who has revoked it"),
    "revokedAt": Field("when"),
    "NumberSent.name": Field("for people", "Shop"),
    "SendingNumber.name": Field("for people", "Shop"),
    "SendingNumberKept.name": Field("for people", "Shop"),
    "SendingNumber.source": Field("`stored` or `environment`", "stored"),
    "SendingNumberKept.source": Field("`stored`", "stored"),
    "provider": Field("`meta` or `360dialog`", "meta"),
    "wabaId": Field("its business account", "300000000000003"),
    "token": Field("Meta's access token, or the number's key at 360dialog", "EAAG…"),
    "appSecret": Field("signs its webhooks", "…"),
    "enabled": Field("whether it takes new jobs", True),
    "check": Field("whether Meta is asked first if it takes the token", True),
    "tokenHint": Field("its last four characters", "7Zq9"),
    "tokenSetBy": Field("who gave it", "root"),
    "tokenSetAt": Field("when", AT),
    "hasAppSecret": Field("whether one is kept", False),
    "unfinishedJobs": Field("jobs of it that have not ended", 0),
    "changedBy": Field("who changed it last", "root"),
    "changedAt": Field("when", AT),
    "checked": Field("whether Meta has taken the token", True),
    "SendingNumberKept.note": Field("why it was not checked"),
    "SendingNumberKept.limit": Field("the messaging limit; all numbers together count against it"),
    "SendingNumber.note": Field("why Meta says nothing of it"),
    "SendingNumber.limit": Field("the messaging limit; all numbers together count against it"),
    "people24h": Field("people a day; null: no limit, or none that is known", 2000),
    "reached24h": Field("people reached in the last day, by all numbers", 150),
    "NumberLimit.limitedUntil": Field("when it goes on, or is expected to"),
    "paceNow": Field("messages a second that it may send now; null: no limit", 10),
    "slowedUntil": Field("when it is at its full pace again, after Meta said too fast"),
    "heldUntil": Field("nothing of it leaves before"),
    "heldBy": Field("why: `throttled`, `unreachable`, `messaging limit`"),
    "isPaused": Field("whether the red button holds it, or everything", False),
    "queue": Field("what waits to be sent"),
    "NumberQueue.jobs": Field("jobs that have not ended, and have something left to send", 0),
    "NumberQueue.messages": Field("their messages that wait", 0),
    "quality": Field(
        "`GREEN`, `YELLOW`, `RED`, `UNKNOWN`; null: not asked, or no answer", None,
        {"enum": ["GREEN", "YELLOW", "RED", "UNKNOWN"]},
    ),
    "displayPhoneNumber": Field("the number as people see it, as Meta says"),
    "verifiedName": Field("the name that people see, as Meta says"),
    "dropped": Field("always true", True),
}  # fmt: skip

KEY_ID_PARAMETER: Final = Parameter(
    "key_id", UUID, "the key, as the list has it", JOB_ID, "path", required=True
)
PHONE_NUMBER_ID_PARAMETER: Final = Parameter(
    "phone_number_id", Annotated[str, Meta(pattern="^[0-9]{1,32}$")],
    "the sending number's id at Meta", PHONE_NUMBER_ID, "path", required=True,
)  # fmt: skip
