"""A job: one submission, what it says to everybody, and how it is cut into loops."""

from uuid import UUID

import msgspec


class Template(msgspec.Struct, frozen=True, tag_field="kind", tag="template", omit_defaults=True):
    """An approved template. `variables` are the same for everybody; a message's own win over them.

    `components` are sent to Meta as they are (the direct form); variables are not used then.
    """

    name: str
    language_code: str = "en_US"
    variables: dict[str, str] = {}
    components: list[msgspec.Raw] | None = None


class Text(msgspec.Struct, frozen=True, tag_field="kind", tag="text", omit_defaults=True):
    """Free text; Meta takes it only within 24 hours of the recipient's last message (131047)."""

    body: str
    preview_url: bool = False


Content = Template | Text


class JobOrder(msgspec.Struct, frozen=True, rename="camel"):
    """The payload of a turn: who looks at the stream sees campaigns. PostgreSQL is the truth."""

    job_id: UUID
    phone_number_id: str
    template: str
    total: int
    v: int = 1
    trace: str | None = None  # of the request that made the job; older versions write none


def total_loops(total: int, loop_size: int) -> int:
    """How many loops `total` messages make; the last one may be shorter."""
    return -(-total // loop_size)


def loop_bounds(loop: int, loop_size: int, total: int) -> tuple[int, int]:
    """The first and the last seq (both counted from 1, both included) of loop number `loop`."""
    first = (loop - 1) * loop_size + 1
    return first, min(loop * loop_size, total)


def loop_of(seq: int, loop_size: int) -> int:
    """The number of the loop (from 1) that message `seq` (from 1) belongs to."""
    return (seq - 1) // loop_size + 1
