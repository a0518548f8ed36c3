"""Messages in the words of the contract. Pure."""

from collections.abc import Mapping
from typing import Final

import msgspec

from gateway.explained import meaning_of
from gateway.rows import MessageRow, ToldRow
from schemas import truth_api as api
from schemas.jobs import Content, Template, loop_of

MOST_REPEATED: Final = 10**7  # characters, however long a job's own values are

_content: Final[msgspec.json.Decoder[Content]] = msgspec.json.Decoder(Content)
_variables: Final = msgspec.json.Decoder(dict[str, str])
_OF_THE_JOB: Final = ("job_id", "job_state", "campaign_name", "phone_number_id", "created_at")


def common_of(content: bytes) -> dict[str, str]:
    """The template's values that a job has for everybody."""
    said = _content.decode(content)
    return said.variables if isinstance(said, Template) else {}


def most_with(common: Mapping[str, str]) -> int:
    """How many messages may be told at once, each of which repeats these values."""
    return MOST_REPEATED // max(1, sum(map(len, common.values())))


def own_of(variables: bytes | None) -> dict[str, str]:
    """The template's values that a recipient alone has."""
    return _variables.decode(variables) if variables else {}


def told(row: MessageRow, loop_size: int, common: dict[str, str]) -> api.MessageView:
    """A message of a job with loops of this size. The recipient's own values win over `common`."""
    return api.MessageView(
        seq=row.seq,
        loop=loop_of(row.seq, loop_size),
        to=row.recipient,
        state=row.state,
        attempts=row.attempt,
        message_id=row.message_id,
        error=error_of(row),
        reason=reason_of(row),
        due_at=row.due_at,
        claimed_at=row.claimed_at,
        sent_at=row.sent_at,
        delivered_at=row.delivered_at,
        read_at=row.read_at,
        failed_at=row.failed_at,
        unknown_at=row.unknown_at,
        variables=common | own_of(row.variables),
    )


def entry(row: ToldRow) -> api.HistoryEntry:
    """A message in its recipient's story."""
    content = _content.decode(row.content)
    return api.HistoryEntry(
        **msgspec.structs.asdict(told(row, row.loop_size, common_of(row.content))),
        **{name: getattr(row, name) for name in _OF_THE_JOB},
        template=content.name if isinstance(content, Template) else None,
    )


def error_of(row: MessageRow) -> api.MessageError | None:
    """Why it failed or was put off, where a code says so."""
    if row.error_code is None:
        return None
    return api.MessageError(
        code=row.error_code,
        title=row.error_title or "",
        details=row.error_details or "",
        meaning=meaning_of(row.error_code),
    )


def reason_of(row: MessageRow) -> str | None:
    """Why it was skipped, waits, or is in doubt; of a doubt with what is known of it."""
    if row.error_code is None and row.error_details:
        return f"{row.reason or row.state}: {row.error_details}"
    return row.reason
