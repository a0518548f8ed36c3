"""`python -m deploy.local`: the whole stack on this machine, until Ctrl-C; with `demo`, a campaign.

Exit code 0 after a clean stop, 78 when settings are wrong, 2 when the command is, 1 when it cannot
start.
"""

import asyncio
import contextlib
import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from deploy import stack, told
from deploy.demo import demo
from deploy.lines import readable
from deploy.supervisor import NotStarted, Supervisor
from deploy.terminal import Terminal, stopping_when_closed
from plumbing.process import EXIT_CONFIG, CannotStart
from schemas.environment import SettingsError

FIRST_MESSAGE: Final = """
Loopcast is at {url} (Ctrl-C stops it). A first message:

  curl {url}/api/whatsapp/bulk-quick-send{key} -H 'Content-Type: application/json' \\
    -d '{{"phone_number_id": "{number}", "template_name": "hello_world", \
"recipients_text": "+4915112345678"}}'
"""
FIRST_PROOF: Final = """
Nothing reaches a phone: the sandbox stands in for Meta. Its page, with faults to switch on and a
phone that answers: {url}
"""
USAGE: Final = """\
usage: python -m deploy.local [demo]

The whole stack on this machine, until Ctrl-C; with demo, a campaign of 500, watched live.
Settings come from the environment: README.md lists them."""


def main(arguments: list[str]) -> int:
    """Run the stack, or the demo; returns the exit code."""
    if not {"-h", "--help"}.isdisjoint(arguments):
        Terminal(sys.stdout).write(f"{USAGE}\n")
        return 0
    if arguments not in ([], ["demo"]):
        return _said(USAGE, 2)
    try:
        return demo(os.environ) if arguments else run(Path.cwd() / ".data")
    except SettingsError as error:
        return _said(str(error), EXIT_CONFIG)
    except (CannotStart, NotStarted) as error:
        return _said(str(error), getattr(error, "exit_code", 1))
    except KeyboardInterrupt:  # before or after the stack's own handling of it
        return _said("Stopped.", 130)


def run(data: Path) -> int:
    """The stack with its data in `data`, until SIGINT, SIGTERM, SIGHUP or the end of its terminal.

    Returns the exit code. Raises SettingsError, CannotStart or NotStarted.
    """
    wanted = stack.plan(os.environ)
    with _locked(data):
        stack.check_ports(wanted)
        programs = stack.programs(wanted, data)
        told.leave(data, next(p.env for p in programs if p.name == "gateway"))
        try:
            asyncio.run(_until_signal(Supervisor(programs, _say, _show), wanted))
        finally:
            told.forget(data)
    _say("Stopped.")
    return 0


async def _until_signal(supervisor: Supervisor, wanted: stack.Plan) -> None:
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(signum, _stopping, stop)
    async with stopping_when_closed(stop):
        await supervisor.run(stop, lambda: _say(what_next(wanted)))


def _stopping(stop: asyncio.Event) -> None:
    if stop.is_set():
        return
    stop.set()
    _say("Stopping…")


def what_next(wanted: stack.Plan) -> str:
    """What a person can do once all is up."""
    url, number = wanted.gateway_url, wanted.gateway.default_phone_number_id
    key = " -H 'X-API-Key: <one of API_KEYS>'" if wanted.gateway.api_keys else ""
    text = FIRST_MESSAGE.format(url=url, key=key, number=number or "<your phone number id>")
    return text + (FIRST_PROOF.format(url=wanted.sandbox_url) if wanted.sandbox_url else "")


@contextlib.contextmanager
def _locked(data: Path) -> Iterator[None]:
    """Hold `data` for this process alone; the kernel lets it go when we die."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / told.LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(
                f"The stack runs already, with its data in {data}; stop that one first, or run this"
                " one from another checkout"
            ) from None
        yield


def _say(sentence: str) -> None:
    Terminal(sys.stderr).write(f"{sentence}\n")


def _show(name: str, line: str) -> None:
    """A child's line: readable on a terminal, as it is for programs that collect logs."""
    _say(f"{name:<9} {readable(line)}" if sys.stderr.isatty() else line)


def _said(sentence: str, code: int) -> int:
    _say(sentence)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
