"""Describes how templates are listed."""

from typing import Annotated, Final

from msgspec import Meta

from gateway import errors
from gateway.described.samples import AT, PHONE_NUMBER_ID
from gateway.description import Answer, Described, Field, Parameter
from schemas import template_api as api

TAG: Final = {"Templates": "What can be sent, as Meta lists it, and what has to be filled in."}

ROUTES: Final = {
    "template_lists.listed": Described(
        tag="Templates",
        about="In order of name and language, whatever their state. Where Meta cannot be asked,"
        " `state` is `unavailable` and `reason` says why: a submission is then taken without being"
        " held against its template. What is listed was asked 30 s ago at most.",
        parameters=(
            Parameter(
                "phoneNumberId", Annotated[str, Meta(pattern="^[0-9]{0,32}$")],
                "the sending number; `META_PHONE_NUMBER_ID` unless told", PHONE_NUMBER_ID,
            ),
            Parameter("limit", Annotated[int, Meta(ge=1, le=6000)], "the most that are listed"),
        ),
        answers={200: Answer("the templates of its business account", api.TemplateList)},
        refusals=(errors.bad_request,),
    ),
}  # fmt: skip

FIELDS: Final = {
    "TemplateList.state": Field(
        "`known` or `unavailable`", "known", {"enum": ["known", "unavailable"]}
    ),
    "TemplateList.reason": Field("why they are not known, or that some are left out"),
    "TemplateList.asOf": Field("when Meta was asked", AT),
    "TemplateList.total": Field("how many there are, listed or not", 1),
    "templates": Field("by name and language"),
    "TemplateView.name": Field("what submissions call it by", "welcome"),
    "TemplateView.language": Field("its language code", "en_US"),
    "TemplateView.status": Field("as Meta has it", "APPROVED"),
    "category": Field("as Meta has it", "UTILITY"),
    "sendable": Field("approved: only that can be sent", True),
    "supported": Field("whether values by their keys can fill it", True),
    "unsupported": Field("what only `POST /api/bulk/send` can fill"),
    "TemplateView.header": Field("what stands above the text"),
    "TemplateHeader.kind": Field("`text`, `image`, `video`, `document`, `location`", "image"),
    "TemplateHeader.text": Field("of a text", None),
    "TemplateView.body": Field("the text, with its variables", "Welcome, {{first_name}}!"),
    "footer": Field("what stands below it", None),
    "buttons": Field("in their order", []),
    "TemplateButton.kind": Field("as Meta has it, in lower case", "url"),
    "TemplateButton.text": Field("what is written on it", "Shop now"),
    "TemplateButton.url": Field("where it leads", "https://example.com/sale/{{1}}"),
    "phoneNumber": Field("whom it calls"),
    "places": Field("what a value fills, by its key"),
    "TemplatePlace.key": Field("what submissions name it by", "first_name"),
    "means": Field("the same for people", "Stands in place of {{first_name}} in the text."),
    "required": Field("whether it must be filled", True),
    "TemplatePlace.example": Field("as Meta keeps it", "Ann"),
    "most": Field("the most characters that fit; null: that is not the point", 1012),
}
