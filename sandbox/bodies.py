"""The body of a send as the wire brings it: any key may be missing; `checks` says which not."""

from collections.abc import Sequence
from typing import Final

import msgspec


class Media(msgspec.Struct, gc=False):
    """A file by its address or by its id from an upload."""

    link: str | None = None
    id: str | None = None
    filename: str | None = None


class Fallback(msgspec.Struct, gc=False):
    """`currency` and `date_time`: Meta always shows the fallback value."""

    fallback_value: str | None = None


class Location(msgspec.Struct, gc=False):
    """A place; Meta's examples write the degrees as numbers and as text."""

    latitude: float | str | None = None
    longitude: float | str | None = None
    name: str | None = None
    address: str | None = None


class Parameter(msgspec.Struct, gc=False):
    """A value for one place of a template."""

    type: str | None = None
    text: str | None = None
    parameter_name: str | None = None
    payload: str | None = None
    coupon_code: str | None = None
    image: Media | None = None
    video: Media | None = None
    document: Media | None = None
    location: Location | None = None
    currency: Fallback | None = None
    date_time: Fallback | None = None

    @property
    def shown(self) -> str:
        """What the recipient reads in the parameter's place."""
        if self.text is not None:
            return self.text
        fallback = self.currency or self.date_time
        return (fallback.fallback_value if fallback else None) or ""


class Component(msgspec.Struct, gc=False):
    """The values of a template's header, its body or one of its buttons."""

    type: str | None = None
    sub_type: str | None = None
    index: int | str | None = None  # clients in the field send both
    parameters: list[Parameter] | None = None

    @property
    def place(self) -> int | None:
        """Of a button: `"0"` or `0`, up to 9."""
        text = str(self.index)
        return int(text) if len(text) == 1 and text in "0123456789" else None


class Language(msgspec.Struct, gc=False):
    code: str | None = None
    policy: str | None = None


class TemplateBody(msgspec.Struct, gc=False):
    name: str | None = None
    language: Language | None = None
    components: list[Component] | None = None


class TextBody(msgspec.Struct, gc=False):
    body: str | None = None
    preview_url: bool = False


class Send(msgspec.Struct, gc=False):
    """POST /{phone_number_id}/messages (business-messaging/whatsapp: messages)."""

    messaging_product: str | None = None
    recipient_type: str | None = None
    to: str | None = None
    recipient: str | None = None  # a business-scoped user id; `to` wins when both are given
    type: str | None = None
    template: TemplateBody | None = None
    text: TextBody | None = None
    biz_opaque_callback_data: str | None = None


def parameters_of(components: Sequence[Component], kind: str) -> Sequence[Parameter]:
    """The values for a template's header or body."""
    for component in components:
        if component.type == kind or (component.type or "").lower() == kind:
            return component.parameters or ()
    return ()


SEND: Final = msgspec.json.Decoder(Send)
