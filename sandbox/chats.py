"""What a person has on their phone: who was written to, and one chat as they see it. Pure."""

from datetime import UTC, datetime
from typing import Any, Final

from sandbox.answers import message_id
from sandbox.courses import Voice
from sandbox.forms import Form, in_place
from sandbox.heard import Heard
from sandbox.ledger import Entry, Ledger
from sandbox.templates import Template

LOOKED_AT: Final = 100_000  # of the newest requests; 10 ms
_DONE: Final = {
    Voice.STOP: "stopped marketing messages in WhatsApp",
    Voice.RESUME: "resumed marketing messages in WhatsApp",
}


def people(ledger: Ledger, part: str, limit: int) -> list[dict[str, Any]]:
    """Who was written to and has `part` in their number; the latest first."""
    found: dict[str, dict[str, Any]] = {}
    for entry in reversed(ledger.newest(LOOKED_AT)):
        if entry.accepted and part in entry.to and entry.to not in found:
            found[entry.to] = {"to": entry.to, "at": _time(entry.at), "text": entry.text}
            if len(found) == limit:
                break
    return list(found.values())


def chat(ledger: Ledger, said: list[Heard], to: str, limit: int) -> dict[str, Any]:
    """The newest messages from and to a person, in order of time."""
    sent = [each for each in ledger.newest(LOOKED_AT) if each.accepted and each.to == to]
    messages = [(entry.at, _sent(entry, ledger.run)) for entry in sent[-limit:]]
    messages += [(heard.at, _said(heard)) for heard in said[-limit:]]
    messages.sort(key=lambda message: message[0])
    return {
        "to": to,
        "canWrite": to.isdecimal(),  # a user id cannot be written as
        "messages": [shown for _, shown in messages[-limit:]],
    }


def _sent(entry: Entry, run: str) -> dict[str, Any]:
    """A message to the person; `posted` is how far it is told to have come."""
    shown = {
        "who": "business",
        "at": _time(entry.at),
        "phone_number_id": entry.phone_number_id,
        "id": message_id(run, entry.number, entry.to),
        "text": entry.text,
        "becomes": entry.becomes or None,
        "posted": entry.posted or None,
        "failedWith": entry.failed_with or None,
    }
    return shown | _around(entry, entry.template) if entry.template else shown


def _around(entry: Entry, template: Template) -> dict[str, Any]:
    """What a template has beside its body."""
    by_type = {component["type"]: component for component in template.components}
    return {
        "template": template.name,
        "language": template.language,
        "header": _header(entry, template.form),
        "footer": by_type.get("FOOTER", {}).get("text"),
        "buttons": [
            _button(place, given, entry)
            for place, given in enumerate(by_type.get("BUTTONS", {}).get("buttons", ()))
        ],
    }


def _header(entry: Entry, form: Form) -> dict[str, str] | None:
    if form.header_kind:
        return {"kind": form.header_kind.lower(), "text": "".join(entry.header)}
    if form.header_text:
        return {"kind": "text", "text": in_place(form.header_text, form.header, entry.header)}
    return None


def _button(place: int, given: dict[str, Any], entry: Entry) -> dict[str, Any]:
    """A button, and what is behind it."""
    kind, text = given["type"].lower(), given.get("text") or ""
    end = (entry.ends or {}).get(place, "")
    match kind:
        case "url":
            address = given.get("url") or ""
            start, _, _ = address.partition("{{")
            return {"kind": kind, "text": text, "value": start + end if end else address}
        case "copy_code":
            return {"kind": kind, "text": text or "Copy code", "value": end}
        case "quick_reply":
            return {"kind": kind, "text": text, "value": (entry.payloads or {}).get(place, text)}
        case _:
            return {"kind": kind, "text": text, "value": str(given.get("phone_number") or "")}


def _said(heard: Heard) -> dict[str, Any]:
    voice = heard.message.voice
    return {
        "who": "person",
        "at": _time(heard.at),
        "phone_number_id": heard.phone_number_id,
        "voice": str(voice),
        "text": _DONE.get(voice) or heard.message.text,
    }


def _time(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
