"""`loopcast jobs`, `job`, `pause`, `resume`, `cancel`: looked at, and what is wanted of them."""

import argparse

import msgspec

from cli.answers import Answered
from cli.client import Api
from cli.exits import Exit
from cli.screen import Screen
from cli.tables import job_lines, jobs_lines
from cli.watch import newest
from schemas.api import JobList, JobView


async def listed(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    """The newest jobs."""
    query = {"limit": str(options.limit), "offset": str(options.offset)}
    answer = await api.ask("GET", "/api/bulk/jobs", query=query)
    if not isinstance(answer, Answered):
        return screen.no(answer)
    if options.json:
        screen.json(answer)
        return Exit.DONE
    found = msgspec.json.decode(answer.body, type=JobList)
    if not found.jobs:
        screen.say("No jobs here. `loopcast send --help` shows how the first is made.")
        return Exit.DONE
    for line in jobs_lines(found.jobs):
        screen.put(line)
    if found.pagination.has_more:
        after = options.offset + len(found.jobs)
        screen.say(f"{found.pagination.total} in all; the next: --offset {after}")
    return Exit.DONE


async def shown(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    """One job."""
    job_id = await newest(api, options.job)
    if not isinstance(job_id, str):
        return screen.no(job_id)
    answer = await api.ask("GET", f"/api/bulk/job/{job_id}")
    if not isinstance(answer, Answered):
        return screen.no(answer)
    if options.json:
        screen.json(answer)
        return Exit.DONE
    for line in job_lines(msgspec.json.decode(answer.body, type=JobView)):
        screen.put(line)
    return Exit.DONE


async def wanted(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    """Pause, resume or cancel each of the jobs; the first no is what it ends with."""
    worst = Exit.DONE
    for job in options.jobs:
        done = await _want(api, screen, options, job)
        worst = worst or done
    return worst


async def _want(api: Api, screen: Screen, options: argparse.Namespace, job: str) -> Exit:
    job_id = await newest(api, job)
    if not isinstance(job_id, str):
        return screen.no(job_id)
    is_cancel = options.command == "cancel"
    question = f"Cancel job {job_id}? What is queued is never sent."
    if is_cancel and not options.yes and screen.can_ask and not screen.asks(question):
        return screen.wrong("nothing was changed", Exit.FAILED)
    body = {"reason": options.reason} if options.reason else {}
    answer = await api.send("POST", f"/api/bulk/job/{job_id}/{options.command}", body)
    if not isinstance(answer, Answered):
        return screen.no(answer)
    if options.json:
        screen.json(answer)
        return Exit.DONE
    found = msgspec.json.decode(answer.body, type=JobView)
    follows = {"pause": "paused", "resume": "running", "cancel": "canceled"}[options.command]
    rest = "" if found.state in {follows, "completed"} else f" ({options.command} is under way)"
    told = f"{found.sent} sent, {found.queued + found.sending} to go"
    screen.put(f"{found.job_id} {found.state}{rest}, {told}")
    return Exit.DONE
