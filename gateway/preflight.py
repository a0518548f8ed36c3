"""An order held against its template, before there is a job. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import msgspec

from gateway import components, errors
from gateway.errors import Refusal
from gateway.forms import Form, Template, form_of
from gateway.numbers import Invalid
from gateway.orders import COMPONENTS, Order
from gateway.recipients import Check
from gateway.values import LONGEST, LONGEST_VALUE
from schemas import api, jobs
from schemas.places import BUTTONS, Part, Place, key_of

LONGEST_BODY: Final = 1024  # with its values in place (Meta: templates; 132005)
LONGEST_LINK: Final = 2000  # of a button, likewise
LISTED: Final = 30  # places, or languages, in one sentence


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """An order that may become a job; `check` is still to be asked of each row."""

    is_checked: bool = False
    category: str | None = None
    said: api.Preflight | None = None
    check: Check | None = None
    template: str = ""  # as sentences name it
    found: Template | None = None  # as Meta has it


def hold(order: Order, content: jobs.Template, templates: Sequence[Template]) -> Passed | Refusal:
    """Hold an order against its template, which is one of `templates` or not there.

    `templates` are all of its name, in whatever language and state.
    """
    template = _ready(content, templates)
    if isinstance(template, Refusal):
        return template
    form = form_of(template)
    if order.filled_by == COMPONENTS:
        return _hold_components(form, content.components or [])
    return _hold_keys(form, order, content)


def most_of(form: Form, place: Place) -> int | None:
    """The most characters of a value there, while all others are as short as can be; None: what
    fits there is no matter of its length.
    """
    match place.part:
        case Part.LATITUDE | Part.LONGITUDE:
            return None
        case Part.BODY:
            times, others = form.body.names.count(place.name), len(form.body.names)
            room = (LONGEST_BODY - form.body.length - (others - times)) // max(1, times)
            return max(0, min(room, LONGEST_VALUE))
        case Part.URL:
            return max(0, LONGEST_LINK - form.links[place.name])
        case part:
            return LONGEST.get(part, LONGEST_VALUE)


def _ready(content: jobs.Template, templates: Sequence[Template]) -> Template | Refusal:
    named = [template for template in templates if template.language == content.language_code]
    for template in named:
        if template.is_approved:
            return template
    if named:
        return _not_approved(named[0])
    if not templates:
        return errors.template_not_ready(
            f"There is no template {content.name} at Meta. Is its name right, and META_WABA_ID?"
        )
    languages = sorted({template.language for template in templates})
    listed = ", ".join(languages[:LISTED])
    return errors.template_not_ready(
        f"{content.name} is not there in {content.language_code}; it is in {listed}.",
        {"languages": languages},
    )


def _not_approved(template: Template) -> Refusal:
    status, why = template.status.upper() or "in no known state", template.rejected_reason
    because = f" ({why[:200]})" if why and why != "NONE" else ""
    return errors.template_not_ready(
        f"{template} is {status}{because} at Meta; only an APPROVED template can be sent.",
        {"status": template.status.upper()},
    )


def _hold_keys(form: Form, order: Order, content: jobs.Template) -> Passed | Refusal:
    if form.beyond:
        return _does_not_match(
            form,
            f"{form.template} has {' and '.join(form.beyond)}, which {order.filled_by} cannot fill:"
            " send it with its components, through POST /api/bulk/send.",
        )
    if problem := _mismatch(form, order.places.values(), order.filled_by):
        return _does_not_match(form, problem)
    check = _lengths(form, order.places)
    if content.variables and (fault := check(content.variables)):
        return _does_not_match(form, f"{order.filled_by} {fault.reason}.")
    return _passed(form, check)


def _hold_components(form: Form, raw: Sequence[msgspec.Raw]) -> Passed | Refusal:
    filled = components.filled_by(raw)
    if isinstance(filled, Invalid):
        return _does_not_match(form, f"components {filled.reason}.")
    if problem := _mismatch(form, filled, COMPONENTS):
        return _does_not_match(form, problem)
    keys = {key_of(place): place for place in filled}
    if fault := _lengths(form, keys)({key: filled[place] for key, place in keys.items()}):
        return _does_not_match(form, f"components {fault.reason}.")
    return _passed(form)


def _does_not_match(form: Form, problem: str) -> Refusal:
    return errors.template_mismatch(problem, [key_of(place) for place in form.places])


def _passed(form: Form, check: Check | None = None) -> Passed:
    """What is not understood here is left to the first message."""
    unseen = " and ".join((*form.beyond, *form.unknown))
    reason = f"{form.template} has {unseen}, which is not looked into." if unseen else None
    return Passed(
        is_checked=not unseen,
        category=form.template.known_category,
        said=api.Preflight("skipped" if unseen else "checked", reason),
        check=check,
        template=str(form.template),
        found=form.template,
    )


def _mismatch(form: Form, given: Collection[Place], field: str) -> str | None:
    """What is missing or too much for everybody, and what the template takes."""
    missing = [place for place in form.needed if place not in given]
    extra = [place for place in given if place not in form.places]
    if not (missing or extra):
        return None
    takes = _listed(form.needed, field) or "no values"
    if form.optional:
        takes += f", and may have {_listed(form.optional, field)}"
    faults = [f"lacks {_listed(missing, field)}"] if missing else []
    faults += [f"has {_listed(extra, field)}, which it does not take"] if extra else []
    return f"{form.template} takes {takes}; {field} {' and '.join(faults)}."


def _listed(places: Collection[Place], field: str) -> str:
    name = _in_words if field == COMPONENTS else key_of
    listed = [name(place) for place in places]
    more = f" and {len(listed) - LISTED} more" if len(listed) > LISTED else ""
    return ", ".join(listed[:LISTED]) + more


def _in_words(place: Place) -> str:
    """`body 1`, `header image`, `button 0 url`: for those who wrote components, not keys."""
    if place.part in BUTTONS:
        return f"button {place.name} {place.part}"
    return f"{place.part} {place.name}".rstrip()


def _lengths(form: Form, places: Mapping[str, Place]) -> Check:
    """Holds values against what goes by the template's own text. Asked once a row: kept short."""
    keys = {place: key for key, place in places.items()}
    body = [keys[Place(Part.BODY, name)] for name in form.body.names]
    links = [
        (key, place.name, LONGEST_LINK - form.links[place.name])
        for key, place in places.items()
        if place.part is Part.URL
    ]

    def check(values: Mapping[str, str]) -> Invalid | None:
        length = form.body.length + sum(len(values[key]) for key in body)
        if body and length > LONGEST_BODY:
            return Invalid(f"fills the body to {length} characters: {LONGEST_BODY} at most")
        for key, index, room in links:
            if len(values[key]) > room:
                return Invalid(f"makes the link of button {index} longer than {LONGEST_LINK}")
        return None

    return check
