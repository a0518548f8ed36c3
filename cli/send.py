"""`loopcast send`, `test-send`, `resend`: a submission, told of and watched if that is wanted."""

import argparse
import asyncio
import uuid
from asyncio import sleep as rest
from pathlib import Path
from typing import Any, Final

import msgspec

from cli import order
from cli.answers import Answered, No, Refused, Unreachable
from cli.client import MOVING, Api, of_job
from cli.exits import Exit, of_status
from cli.place import Wrong
from cli.plans import plan_lines, submitted_lines, upload_lines
from cli.screen import Screen
from cli.watch import follow, newest
from schemas.api import Submitted
from schemas.number_api import NumberList
from schemas.plan_api import DryRun, RefusedPlan
from schemas.upload_api import Upload

_TRIES: Final = 4
_LONGEST_WAIT_SECONDS: Final = 30.0


async def run(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    """Submit a list, or tell what would become of it."""
    made = await _ordered(api, screen, options)
    return made if isinstance(made, Exit) else await _go(api, screen, options, *made)


async def tried(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    """One message of it, to a number of one's own."""
    if options.row and not order.has_rows(options):
        return screen.wrong("--row is of a FILE or an --upload", Exit.USAGE)
    made = await _ordered(api, screen, options)
    if isinstance(made, Exit):
        return made
    return await _go(api, screen, options, order.TEST, order.of_test(options, made[1]))


async def _ordered(
    api: Api, screen: Screen, options: argparse.Namespace
) -> tuple[str, order.Body] | Exit:
    """What is to be posted, and where; or why it cannot be."""
    if wrong := order.what_is_wrong(options):
        return screen.wrong(wrong.sentence, Exit.USAGE)
    number = options.number or await _only_number(api)
    if isinstance(number, Wrong):
        return screen.wrong(number.sentence, Exit.USAGE)
    if not isinstance(number, str):
        return screen.no(number)
    return await _order(api, screen, options, number)


async def _go(
    api: Api, screen: Screen, options: argparse.Namespace, path: str, body: order.Body
) -> Exit:
    does = _plan if options.dry_run else _submit
    return await does(api, screen, options, path, body)


async def again(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    """Send a part of a job again."""
    if not options.state and not options.code:
        return screen.wrong("say which part: --state failed, or --code 131049", Exit.USAGE)
    job_id = await newest(api, options.job)
    if not isinstance(job_id, str):
        return screen.no(job_id)
    body: dict[str, Any] = {"states": options.state, "codes": options.code}
    given = {name: value for name, value in body.items() if value}
    if options.campaign:
        given["campaign_name"] = options.campaign
    return await _submit(api, screen, options, of_job(job_id, "/resend"), given)


async def _order(
    api: Api, screen: Screen, options: argparse.Namespace, number: str
) -> tuple[str, order.Body] | Exit:
    """The form and its body, the file brought before."""
    try:
        if not order.has_rows(options):
            is_test = options.command == "test-send"  # whose number is the one that it goes to
            numbers = options.to if is_test else _numbers(screen, options)
            return order.of_numbers(options, number, numbers)
        upload = await _upload(api, options)
    except OSError as error:
        return screen.wrong(f"{options.file} cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        return screen.wrong("the numbers are no UTF-8 text; a CSV or XLSX is given as FILE")
    if not isinstance(upload, Answered):
        return screen.no(upload)
    found = msgspec.json.decode(upload.body, type=Upload)
    for line in upload_lines(found):
        screen.say(line)
    made = order.of_rows(options, number, found)
    return screen.wrong(made.sentence, Exit.USAGE) if isinstance(made, Wrong) else made


def _numbers(screen: Screen, options: argparse.Namespace) -> str:
    """Raises OSError, UnicodeDecodeError."""
    if options.file not in {None, "-"}:
        return Path(options.file).read_text(encoding="utf-8-sig")
    if screen.input.isatty():
        screen.say("Numbers, one a line; Ctrl-D ends them:")
    return screen.read()


async def _upload(api: Api, options: argparse.Namespace) -> Answered | No:
    """Bring the file, or look at the one that was brought. Raises OSError."""
    if options.upload:
        return await api.ask("GET", f"/api/bulk/upload/{options.upload}")
    path = Path(options.file)
    query = order.upload_query(options, path.name)
    with path.open("rb") as file:
        return await api.ask("POST", "/api/bulk/upload", query=query, body=file, timeout=MOVING)


async def _only_number(api: Api) -> str | Wrong | No:
    """The sending number where there is one alone."""
    answer = await api.ask("GET", "/api/numbers")
    if not isinstance(answer, Answered):
        return answer
    listed = msgspec.json.decode(answer.body, type=NumberList).numbers
    able = [number for number in listed if number.enabled]
    if len(able) == 1:
        return able[0].phone_number_id
    names = ", ".join(f"{one.phone_number_id} ({one.name or one.source})" for one in able)
    there = f"there are {names}" if able else "the gateway knows none"
    return Wrong(f"say from which number by --from: {there}")


async def _plan(
    api: Api, screen: Screen, options: argparse.Namespace, path: str, body: order.Body
) -> Exit:
    answer = await api.send("POST", path, body, query={"dryRun": "true"})
    if not isinstance(answer, Answered):
        return screen.no(answer)
    plan = msgspec.json.decode(answer.body, type=_Verdict)
    if options.json:
        screen.json(answer)
    if plan.refused is not None:
        no = msgspec.json.decode(answer.body, type=RefusedPlan).refused
        refused = Refused(
            status=no.status, error=no.error, message=no.message, details=no.details
        )  # fmt: skip
        return of_status(no.status) if options.json else screen.no(refused)
    if not options.json:
        for line in plan_lines(msgspec.json.decode(answer.body, type=DryRun)):
            screen.put(line)
    return Exit.DONE


class _Verdict(msgspec.Struct, frozen=True):
    refused: Any = None


async def _submit(
    api: Api, screen: Screen, options: argparse.Namespace, path: str, body: order.Body
) -> Exit:
    key = options.idempotency_key or f"cli-{uuid.uuid4()}"
    try:
        answer = await _submitted(api, screen, path, body, key)
    except asyncio.CancelledError:  # Ctrl-C
        screen.interrupted(_doubt(key, body))
        raise
    if not isinstance(answer, Answered):
        code = screen.no(answer)
        if code is Exit.UNREACHABLE:
            screen.say(f"  {_doubt(key, body)}")
        return code
    made = msgspec.json.decode(answer.body, type=Submitted)
    for line in submitted_lines(made):
        screen.say(line)
    if options.json:
        screen.json(answer)
    elif not options.watch:
        screen.put(str(made.job_id))
        screen.say(f"Follow it: loopcast watch {made.job_id}")
    return await follow(api, screen, options, str(made.job_id)) if options.watch else Exit.DONE


def _doubt(key: str, body: order.Body) -> str:
    upload = f" --upload {body['uploadId']} without FILE" if "uploadId" in body else ""
    return (
        "Whether the job was made is not certain. The same command with"
        f" --idempotency-key {key}{upload} makes no second one."
    )


async def _submitted(
    api: Api, screen: Screen, path: str, body: order.Body, key: str
) -> Answered | No:
    """Submit, and again where there was no answer: the key makes sure that it is one job."""
    headers = {"Idempotency-Key": key}
    answer = await api.send("POST", path, body, headers=headers)
    for attempt in range(1, _TRIES):
        wait = _wait_of(answer, attempt)
        if isinstance(answer, Answered) or wait is None:
            break
        screen.say(f"No answer that counts; again in {wait:g} s.")
        await rest(wait)
        answer = await api.send("POST", path, body, headers=headers)
    return answer


def _wait_of(answer: Answered | No, attempt: int) -> float | None:
    """Seconds until another try; None where it is of no use."""
    match answer:
        case Refused() if answer.status in {429, 503}:
            wait = answer.retry_after_seconds or float(attempt)
            return wait if wait <= _LONGEST_WAIT_SECONDS else None
        case Unreachable():
            return float(attempt)
        case _:
            return None
