"""This machine's clock against PostgreSQL's and Meta's: times in the ledger are PostgreSQL's."""

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from deploy.checks.http import NoAnswer, get
from deploy.checks.patient import Patient
from deploy.checks.result import Result, note, ok, warning, wrong
from deploy.checks.session import Unreachable, session
from deploy.reconcile import QUERIES

NOTICED_SECONDS: Final = 2.0
NOTICED_OF_DATE_SECONDS: Final = 5.0  # HTTP dates are whole seconds
FAR_SECONDS: Final = 60.0  # a session's cookie, a paced template, a day's limit are off by it
DO: Final = "Keep time with NTP on every machine: timedatectl set-ntp true"


async def clock(patient: Patient) -> list[Result]:
    """Both, side by side."""
    return list(await asyncio.gather(_postgres(patient), _meta(patient)))


async def _postgres(patient: Patient) -> Result:
    try:
        async with session(patient.gateway.database_url) as connection:
            await connection.fetchval("SELECT 1")  # what comes next finds the way open
            asked = datetime.now(UTC)
            told = await QUERIES.server_time(connection)
            answered = datetime.now(UTC)
    except Unreachable:
        return note("PostgreSQL's clock could not be asked.")
    return judged(skew_seconds(asked, told, answered), "PostgreSQL's", NOTICED_SECONDS)


async def _meta(patient: Patient) -> Result:
    asked = datetime.now(UTC)
    answer = await get(patient.gateway.provider.base_url)
    answered = datetime.now(UTC)
    if isinstance(answer, NoAnswer):
        return note(f"Meta's clock could not be asked: {answer.reason}.")
    try:
        told = parsedate_to_datetime(answer.headers["Date"])
    except (KeyError, ValueError, TypeError):
        return note("Meta's answer has no date.")
    if told.tzinfo is None:
        told = told.replace(tzinfo=UTC)
    return judged(skew_seconds(asked, told, answered), "Meta's", NOTICED_OF_DATE_SECONDS)


def skew_seconds(asked: datetime, told: datetime, answered: datetime) -> float:
    """How far the other clock is ahead; what the way may explain is none."""
    if told > answered:
        return (told - answered).total_seconds()
    return min(0.0, (told - asked).total_seconds())


def judged(skew: float, whose: str, noticed_seconds: float) -> Result:
    """`skew`: how far the other clock is ahead of ours, seconds."""
    if abs(skew) <= noticed_seconds:
        return ok(f"{whose} clock and this machine's agree.")
    said = f"{whose} clock is {abs(skew):,.0f} s {'ahead of' if skew > 0 else 'behind'} this one's."
    return wrong(said, DO) if abs(skew) > FAR_SECONDS else warning(said, DO)
