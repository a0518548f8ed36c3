"""`python -m deploy.doctor`: looks at all that Loopcast stands on, and says what is wrong.

Exit code 0 when nothing is wrong, 1 when something is, 78 when settings are wrong, 2 when the
command is. It changes nothing, and may be run beside a campaign.
"""

import argparse
import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from deploy import doctor_view, told
from deploy.checks.clock import clock
from deploy.checks.ledger import ledger
from deploy.checks.meta import meta
from deploy.checks.nats import nats_server
from deploy.checks.numbers import kept_numbers
from deploy.checks.patient import BOTH, Patient, default_gateway_url
from deploy.checks.postgres import postgres
from deploy.checks.processes import processes
from deploy.checks.result import Level, Result, wrong
from deploy.checks.settings import settings
from deploy.doctor_view import Section
from deploy.reconcile import LONGEST_SECONDS
from deploy.terminal import Terminal
from plumbing.process import EXIT_CONFIG, CannotStart
from schemas.environment import SettingsError, read
from schemas.loading import load
from schemas.settings import Daemon, Gateway

ABOUT: Final = """\
Looks at the settings, PostgreSQL, NATS, Meta, the clock and the processes, counts every message
anew, and says what is wrong and what to do. It changes nothing, and a campaign may run meanwhile.
Settings come from the environment; where they name no servers, from the stack that `make run` has
in this folder."""
CHECK_SECONDS: Final = 30.0  # each bounds its own questions; this is for what nobody thought of
FEW_COLUMNS: Final = 100  # longer lines are hard to read

S = TypeVar("S", Gateway, Daemon)
Look = Callable[[Patient], Awaitable[list[Result]]]


@dataclass(frozen=True)
class Check:
    """One look, and how long it may take."""

    name: str
    look: Look
    seconds: float = CHECK_SECONDS


CHECKS: Final = (
    Check("settings", settings),
    Check("postgres", postgres),
    Check("nats", nats_server),
    Check("meta", meta),
    Check("numbers", kept_numbers),
    Check("clock", clock),
    Check("processes", processes),
    Check("ledger", ledger, 3.0 * LONGEST_SECONDS),  # it walks over every message there is
)


def main(arguments: list[str]) -> int:
    """Make every check and say what they found; returns the exit code."""
    wanted = _parser().parse_args(arguments)
    try:
        judged = (wanted.settings_of,) if wanted.settings_of else BOTH
        patient = patient_of(os.environ, Path.cwd() / ".data", wanted.gateway, judged)
        checks = [check for check in CHECKS if check.name != "ledger" or not wanted.quick]
        sections = asyncio.run(examine(patient, checks, as_json=wanted.json))
    except SettingsError as error:
        return _settings_are_wrong(error, as_json=wanted.json)
    except CannotStart as error:
        return _said(f"{error}", 1)
    except KeyboardInterrupt:
        return _said("Stopped.", 130)
    return int(any(result.level is Level.WRONG for _, found in sections for result in found))


def patient_of(
    environ: Mapping[str, str], data: Path, gateway_url: str | None,
    judged: tuple[str, ...] = BOTH,
) -> Patient:  # fmt: skip
    """Whom to look at. Raises SettingsError, which lists every bad one, or CannotStart."""
    if not any(environ.get(name, "").strip() for name in ("DATABASE_URL", "NATS_URL")):
        running = told.read(data)
        if running is None and not environ.get("META_ACCESS_TOKEN", "").strip():
            raise CannotStart(
                "Nothing to look at: no stack runs in this folder, and the environment names no"
                " servers. Start it with `make run`, or set what docs/settings.md says."
            )
        given = {name: value for name, value in environ.items() if value.strip()}
        environ = {**(running or {}), **given}
    gateway, daemon = _loaded(environ, judged)
    url = (gateway_url or default_gateway_url(gateway)).rstrip("/")
    return Patient(gateway, daemon, environ, url, gateway_url is not None, judged)


async def examine(patient: Patient, checks: Sequence[Check], *, as_json: bool) -> list[Section]:
    """Make the checks side by side, and say what each found, in order."""
    out = Terminal(sys.stdout)
    sections: list[Section] = []
    async for section in _looked(patient, checks):
        sections.append(section)
        if not as_json:
            out.write("".join(f"{line}\n" for line in _shown(out, section)))
    results = [result for _, found in sections for result in found]
    if as_json:
        out.write(f"{doctor_view.as_json(sections)}\n")
    else:
        gap = "\n  " if out.isatty() else ""
        out.write(f"{gap}{doctor_view.summary(results)}\n")
    return sections


async def _looked(patient: Patient, checks: Sequence[Check]) -> AsyncIterator[Section]:
    tasks = [asyncio.ensure_future(check.look(patient)) for check in checks]
    for check, task in zip(checks, tasks, strict=True):
        done, _ = await asyncio.wait({task}, timeout=check.seconds)
        yield check.name, _found(task) if done else [_late(task, check.seconds)]


def _found(task: "asyncio.Future[list[Result]]") -> list[Result]:
    """What it says; a check that breaks hides no other."""
    if error := task.exception():
        return [wrong(f"This check broke: {error!r}.", "A fault of the doctor's: report it.")]
    return task.result()


def _late(task: "asyncio.Future[list[Result]]", seconds: float) -> Result:
    task.cancel()
    return wrong(f"No answer within {seconds:.0f} s.", "Ask again; the others have been heard.")


def _shown(out: Terminal, section: Section) -> Sequence[str]:
    name, results = section
    if not out.isatty():
        return list(doctor_view.plain(name, results))
    width = min(FEW_COLUMNS, shutil.get_terminal_size().columns)
    color = "NO_COLOR" not in os.environ
    return list(doctor_view.pretty(name, results, width=width, color=color))


def _loaded(environ: Mapping[str, str], judged: Sequence[str]) -> tuple[Gateway, Daemon]:
    """Of a process whose settings these are not, those that are right."""
    problems: list[str] = []
    gateway = _read(Gateway, environ, problems if "gateway" in judged else [])
    daemon = _read(Daemon, environ, problems if "daemon" in judged else [])
    if problems:
        raise SettingsError(list(dict.fromkeys(problems)))
    return gateway, daemon


def _read(kind: type[S], environ: Mapping[str, str], problems: list[str]) -> S:
    try:
        return load(kind, environ)
    except SettingsError as error:
        problems += error.problems
        return kind(**read(kind, environ)[0])


def _settings_are_wrong(error: SettingsError, *, as_json: bool) -> int:
    if not as_json:
        return _said(str(error), EXIT_CONFIG)
    results = [wrong(problem, "See docs/settings.md.") for problem in error.problems]
    Terminal(sys.stdout).write(f"{doctor_view.as_json([('settings', results)])}\n")
    return EXIT_CONFIG


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.doctor", description=ABOUT)
    parser.add_argument("--json", action="store_true", help="one JSON object, for scripts")
    parser.add_argument("--quick", action="store_true", help="leave out the recount of messages")
    parser.add_argument("--gateway", metavar="URL", help="where a gateway answers, if elsewhere")
    parser.add_argument(
        "--settings-of", choices=BOTH, help="where the environment is that of one process alone"
    )
    return parser


def _said(sentence: str, code: int) -> int:
    Terminal(sys.stderr).write(f"{sentence}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
