"""From what a client sent to an order that can be carried out, or the refusal that says why not.

Pure. What is in the list of recipients is read later, in slices (`gateway.recipients`).
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from gateway import errors
from gateway.errors import Refusal
from gateway.numbers import Invalid
from gateway.picks import FromUpload, Only
from gateway.plans import Plan, plan_of
from gateway.recipients import Source, Table, Text, Values
from gateway.values import sendable
from schemas import api, jobs
from schemas.environment import parse_meta_id
from schemas.places import Place, fault_of, places_of
from schemas.settings import Gateway

LONGEST_NAME: Final = 512  # of templates at Meta; labels of ours get the same
LONGEST_TEXT: Final = 4096  # characters of a free text at Meta
DEFAULT_LANGUAGE: Final = "en_US"
COMPONENTS: Final = "components"  # the field of the direct form that fills a template

LARGEST_REST_BYTES: Final = 256 * 2**10
IGNORED_SHOWN: Final = 20
BYTES_PER_RECIPIENT: Final = 64  # of a list in JSON, indented and written with separators

Request = api.QuickSend | api.CustomizeSend | api.DirectSend


class Posted(NamedTuple):
    """The body of a submission, and which of the forms it is."""

    body: bytes
    kind: type[Request]
    is_test: bool = False
    only: Only | None = None  # of an upload: one row, and for whom


_KNOWN: Final = {
    kind: msgspec.defstruct(
        f"{kind.__name__}Fields",
        [(name, msgspec.Raw, msgspec.Raw(b"")) for name in kind.__struct_encode_fields__],
    )
    for kind in (api.QuickSend, api.CustomizeSend, api.DirectSend)
}

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(_[A-Za-z0-9]{2,4})?")


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One submission, checked but for its recipients.

    `places` are those of a template that its values fill, by key; `filled_by` is the field that
    says so.
    """

    phone_number_id: str
    content: jobs.Content
    source: Source | FromUpload
    plan: Plan
    places: Mapping[str, Place] = {}
    filled_by: str = COMPONENTS
    campaign_name: str | None = None
    campaign_id: str | None = None

    @property
    def label(self) -> str:
        """The template's name, or `text`: what a turn's payload shows."""
        return self.content.name if isinstance(self.content, jobs.Template) else "text"


def check(
    request: Request, settings: Gateway, now: datetime,
    is_kept: Callable[[str], bool] = lambda _: False,
) -> Order | Refusal:  # fmt: skip
    """The order that a request makes, as of `now`; `is_kept`: a number has a token of its own."""
    if missing := _missing(request):
        return errors.missing_fields(missing)
    plan = plan_of(request, settings, now)
    if isinstance(plan, Refusal):
        return plan
    made = _made(request, settings, plan)
    if isinstance(made, Refusal):
        return made
    only_number = None if is_kept(made.phone_number_id) else settings.only_number
    if problem := _problem(made, only_number):
        return errors.bad_request(problem)
    return made


def oversized(body: bytes, kind: type[Request], cap: int) -> Refusal | None:
    """A field that would take long to decode in one step; what is no JSON is refused later."""
    try:
        known = msgspec.json.decode(body, type=_KNOWN[kind])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    most = {"recipients": BYTES_PER_RECIPIENT * cap}
    most |= dict.fromkeys(("variables", "variableMappings", "message"), LARGEST_REST_BYTES)
    for name in most.keys() & set(known.__struct_encode_fields__):
        if len(memoryview(getattr(known, name))) > max(most[name], LARGEST_REST_BYTES):
            return errors.bad_request(f"{name} is too large: it may have {most[name]} bytes.")
    return None


def ignored_fields(body: bytes, kind: type[Request]) -> list[str]:
    """Fields of a body that no form knows, the first few: a misspelt one is not lost in silence.

    Known fields are cut out first, and what is left is looked at only when it is small.
    """
    try:
        known = msgspec.json.decode(body, type=_KNOWN[kind])
        sizes = (len(memoryview(raw)) for raw in msgspec.structs.astuple(known))
        if len(body) - sum(sizes) > LARGEST_REST_BYTES:
            return []
        names = msgspec.json.decode(body, type=dict[str, msgspec.Raw]).keys()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []  # the order has been refused for it
    others = (name[:64] for name in names if name not in known.__struct_encode_fields__)
    return list(islice(others, IGNORED_SHOWN))


def _made(request: Request, settings: Gateway, plan: Plan) -> Order | Refusal:
    match request:
        case api.QuickSend():
            return _quick(request, plan)
        case api.CustomizeSend():
            return _customize(request, plan)
        case api.DirectSend():
            return _direct(request, settings.default_phone_number_id, plan)


def _quick(request: api.QuickSend, plan: Plan) -> Order | Refusal:
    variables = request.variables or {}
    if fault := fault_of(variables):
        return errors.bad_request(f"variables {fault}.")
    places, texts = places_of(variables), dict[str, str]()
    for key, value in variables.items():
        text = sendable(value, places[key].part)
        if isinstance(text, Invalid):
            return errors.bad_request(f'variables["{key}"] {text.reason}.')
        texts[key] = text
    return Order(
        phone_number_id=request.phone_number_id or "",
        content=jobs.Template(
            request.template_name or "", request.language or DEFAULT_LANGUAGE, texts
        ),
        source=Text(request.recipients_text or ""),
        plan=plan,
        places=places,
        filled_by="variables",
        campaign_name=request.campaign_name,
    )


def _customize(request: api.CustomizeSend, plan: Plan) -> Order | Refusal:
    mappings = request.variable_mappings or {}
    if fault := fault_of(mappings):
        return errors.bad_request(f"variableMappings {fault}.")
    if request.zone_column is not None and (plan.window is None or plan.window.is_fixed):
        return errors.bad_request('zoneColumn is for a window whose zone is "recipient".')
    source = _rows(request, mappings)
    if isinstance(source, Refusal):
        return source
    return Order(
        phone_number_id=request.phone_number_id or "",
        content=jobs.Template(request.template_name or "", request.language or DEFAULT_LANGUAGE),
        source=source,
        plan=plan,
        places=places_of(mappings),
        filled_by="variableMappings",
        campaign_name=request.campaign_name,
    )


def _rows(request: api.CustomizeSend, mappings: Mapping[str, str]) -> Table | FromUpload | Refusal:
    """The rows themselves, or which file has them."""
    column = request.recipient_column or ""
    if request.upload_id is None:
        return Table(request.data or [], column, mappings, request.zone_column)
    if request.data is not None:
        return errors.bad_request("Give data or uploadId, not both.")
    try:
        upload_id = UUID(request.upload_id)
    except ValueError:
        return errors.upload_not_found(request.upload_id)
    return FromUpload(
        upload_id, column, mappings, request.has_header, zone_column=request.zone_column
    )


def _direct(
    request: api.DirectSend, default_phone_number_id: str | None, plan: Plan
) -> Order | Refusal:
    phone_number_id = request.phone_number_id or default_phone_number_id
    if not phone_number_id:
        return errors.missing_fields(["phone_number_id"])
    assert request.message is not None
    return Order(
        phone_number_id=phone_number_id,
        content=_content(request.message),
        source=Values(request.recipients or []),
        plan=plan,
        campaign_id=request.campaign_id,
    )


def _content(message: api.TemplateMessage | api.TextMessage) -> jobs.Content:
    match message:
        case api.TextMessage(text=text):
            return jobs.Text(text.body, text.preview_url)
        case api.TemplateMessage(template=template):
            raw = [msgspec.Raw(msgspec.json.encode(part)) for part in template.components or ()]
            return jobs.Template(template.name, template.language_code, components=raw or None)


def _missing(request: Request) -> list[str]:
    """Required fields that are absent, null, or blank; a blank list is told as such later."""
    values = {field.encode_name: field.name for field in msgspec.structs.fields(request)}
    if isinstance(request, api.CustomizeSend) and request.upload_id is not None:
        values["data"] = "upload_id"
    return [
        name
        for name in request.REQUIRED
        if (value := getattr(request, values[name])) is None
        or (isinstance(value, str) and not value.strip() and name != "recipients_text")
    ]


def _problem(order: Order, only_number: str | None) -> str | None:
    try:
        parse_meta_id(order.phone_number_id)
    except ValueError as error:
        return f"The phone number id {error}."
    if only_number not in (None, order.phone_number_id):
        return f"The key at 360dialog sends from the number {only_number} alone: give its id."
    for name, label in (("name", order.campaign_name), ("id", order.campaign_id)):
        if label is not None and len(label) > LONGEST_NAME:
            return f"The campaign's {name} may have {LONGEST_NAME} characters."
    return _content_problem(order.content)


def _content_problem(content: jobs.Content) -> str | None:
    match content:
        case jobs.Text(body=body) if not body.strip() or len(body) > LONGEST_TEXT:
            return f"The text must have 1 to {LONGEST_TEXT} characters."
        case jobs.Template(name=name) if not name.strip() or len(name) > LONGEST_NAME:
            return f"The template's name must have 1 to {LONGEST_NAME} characters."
        case jobs.Template(language_code=code) if not _LANGUAGE.fullmatch(code):
            return f"The language must be a code of the template such as en_US or de, not {code!r}."
        case _:
            return None
