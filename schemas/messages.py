"""A message: what one recipient of a job is to get. Identified by (job, seq); exists once."""

from uuid import UUID

import msgspec


class Message(msgspec.Struct, frozen=True):
    """One message that waits to be sent."""

    seq: int
    recipient: str  # E.164 digits, no plus
    variables: dict[str, str] = {}
    attempt: int = 0  # claims so far: the number of a request, as its tag says it
    retries: int = 0  # refusals that counted against BULK_MAX_RETRIES
    refused_with: int | None = None  # Meta's code of the last refusal, if it was one
    zone: str | None = None  # the recipient's, where the list said it


class MessageTag(msgspec.Struct, frozen=True):
    """What rides along with a request and comes back in receipts: job, seq and attempt.

    Meta returns `biz_opaque_callback_data` in every status webhook and never in the answer to the
    send; 512 characters at most (business-messaging/whatsapp: webhooks, messages, status).
    """

    job_id: UUID
    seq: int
    attempt: int

    def encode(self) -> str:
        """`1:<job as 32 hex digits>:<seq>:<attempt>`; the leading 1 is the version."""
        return f"1:{self.job_id.hex}:{self.seq}:{self.attempt}"

    @classmethod
    def decode(cls, tag: str) -> "MessageTag | None":
        """The tag, or None when it is not one of ours."""
        match tag.split(":"):
            case ["1", job, seq, attempt] if seq.isdecimal() and attempt.isdecimal():
                try:
                    return cls(UUID(hex=job), int(seq), int(attempt))
                except ValueError:
                    return None
            case _:
                return None


def masked(number: str) -> str:
    """A phone number as logs may show it: only the last four digits."""
    return "*" * max(0, len(number) - 4) + number[-4:]
