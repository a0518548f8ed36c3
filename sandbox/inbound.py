"""What people send back, as Meta's webhooks bring it. Pure: who, what and when in, JSON out."""

import base64
from typing import Any, Final

import msgspec

from sandbox.courses import Voice

DISPLAY_PHONE_NUMBER: Final = "15550783881"  # the digits of what GET /{phone_number_id} shows
_DETAILS: Final = {
    Voice.STOP: "User requested to stop marketing messages",
    Voice.RESUME: "User requested to resume marketing messages",
}


class Message(msgspec.Struct, frozen=True):
    """Something that a person says; `answers` is the id of the message that it is about."""

    voice: Voice
    text: str
    payload: str = ""  # of a button; "": its text
    answers: str = ""


def message_id(run: str, number: int, sender: str) -> str:
    """An id as Meta gives it to a message that a person sent; none of ours is like it."""
    unique = f"{run}{number:010X}".encode()
    to = sender.encode()
    packed = b"\x1c\x18%c%b\x15\x02\x00\x12\x18\x12%b\x00" % (len(to) % 256, to, unique)
    return "wamid." + base64.b64encode(packed).decode()


def contact(sender: str) -> dict[str, Any]:
    """The person, with a profile name that JSON has to escape."""
    return {"profile": {"name": f"N\u00ba {sender[-4:]}"}, "wa_id": sender}


def message_json(message: Message, sender: str, identity: str, at: float) -> dict[str, Any]:
    """One of `messages` in a webhook (webhooks/reference/messages: text, button, interactive)."""
    shown: dict[str, Any] = {"from": sender, "id": identity, "timestamp": str(int(at))}
    if message.answers:
        shown["context"] = {"from": DISPLAY_PHONE_NUMBER, "id": message.answers}
    match message.voice:
        case Voice.BUTTON:
            payload = message.payload or message.text
            return shown | {"type": "button", "button": {"payload": payload, "text": message.text}}
        case Voice.REPLY:
            reply = {"id": message.payload or message.text, "title": message.text}
            interactive = {"type": "button_reply", "button_reply": reply}
            return shown | {"type": "interactive", "interactive": interactive}
        case _:
            return shown | {"type": "text", "text": {"body": message.text}}


def preference_value(voice: Voice, sender: str, phone_number_id: str, at: float) -> dict[str, Any]:
    """The value of a `user_preferences` change: a person stops marketing messages, or resumes."""
    return {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": DISPLAY_PHONE_NUMBER,
            "phone_number_id": phone_number_id,
        },
        "contacts": [{"wa_id": sender}],
        "user_preferences": [
            {
                "wa_id": sender,
                "detail": _DETAILS[voice],
                "category": "marketing_messages",
                "value": str(voice),
                "timestamp": int(at),
            }
        ],
    }
