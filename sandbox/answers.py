"""What Meta answers to a send that it takes: the message's id and the body around it."""

import base64
from enum import StrEnum
from typing import Final

NULLS: Final = b'{"messaging_product":"whatsapp","contacts":[null],"messages":[null]}'
BAD_GATEWAY: Final = b"<html><head><title>502 Bad Gateway</title></head><body></body></html>"
SERVER_ERROR: Final = (
    b"<html><head><title>500 Internal Server Error</title></head><body></body></html>"
)

TOO_MANY: Final = b"<html><head><title>429 Too Many Requests</title></head><body></body></html>"


def message_id(run: str, number: int, recipient: str) -> str:
    """`wamid.` and, in base64, the recipient and 18 hex digits: 8 of the run, 10 of the number."""
    to = recipient.encode()
    unique = f"{run}{number:010X}".encode()
    packed = b"\x1c\x18%c%b\x15\x02\x00\x11\x18\x12%b\x00" % (len(to) % 256, to, unique)
    return "wamid." + base64.b64encode(packed).decode()


class MessageStatus(StrEnum):
    """What a 200 says of the message (templates/template-pacing)."""

    ACCEPTED = "accepted"
    HELD = "held_for_quality_assessment"
    PAUSED = "paused"


def accepted(
    given: str, wa_id: str, message: str, status: MessageStatus = MessageStatus.ACCEPTED
) -> bytes:
    """The body of a 200. The arguments are checked: nothing in them needs escaping in JSON."""
    return (
        f'{{"messaging_product":"whatsapp","contacts":[{{"input":"{given}","wa_id":"{wa_id}"}}],'
        f'"messages":[{{"id":"{message}","message_status":"{status}"}}]}}'
    ).encode()


def accepted_user(
    user_id: str, message: str, status: MessageStatus = MessageStatus.ACCEPTED
) -> bytes:
    """The body of a 200 to a business-scoped user id: no phone number in it."""
    return (
        '{"messaging_product":"whatsapp",'
        f'"contacts":[{{"input":"{user_id}","user_id":"{user_id}"}}],'
        f'"messages":[{{"id":"{message}","message_status":"{status}"}}]}}'
    ).encode()
