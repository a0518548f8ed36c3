"""What `send` submits, made of its options: bodies of the API's forms. Pure."""

import argparse
import re
from typing import Any, Final

from cli.place import Wrong
from schemas.upload_api import Upload

QUICK: Final = "/api/whatsapp/bulk-quick-send"
CUSTOMIZE: Final = "/api/whatsapp/bulk-customize-send"
DIRECT: Final = "/api/bulk/send"
TEST: Final = "/api/whatsapp/test-send"
_BETWEEN_NUMBERS: Final = re.compile(r"[\r\n,;\t]+")

Body = dict[str, Any]


def what_is_wrong(options: argparse.Namespace) -> Wrong | None:
    """Options that do not go together: told before anything is read or asked."""
    rows = has_rows(options)
    columns = options.map or options.column or options.zone_column
    rules = {
        "give either --template or --text": bool(options.template) == bool(options.text),
        "--text goes to numbers: give them on standard input, or --numbers FILE": rows
        and options.text,
        "--var is for numbers alone; with rows a value comes from a column: --map": rows
        and options.var,
        "--map, --column and --zone-column need rows: give a FILE or --upload": not rows
        and columns,
        "give either a FILE or --upload": options.upload and options.file,
        "--days and --zone belong to a --window": not options.window
        and (options.days or options.zone),
        "--var fills a template; --text is sent as it is": options.text and options.var,
    }
    return next((Wrong(sentence) for sentence, is_so in rules.items() if is_so), None)


def has_rows(options: argparse.Namespace) -> bool:
    """Whether the list has columns: a file of rows, or an upload."""
    is_file = options.file not in {None, "-"} and not options.numbers
    return bool(is_file or options.upload)


def of_numbers(options: argparse.Namespace, number: str, text: str) -> tuple[str, Body]:
    """The form for numbers alone, and its body."""
    if options.text:
        recipients = [entry.strip() for entry in _BETWEEN_NUMBERS.split(text) if entry.strip()]
        message = {"kind": "text", "text": {"body": options.text}}
        direct: Body = {"recipients": recipients, "message": message, "phone_number_id": number}
        return DIRECT, _given(direct | {"campaignId": options.campaign} | _plan(options))
    body: Body = {
        "phone_number_id": number, "template_name": options.template, "recipients_text": text,
        "language": options.language, "variables": dict(options.var) or None,
        "campaign_name": options.campaign,
    }  # fmt: skip
    return QUICK, _given(body | _plan(options))


def of_rows(options: argparse.Namespace, number: str, upload: Upload) -> tuple[str, Body] | Wrong:
    """The form for rows, and its body; a column that is not there is named before it is sent."""
    column = options.column or upload.number_column
    named = [name for _, name in options.map] + [options.zone_column, options.column]
    missing = [name for name in named if name and name not in upload.columns]
    there = f"The columns are: {', '.join(upload.columns)}"
    again = f"The file is kept: --upload {upload.id}"
    if missing:
        return Wrong(f"there is no column {', '.join(missing)}. {there}. {again}")
    if column is None:
        return Wrong(f"no column looks like numbers: name it by --column. {there}. {again}")
    body = {
        "phoneNumberId": number, "templateName": options.template, "uploadId": str(upload.id),
        "recipientColumn": column, "variableMappings": dict(options.map) or None,
        "language": options.language, "campaign_name": options.campaign,
        "hasHeader": options.header, "zoneColumn": options.zone_column,
    }  # fmt: skip
    return CUSTOMIZE, _given(body | _plan(options))


def of_test(options: argparse.Namespace, body: Body) -> Body:
    """The body of a submission as that of a test of it. When it goes is no matter of a test."""
    plan = _plan(options)
    tried = {name: value for name, value in body.items() if name not in plan}
    return tried | _given({"to": options.to, "row": options.row})


def upload_query(options: argparse.Namespace, filename: str) -> dict[str, str]:
    """What is said of a file instead of guessed."""
    header = None if options.header is None else str(options.header).lower()
    said = {
        "filename": filename, "hasHeader": header, "numberColumn": options.column,
        "region": options.region, "delimiter": options.delimiter, "encoding": options.encoding,
        "sheet": options.sheet,
    }  # fmt: skip
    return _given(said)


def _plan(options: argparse.Namespace) -> Body:
    window = None
    if options.window:
        opens, closes = options.window
        zone = options.zone or "recipient"
        window = _given({"from": opens, "to": closes, "days": options.days, "zone": zone})
    return {
        "scheduledAt": options.at, "window": window, "messagesPerSecond": options.rate,
        "loopSize": options.loop_size, "loopPauseMs": options.pause_ms,
    }  # fmt: skip


def _given(fields: Body) -> Body:
    return {name: value for name, value in fields.items() if value is not None}
