"""A campaign that went half wrong: who got what is read, and the rest is sent again, once."""

import asyncio
import csv
import io
import time
from typing import Any

import pytest

from tests.fleet import Fleet
from tests.workbooks import sheets_of

pytestmark = pytest.mark.timeout(120)

PREFIXES = ("+49 1511", "+49 1512", "+49 1514")
# Fates of the sandbox: refused for good; held back; refused the first time; taken in silence.
UNREACHABLE, HELD_BACK, SECOND_TRY, DOUBTFUL = "9131026", "9131049", "9000006", "9000002"


async def over(fleet: Fleet, job_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while (job := await fleet.job(job_id))["finishedAt"] is None:
        assert time.monotonic() < deadline, job
        await asyncio.sleep(0.05)
    return job


async def resend(fleet: Fleet, job_id: str, **part: Any) -> tuple[int, dict[str, Any]]:
    async with fleet.http.post(f"{fleet.api}/bulk/job/{job_id}/resend", json=part) as answer:
        return answer.status, await answer.json()


async def fetched(fleet: Fleet, path: str) -> bytes:
    async with fleet.http.get(f"{fleet.api}/bulk/job/{path}") as answer:
        assert answer.status == 200
        return await answer.read()


async def test_what_went_wrong_is_read_and_sent_again_and_nobody_gets_it_twice(
    fleet: Fleet,
) -> None:
    fates = [f"{p} {f}" for f in (UNREACHABLE, HELD_BACK, SECOND_TRY, DOUBTFUL) for p in PREFIXES]
    people = [f"+49 1511 {n:07d}" for n in range(1, 21)] + fates
    with fleet.sandbox(), fleet.gateway(), fleet.daemon(BULK_MAX_RETRIES="0"):
        job_id = (await fleet.submit_text(people))["jobId"]
        job = await over(fleet, job_id)
        assert (job["sent"], job["failed"], job["unknown"], job["deferred"]) == (20, 6, 3, 3)
        errors = {error["code"]: error["mayBeSentAgain"] for error in job["errors"]}
        assert errors == {131000: True, 131026: False, 131049: True}

        rows = list(csv.DictReader(io.StringIO(
            (await fetched(fleet, f"{job_id}/messages.csv")).decode("utf-8-sig")
        )))  # fmt: skip
        assert [row["state"] for row in rows].count("sent") == 20
        (sheet,) = sheets_of(await fetched(fleet, f"{job_id}/messages.xlsx"))
        assert len(sheet) == 1 + len(rows) == 1 + len(people)

        status, child = await resend(fleet, job_id, states=["failed"], codes=[131049])
        assert (status, child["accepted"]) == (201, 3)
        assert sorted(row["count"] for row in child["leftOut"]) == [3, 3]
        assert (await over(fleet, child["jobId"]))["sent"] == 3

        await fleet.http.post(f"{fleet.api}/pause")
        status, bold = await resend(fleet, job_id, states=["unknown"])
        assert (status, bold["accepted"]) == (201, 3)
        await fleet.deliver_receipts("delivered")
        while (await fleet.job(job_id))["unknown"]:  # they had been taken, says the sandbox
            await asyncio.sleep(0.05)
        await fleet.http.post(f"{fleet.api}/resume")
        skipped = await over(fleet, bold["jobId"])
        assert (skipped["sent"], skipped["skipped"]) == (0, 3)

        status, nobody = await resend(fleet, job_id, states=["failed", "unknown"])
        assert (status, nobody["error"]) == (409, "Nothing to resend")
        html = (await fetched(fleet, f"{job_id}/summary.html")).decode()
        assert child["jobId"] in html
        summary = await fleet.summary()
    assert summary["repeated"] == []
