"""Opt-outs as they come: what people wrote, pressed or switched is on the suppression list."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from daemon.stops import QUERIES
from plumbing.postgres import Pool
from schemas.notices import Inbound, Preference
from schemas.suppressions import Resume, Stop, StopWords, change_of_preference, stop_of_inbound


class OptOut(msgspec.Struct, frozen=True, kw_only=True):
    """One person who wants no more."""

    number: str
    stop: Stop
    at: datetime
    message_id: str | None = None  # Meta's, of the message that said so
    context_id: str | None = None  # of the message of ours that it answers


class OptIn(msgspec.Struct, frozen=True):
    """One person who lets marketing in again: only Meta's own stop ends with it."""

    number: str
    at: datetime
    reason: str


Change = OptOut | OptIn


def asked_for(
    inbound: Iterable[Inbound], preferences: Iterable[Preference], words: StopWords
) -> list[Change]:
    """What people ask for; most of what they write asks for nothing. Pure.

    Who shows a user name only has no number that could be suppressed: Meta's own stop holds there.
    """
    changes: list[Change] = []
    for said in inbound:
        text, button = (None, said.text) if said.payload else (said.text, None)
        stop = stop_of_inbound(words, text=text, button=button, payload=said.payload or None)
        if stop and said.number:
            changes.append(
                OptOut(
                    number=said.number, stop=stop, at=said.at, message_id=said.message_id,
                    context_id=said.context_id or None,
                )
            )  # fmt: skip
    for preference in preferences:
        match change_of_preference(preference.category, preference.wish):
            case Stop() as stop if preference.number:
                changes.append(OptOut(number=preference.number, stop=stop, at=preference.at))
            case Resume(reason=reason) if preference.number:
                changes.append(OptIn(preference.number, preference.at, reason))
            case _:
                pass
    return changes


class OptOuts:
    """Raises asyncpg.PostgresError and OSError as they come."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def apply(self, changes: Sequence[Change]) -> None:
        """Write them down; repeats and latecomers change nothing."""
        stops = [change for change in changes if isinstance(change, OptOut)]
        resumes = [change for change in changes if isinstance(change, OptIn)]
        async with self._pool.acquire() as connection, connection.transaction():
            if stops:
                await QUERIES.suppress(connection, **_columns(stops))
            if resumes:
                await QUERIES.resume_marketing(
                    connection,
                    numbers=[resume.number for resume in resumes],
                    ats=[resume.at for resume in resumes],
                    reasons=[resume.reason for resume in resumes],
                )


def _columns(stops: Sequence[OptOut]) -> dict[str, list[object]]:
    return {
        "numbers": [opt_out.number for opt_out in stops],
        "sources": [opt_out.stop.source for opt_out in stops],
        "scopes": [opt_out.stop.scope for opt_out in stops],
        "reasons": [opt_out.stop.reason for opt_out in stops],
        "ats": [opt_out.at for opt_out in stops],
        "message_ids": [opt_out.message_id for opt_out in stops],
        "context_ids": [opt_out.context_id for opt_out in stops],
    }
