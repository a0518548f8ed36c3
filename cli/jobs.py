"""`loopcast jobs`, `job`, `pause`, `resume`, `cancel`: looked at, and what is wanted of them."""

import argparse
from collections.abc import Iterator
from typing import Any

from cli import brakes
from cli.answers import Answered, No
from cli.client import Api, of_job
from cli.exits import Exit
from cli.job_tables import job_lines, jobs_lines, message_lines, trail_lines
from cli.results import shown
from cli.screen import Screen
from cli.watch import newest
from schemas.api import Audit, JobList, JobView
from schemas.truth_api import MessageList

_OF_MESSAGES = ("state", "code", "limit", "after")


async def listed(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    """The newest jobs."""

    def lines(found: JobList) -> Iterator[str]:
        if not found.jobs:
            screen.say("No jobs here. `loopcast send --help` shows how the first is made.")
            return
        yield from jobs_lines(found.jobs)
        if found.pagination.has_more:
            after = options.offset + len(found.jobs)
            screen.say(f"{found.pagination.total} in all; the next: --offset {after}")

    query = {"limit": str(options.limit), "offset": str(options.offset)}
    answer = await api.ask("GET", "/api/bulk/jobs", query=query)
    return shown(screen, answer, JobList, lines, as_json=options.json)


async def one(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    """One job: itself, its messages or its trail."""
    given = {name: getattr(options, name) for name in _OF_MESSAGES}
    query = {name: str(value) for name, value in given.items() if value is not None}
    if query and not options.messages:
        return screen.wrong("--state, --code, --limit and --after go with --messages", Exit.USAGE)
    job_id = await newest(api, options.job)
    if not isinstance(job_id, str):
        return screen.no(job_id)
    path = of_job(job_id)
    if options.messages:
        answer = await api.ask("GET", f"{path}/messages", query=query)
        return _messages(screen, answer, options)
    if options.trail:
        answer = await api.ask("GET", f"{path}/audit")
        return shown(screen, answer, Audit, trail_lines, as_json=options.json)
    answer = await api.ask("GET", path)
    return shown(screen, answer, JobView, job_lines, as_json=options.json)


def _messages(screen: Screen, answer: Answered | No, options: argparse.Namespace) -> Exit:
    def lines(found: MessageList) -> Iterator[str]:
        if not found.messages:
            screen.say("No messages of that kind.")
            return
        yield from message_lines(found.messages)
        if found.pagination.has_more:
            screen.say(f"There are more; the next: --after {found.pagination.after}")

    return shown(screen, answer, MessageList, lines, as_json=options.json)


async def wanted(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    """Pause, resume or cancel each of the jobs, or pull a brake; the first no is its end."""
    if options.command != "cancel" and (options.all or options.number or options.show):
        return await brakes.run(api, screen, options)
    if not options.jobs:
        sentence = f"say what to {options.command}: a JOB, --number ID or --all"
        return screen.wrong(sentence, Exit.USAGE)
    worst = Exit.DONE
    for job in options.jobs:
        done = await _want(api, screen, options, job)
        worst = worst or done
    return worst


async def _want(api: Api, screen: Screen, options: argparse.Namespace, job: str) -> Exit:
    job_id = await newest(api, job)
    if not isinstance(job_id, str):
        return screen.no(job_id)
    question = f"Cancel job {job_id}? What is queued is never sent."
    if options.command == "cancel" and not screen.may(question, yes=options.yes):
        return screen.unchanged()
    body: dict[str, Any] = {"reason": options.reason} if options.reason else {}
    answer = await api.send("POST", of_job(job_id, f"/{options.command}"), body)
    return shown(
        screen, answer, JobView, lambda job: [_told(job, options.command)], as_json=options.json
    )


def _told(job: JobView, command: str) -> str:
    follows = {"pause": "paused", "resume": "running", "cancel": "canceled"}[command]
    rest = "" if job.state in {follows, "completed"} else f" ({command} is under way)"
    return f"{job.job_id} {job.state}{rest}, {job.sent} sent, {job.queued + job.sending} to go"
