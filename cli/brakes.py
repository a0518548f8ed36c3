"""`loopcast pause --all`, `--number ID`, and `resume` of the same: the red button."""

import argparse
from typing import Final
from urllib.parse import quote

from cli.access_tables import brake_lines
from cli.answers import Answered, No
from cli.client import Api
from cli.exits import Exit
from cli.results import shown
from cli.screen import Screen
from schemas.api import Brakes

_QUESTIONS: Final = {
    "pause": "Pause {what}? Nothing leaves any more until it is resumed.",
    "resume": "Resume {what}? Jobs that only this holds go on at once.",
}


async def run(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    """Pull a brake, release it, or look at those that are on; then show what stands still."""
    if (options.all, bool(options.number), options.show, bool(options.jobs)).count(True) > 1:
        sentence = "give one of these: jobs, --number, --all, --show"
        return screen.wrong(sentence, Exit.USAGE)
    if options.show:
        return _shown(screen, options, await api.ask("GET", "/api/pause"))
    what = f"all that number {options.number} sends" if options.number else "everything"
    question = _QUESTIONS[options.command].format(what=what)
    if not screen.may(question, yes=options.yes):
        return screen.unchanged()
    body = {"reason": options.reason} if options.reason and options.command == "pause" else {}
    return _shown(screen, options, await api.send("POST", _path(options), body))


def _path(options: argparse.Namespace) -> str:
    if options.number:
        return f"/api/numbers/{quote(options.number, safe='')}/{options.command}"
    return f"/api/{options.command}"


def _shown(screen: Screen, options: argparse.Namespace, answer: Answered | No) -> Exit:
    return shown(screen, answer, Brakes, brake_lines, as_json=options.json)
