"""A test send: the body of any submission, cut down to one recipient and one row. Pure."""

from typing import Final

import msgspec

from gateway import errors
from gateway.errors import Refusal
from gateway.malformed import malformed
from gateway.orders import Posted, Request
from gateway.picks import Only
from schemas import api

FORMS: Final = (
    'A test send is the body of a submission with "to": data and recipientColumn,'
    " recipients_text or template_name, or message say which."
)
# A test goes at once, whatever the job that it tries is planned for.
_PLAN: Final = ("scheduledAt", "window", "zoneColumn", "messagesPerSecond", "loopSize",
                "loopPauseMs")  # fmt: skip
_Fields = dict[str, msgspec.Raw]


class _Asked(msgspec.Struct, frozen=True):
    to: str | int | None = None
    row: int | None = None
    data: list[msgspec.Raw] | None = None
    recipient_column: str | None = msgspec.field(default=None, name="recipientColumn")


def form_of(body: bytes) -> Posted | Refusal:
    """The submission that a test send makes."""
    try:
        asked = msgspec.json.decode(body, type=_Asked)
        fields = msgspec.json.decode(body, type=_Fields)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return malformed(error, body)
    if asked.to is None or not str(asked.to).strip():
        return errors.missing_fields(["to"])
    for name in ("to", "row", *_PLAN):
        fields.pop(name, None)
    if "uploadId" in fields and "data" not in fields:
        return _of_upload(asked, fields)
    if "data" in fields or "recipientColumn" in fields:
        return _rows(asked, fields)
    if asked.row not in (None, 1):
        return errors.bad_request("row is for a submission with data: the others have one text.")
    return _alike(str(asked.to), fields)


def _of_upload(asked: _Asked, fields: _Fields) -> Posted | Refusal:
    """The file is not at hand here: whether it has that row is seen when it is read."""
    row = 1 if asked.row is None else asked.row
    if row < 1:
        return errors.bad_request("row must be 1 or more.")
    return _made(fields, api.CustomizeSend, Only(row, str(asked.to)))


def _rows(asked: _Asked, fields: _Fields) -> Posted | Refusal:
    """The row is taken as it is, but for its number."""
    rows, row = asked.data or [], 1 if asked.row is None else asked.row
    if not 1 <= row <= len(rows):
        return errors.bad_request(f"row must be from 1 to {len(rows)}, the rows of data.")
    if not asked.recipient_column:
        return errors.missing_fields(["recipientColumn"])
    try:
        values = msgspec.json.decode(rows[row - 1], type=_Fields)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return errors.bad_request(f"data[{row - 1}] (row {row}) cannot be read: {error}.")
    values[asked.recipient_column] = _raw(str(asked.to))
    return _made({**fields, "data": _raw([values])}, api.CustomizeSend)


def _alike(to: str, fields: _Fields) -> Posted | Refusal:
    if "message" in fields:
        return _made({**fields, "recipients": _raw([to])}, api.DirectSend)
    if "template_name" in fields or "recipients_text" in fields:
        return _made({**fields, "recipients_text": _raw(to)}, api.QuickSend)
    return errors.bad_request(FORMS)


def _made(fields: _Fields, kind: type[Request], only: Only | None = None) -> Posted:
    return Posted(msgspec.json.encode(fields), kind, is_test=True, only=only)


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
