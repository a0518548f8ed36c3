"""The ledger: every count of jobs and loops against the rows themselves."""

from deploy import reconcile
from deploy.checks.patient import Patient, address_of
from deploy.checks.result import Result, note, ok, wrong
from deploy.checks.session import BROKEN, Refusal
from plumbing.migrations import schema_is_current
from plumbing.postgres import open_pool


async def ledger(patient: Patient) -> list[Result]:
    """Recount everything; a campaign may run meanwhile."""
    url = patient.gateway.database_url
    try:
        async with await open_pool(url, name="doctor", size=1) as pool:
            if not await schema_is_current(pool):
                return [note("Nothing was counted: the schema is not this version's.")]
            counted = await reconcile.recount(pool)
    except BROKEN as error:
        return [note(f"Nothing was counted. {Refusal(address_of(url), error).said}")]
    if not counted.differences:
        return [ok(agrees(counted.jobs, counted.messages))]
    return [wrong(finding.sentence, "") for finding in counted.differences]


def agrees(jobs: int, messages: int) -> str:
    """What is said of a ledger without a difference."""
    counted = f"{jobs:,} job{'s' * (jobs != 1)}, {messages:,} message{'s' * (messages != 1)}"
    return f"{counted}: every count agrees with its rows."
