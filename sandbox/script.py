"""The script: one JSON that says what happens, at once and later. Read and checked here. Pure."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from sandbox.checks import wa_id
from sandbox.courses import Voice
from sandbox.inbound import Message
from sandbox.notices import EVENTS, FIELDS
from sandbox.rules import Rules, changed
from sandbox.templates import STATUSES, Templates

SECTIONS = ("faults", "limits", "receipts", "inbound", "webhooks")
Section = dict[str, Any] | UnsetType
T = TypeVar("T")


class Strict(
    msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True
):
    """An unknown key is an error that names it; what was not said is not shown."""


class TemplateChange(Strict, frozen=True):
    """What happens to a template on the shelf."""

    name: str
    language: str = "en_US"
    status: str | None = None
    event: str | None = None  # of the webhook; None: the one that goes with the status
    title: str | None = None  # of its `other_info`; None: likewise
    reason: str = "NONE"
    quality: Literal["GREEN", "YELLOW", "RED", "UNKNOWN"] | None = None
    hold_after: Annotated[int, Meta(ge=0)] | None = None  # more sends; those that follow are held
    held: Literal["release", "drop"] | None = None  # what becomes of the held

    def __post_init__(self) -> None:
        if self.status not in (None, *STATUSES):
            raise ValueError(f"status is one of {', '.join(STATUSES)}, not {self.status!r}")
        if self.event not in (None, *EVENTS):
            raise ValueError(f"event is one of {', '.join(EVENTS)}, not {self.event!r}")


class Button(Strict, frozen=True):
    """The button of an interactive message."""

    id: str
    title: str


class Writing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person does one thing: writes, taps, or changes what they want to get."""

    sender: str = msgspec.field(name="from")
    text: str | None = None
    button: str | None = None
    payload: str | None = None
    reply: Button | None = None
    preference: Literal["stop", "resume"] | None = None
    phone_number_id: str | None = None  # None: the one that wrote to them last
    message_id: str | None = None  # None: that of the last message to them

    def __post_init__(self) -> None:
        if wa_id(self.sender) is None:
            raise ValueError(f"from is a phone number, not {self.sender[:40]!r}")
        given = [self.text, self.button, self.reply, self.preference]
        if sum(each is not None for each in given) != 1:
            raise ValueError("say one of text, button, reply and preference")
        if self.payload is not None and self.button is None:
            raise ValueError("payload goes with button")

    def message(self, answers: str) -> Message:
        """What is said, about the message with that id."""
        if self.preference:
            return Message(Voice(self.preference), "")
        if self.reply:
            return Message(Voice.REPLY, self.reply.title, self.reply.id, answers)
        if self.button is not None:
            return Message(Voice.BUTTON, self.button, self.payload or "", answers)
        return Message(Voice.TEXT, self.text or "", answers=answers)


class Notice(Strict, frozen=True):
    """News of the account, posted as they are."""

    field: str
    value: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.field not in FIELDS:
            raise ValueError(f"field is one of {', '.join(FIELDS)}, not {self.field!r}")


class Deeds(Strict, frozen=True):
    """What a step does, in this order."""

    faults: Section = UNSET
    limits: Section = UNSET
    receipts: Section = UNSET
    inbound: Section = UNSET
    webhooks: Section = UNSET
    advance_seconds: Annotated[float, Meta(ge=0, le=10**8)] | UnsetType = UNSET
    template: TemplateChange | UnsetType = UNSET
    message: Writing | UnsetType = UNSET
    notice: Notice | UnsetType = UNSET

    @property
    def sections(self) -> dict[str, dict[str, Any]]:
        """Changes of the rules, by section."""
        return _given(self)


class Step(Strict, frozen=True):
    """What happens once so many sends were accepted, or so much time is over."""

    do: Deeds
    after_sends: Annotated[int, Meta(ge=1)] | None = None
    after_seconds: Annotated[float, Meta(ge=0, le=10**7)] | None = None

    def __post_init__(self) -> None:
        if (self.after_sends is None) == (self.after_seconds is None):
            raise ValueError("a step has afterSends or afterSeconds")


class Script(Strict, frozen=True):
    """All of it; what is left out stays as it is."""

    faults: Section = UNSET
    limits: Section = UNSET
    receipts: Section = UNSET
    inbound: Section = UNSET
    webhooks: Section = UNSET
    templates: list[dict[str, Any]] | UnsetType = UNSET
    timeline: list[Step] | UnsetType = UNSET
    progress: Any = UNSET  # what GET adds; of no account

    @property
    def sections(self) -> dict[str, dict[str, Any]]:
        """Changes of the rules, by section."""
        return _given(self)


def read(body: bytes, kind: type[T]) -> T:
    """JSON as one of the above. Raises ValueError in words."""
    try:
        return msgspec.json.decode(body, type=kind)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def check(script: Script, rules: Rules, templates: Templates) -> None:
    """Whether every step can be done as things are. Raises ValueError, which names the step."""
    if script.timeline is UNSET:
        return
    for place, step in enumerate(script.timeline):
        try:
            changed(rules, step.do.sections)
            _check_template(step.do.template, templates)
        except ValueError as error:
            raise ValueError(f"timeline[{place}].do.{error}") from error


def _check_template(change: TemplateChange | UnsetType, templates: Templates) -> None:
    if change is not UNSET and (change.name, change.language) not in templates:
        raise ValueError(f"template: there is no {change.name} in {change.language}")


def _given(whole: Deeds | Script) -> dict[str, dict[str, Any]]:
    found: Mapping[str, Any] = {name: getattr(whole, name) for name in SECTIONS}
    return {name: change for name, change in found.items() if change is not UNSET}
