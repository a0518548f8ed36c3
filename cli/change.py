"""`loopcast change`: when a job starts, and how fast it goes."""

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from cli.answers import Answered, No
from cli.client import Api, of_job
from cli.exits import Exit
from cli.results import shown
from cli.screen import Screen
from cli.watch import newest
from cli.words import at, of_answer
from schemas.api import JobView


async def run(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    """One request for the rate, one for the start; what is said is the job after the last."""
    asked = list(requests(options, datetime.now(UTC)))
    if not asked:
        sentence = "say what to change: --rate or --as-service, --at or --hold"
        return screen.wrong(sentence, Exit.USAGE)
    job_id = await newest(api, options.job)
    if not isinstance(job_id, str):
        return screen.no(job_id)
    answers: list[Answered | No] = []
    for method, path, body in asked:
        answers.append(await api.send(method, of_job(job_id, path), body))
        if not isinstance(answers[-1], Answered):
            break
    code = shown(screen, answers[-1], JobView, lambda job: [planned(job)], as_json=options.json)
    if code is not Exit.DONE and len(answers) > 1:
        screen.say("  The rate was changed, the start was not.")
    return code


def requests(
    options: argparse.Namespace, now: datetime
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, end of the path and body of each. The rate comes first: it can be refused for what
    it is, and then the start is as it was.
    """
    reason = {"reason": options.reason} if options.reason else {}
    if options.rate or options.as_service:
        yield "PATCH", "", {"messagesPerSecond": options.rate, **reason}
    if options.hold:
        yield "DELETE", "/schedule", reason
    if options.at:
        start = now.isoformat() if options.at == "now" else options.at
        yield "PUT", "/schedule", {"scheduledAt": start, **reason}


def planned(job: JobView) -> str:
    """`6f1c… queued, starts 2026-11-30 09:00:00, 5/s at most`."""
    start, rate = of_answer(job, "scheduled_at"), of_answer(job, "messages_per_second")
    parts = [f"{job.job_id} {job.state}"]
    if job.wanted == "pause" and job.state != "paused":
        parts.append("about to be paused")
    if start and job.started_at is None:
        parts.append(f"starts {at(start)}")
    parts.append(f"{rate}/s at most" if rate else "as fast as the service")
    return ", ".join(parts)
