"""The commands and their options, as argparse reads them: one table, with examples."""

import argparse
from typing import Final

from cli import exits
from cli.arguments_access import access
from cli.arguments_people import people
from cli.arguments_send import submissions
from cli.options import (
    FORMATS,
    JOB,
    LAST,
    Commands,
    as_json,
    asking,
    command,
    described,
    natural,
    positive,
    watching,
)
from cli.place import DEFAULT_URL
from schemas.version import VERSION

ABOUT: Final = "Bulk messages over WhatsApp, from a terminal: a client of Loopcast's HTTP API."
SHELLS: Final = ("bash", "zsh", "fish")


def parser() -> argparse.ArgumentParser:
    """Everything that can be typed."""
    made = described(
        prog="loopcast", description=ABOUT,
        epilog=f"""settings, from the environment:
  LOOPCAST_URL  where the gateway is; {DEFAULT_URL}
  LOOPCAST_KEY  one of its keys, where it asks for them
  NO_COLOR      set: no colours

exit codes:
{exits.table()}

examples:
  loopcast send list.csv -t order_update --map 1=Name --map 2=Order --dry-run
  loopcast send list.xlsx -t order_update --map 1=Name --map 2=Order --watch
  loopcast watch last
  loopcast COMMAND --help""",
    )  # fmt: skip
    made.add_argument("--version", action="version", version=f"loopcast {VERSION}")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    submissions(commands)
    _reading(commands)
    _control(commands)
    _change(commands)
    _export(commands)
    people(commands)
    access(commands)
    _around(commands)
    return made


def _reading(commands: Commands) -> None:
    watch = command(
        commands, "watch", "follow a job to its end: its loops, rate, time left, failures",
        """  loopcast watch
  loopcast watch 6f1c… --json | jq -r 'select(.type == "message_failed").to'
  loopcast watch last --every 60 >> watch.log

Bars on a terminal, lines elsewhere; --json passes the event stream on, a frame
a line. Ctrl-C ends the watching, never the job.""",
    )  # fmt: skip
    watch.add_argument("job", nargs="?", default=LAST, metavar="JOB", help=JOB)
    watching(watch)
    jobs = command(
        commands, "jobs", "your jobs, newest first",
        "  loopcast jobs\n  loopcast jobs --limit 50 --json | jq -r '.jobs[].jobId'",
    )  # fmt: skip
    jobs.add_argument("--limit", type=positive, default=20, help="1 to 50; 20")
    jobs.add_argument("--offset", type=natural, default=0, help="how many to pass over; 0")
    as_json(jobs)
    _job(commands)


def _job(commands: Commands) -> None:
    job = command(
        commands, "job", "one job: its figures, loops and errors; its recipients, its trail",
        """  loopcast job last
  loopcast job last --messages --state failed,unknown
  loopcast job last --trail
  loopcast job 6f1c… --json | jq .etaSeconds""",
    )  # fmt: skip
    job.add_argument("job", nargs="?", default=LAST, metavar="JOB", help=JOB)
    what = job.add_mutually_exclusive_group()
    what.add_argument("--messages", action="store_true", help="its recipients, a page of them")
    what.add_argument("--trail", action="store_true", help="who wanted what of it, and when")
    page = job.add_argument_group("of --messages")
    page.add_argument("--state", help="one or several, with commas: failed,unknown")
    page.add_argument("--code", help="one or several of Meta's codes, with commas")
    page.add_argument("--limit", metavar="N", type=positive, help="1 to 1000; 100")
    page.add_argument("--after", metavar="SEQ", type=natural, help="as the page before says")
    as_json(job)


def _control(commands: Commands) -> None:
    _pause(commands, "pause", "hold jobs before their next message; all of a number; everything",
           "everything: nothing leaves any more, of any job", "a typo in the text")  # fmt: skip
    _pause(commands, "resume", "have paused jobs go on; release a number, or everything",
           "release everything; numbers and jobs that were paused alone stay so",
           "the text is right")  # fmt: skip
    cancel = command(
        commands, "cancel", "send no more of jobs, ever",
        "  loopcast cancel last --reason 'a typo in the text'\n  loopcast cancel JOB JOB --yes",
    )  # fmt: skip
    cancel.add_argument("jobs", nargs="+", metavar="JOB", help=JOB)
    cancel.add_argument("--reason", help="kept in the job's trail")
    asking(cancel)
    as_json(cancel)


def _pause(commands: Commands, name: str, text: str, everything: str, reason: str) -> None:
    made = command(
        commands, name, text,
        f"""  loopcast {name} last --reason '{reason}'
  loopcast {name} JOB JOB
  loopcast {name} --number 100000000000001
  loopcast {name} --all --yes
  loopcast {name} --show""",
    )  # fmt: skip
    made.add_argument("jobs", nargs="*", metavar="JOB", help=JOB)
    made.add_argument("--number", metavar="ID", help="all that is sent from this number")
    made.add_argument("--all", action="store_true", help=everything)
    made.add_argument("--show", action="store_true", help="what stands still; change nothing")
    made.add_argument("--reason", help="kept in the trail, and told")
    asking(made)
    as_json(made)


def _change(commands: Commands) -> None:
    change = command(
        commands, "change", "change when a job starts, or how fast it goes",
        """  loopcast change last --rate 5 --reason 'too many calls'
  loopcast change last --as-service
  loopcast change JOB --at 2026-11-30T09:00:00+01:00
  loopcast change JOB --at now
  loopcast change JOB --hold

The rate changes on the way, too; the start as long as nothing of the job has
begun.""",
    )  # fmt: skip
    change.add_argument("job", metavar="JOB", help=JOB)
    rate = change.add_mutually_exclusive_group()
    rate.add_argument("--rate", metavar="N", type=positive, help="messages a second, at most")
    rate.add_argument("--as-service", action="store_true", help="as fast as the service goes")
    start = change.add_mutually_exclusive_group()
    start.add_argument("--at", metavar="TIME", help="when it starts, with its zone; or `now`")
    start.add_argument("--hold", action="store_true", help="withdraw the start, until `resume`")
    change.add_argument("--reason", help="kept in the job's trail")
    as_json(change)


def _export(commands: Commands) -> None:
    export = command(
        commands, "export", "what became of each recipient, as a file",
        """  loopcast export last -o messages.xlsx
  loopcast export JOB --state failed,unknown > missed.csv
  loopcast export JOB --format ndjson | jq -r .to""",
    )  # fmt: skip
    export.add_argument("job", metavar="JOB", help=JOB)
    export.add_argument("-o", "--output", metavar="FILE", help="else stdout")
    export.add_argument("--format", choices=FORMATS, help="else FILE's, else csv")
    export.add_argument("--state", help="one or several, with commas")
    export.add_argument("--code", help="one or several of Meta's codes, with commas")


def _around(commands: Commands) -> None:
    command(
        commands, "doctor", "what is wrong, from the settings to Meta, and what to do",
        "  loopcast doctor --help",
    )  # fmt: skip
    command(
        commands, "up", "the whole stack on this machine, until Ctrl-C (as `make run`)",
        "  loopcast up\n  PORT=8081 DAEMON_PORT=9091 SANDBOX_PORT=8091 loopcast up",
    )  # fmt: skip
    completion = command(
        commands, "completion", "a script that completes commands and options",
        """  eval "$(loopcast completion bash)"      # in ~/.bashrc
  eval "$(loopcast completion zsh)"       # in ~/.zshrc, after compinit
  loopcast completion fish | source       # in ~/.config/fish/config.fish""",
    )  # fmt: skip
    completion.add_argument("shell", choices=SHELLS)
