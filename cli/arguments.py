"""The commands and their options, as argparse reads them: one table, with examples."""

import argparse
import re
from typing import Any, Final

from cli import exits
from cli.place import DEFAULT_URL

ABOUT: Final = "Bulk messages over WhatsApp, from a terminal: a client of Loopcast's HTTP API."
LAST: Final = "last"
JOB: Final = f"a job's id; `{LAST}`: the newest"
STATES: Final = (
    "queued", "sending", "sent", "delivered", "read", "failed", "unknown", "skipped", "canceled",
)  # fmt: skip
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FORMATS: Final = ("csv", "ndjson", "xlsx")
FOREIGN: Final = ("doctor", "up")  # programs of their own, which read their own options

Commands = Any  # argparse's _SubParsersAction, which has no public name


def parser() -> argparse.ArgumentParser:
    """Everything that can be typed."""
    made = _parser(
        prog="loopcast", description=ABOUT,
        epilog=f"""settings, from the environment:
  LOOPCAST_URL  where the gateway is; {DEFAULT_URL}
  LOOPCAST_KEY  one of its keys, where it asks for them
  NO_COLOR      set: no colours

exit codes:
{exits.table()}

examples:
  loopcast send list.csv --template order_update --map 1=Name --map 2=Order --dry-run
  loopcast send list.xlsx --template order_update --map 1=Name --map 2=Order --watch
  loopcast watch last
  loopcast COMMAND --help""",
    )  # fmt: skip
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _send(commands)
    _reading(commands)
    _control(commands)
    _after(commands)
    _suppress(commands)
    _around(commands)
    return made


def _send(commands: Commands) -> None:
    send = _command(
        commands, "send", "submit a list: a file, or numbers from standard input",
        """  loopcast send list.csv -t order_update --map 1=Name --map 2=Order --watch
  loopcast send list.xlsx -t sale --map header.image=Photo --at 2026-11-27T09:00:00+01:00
  loopcast send list.csv -t order_update --map 1=Name --window 09:00-20:00 --days mon-fri
  echo '+49 1511 2345678' | loopcast send - -t welcome --var first_name=Ann --dry-run
  JOB=$(loopcast send numbers.txt --numbers -t hello_world) && loopcast watch "$JOB"

The id of the job is printed on stdout, everything else on stderr.""",
    )  # fmt: skip
    what = send.add_argument_group("what is sent")
    what.add_argument("-t", "--template", metavar="NAME", help="an approved template")
    what.add_argument("--text", help="free text instead, to numbers that wrote within 24 hours")
    what.add_argument("--language", metavar="CODE", help="the template's language; en_US")
    what.add_argument("--map", metavar="PLACE=COLUMN", type=pair, action="append", default=[],
                      help="fill a place of the template from a column, as 1=Name")  # fmt: skip
    what.add_argument("--var", metavar="PLACE=VALUE", type=pair, action="append", default=[],
                      help="with numbers: the same value for everybody")  # fmt: skip
    what.add_argument("-n", "--from", dest="number", metavar="ID",
                      help="the sending number's id; not needed where there is one")  # fmt: skip
    what.add_argument("--campaign", metavar="LABEL", help="a name for people")
    _list(send)
    _plan(send)
    send.add_argument("--dry-run", action="store_true", help="tell the plan, send nothing")
    send.add_argument("--watch", action="store_true", help="stay until it is over")
    send.add_argument("--idempotency-key", metavar="KEY",
                      help="of a try that got no answer: makes no second job")  # fmt: skip
    _watching(send)


def _list(send: argparse.ArgumentParser) -> None:
    of_list = send.add_argument_group("the list")
    of_list.add_argument("file", nargs="?", metavar="FILE",
                         help="CSV or XLSX; `-`, or nothing: numbers from stdin")  # fmt: skip
    of_list.add_argument("--numbers", action="store_true",
                         help="FILE holds numbers alone, as stdin would")  # fmt: skip
    of_list.add_argument("--upload", metavar="ID", help="a file that was brought before")
    of_list.add_argument("--column", help="the column that holds the numbers; else guessed")
    of_list.add_argument("--header", action=argparse.BooleanOptionalAction,
                         help="whether the first row names the columns; else guessed")  # fmt: skip
    of_list.add_argument("--region", metavar="DE", help="of numbers without a country")
    of_list.add_argument("--delimiter", choices=("comma", "semicolon", "tab", "pipe"))
    of_list.add_argument("--encoding", help="of a CSV, as windows-1251")
    of_list.add_argument("--sheet", help="of a workbook")


def _plan(send: argparse.ArgumentParser) -> None:
    plan = send.add_argument_group("when and how fast")
    plan.add_argument("--at", metavar="TIME", help="when it starts: 2026-11-27T09:00:00+01:00")
    plan.add_argument("--window", metavar="FROM-TO", type=span, help="only then: 09:00-20:00")
    plan.add_argument("--days", type=days, help="of the window: mon-fri, or mon,wed")
    plan.add_argument("--zone", default=None,
                      help="of the window: Asia/Kolkata; `recipient` (so unless given): each by "
                      "their own clock")  # fmt: skip
    plan.add_argument("--zone-column", metavar="COLUMN", help="that holds time zones")
    plan.add_argument("--rate", metavar="N", type=positive, help="messages a second, at most")
    plan.add_argument("--loop-size", metavar="N", type=positive, help="messages in a loop")
    plan.add_argument("--pause-ms", metavar="MS", type=natural, help="between two loops")


def _reading(commands: Commands) -> None:
    watch = _command(
        commands, "watch", "follow a job to its end: its loops, rate, time left, failures",
        """  loopcast watch
  loopcast watch 6f1c… --json | jq -r 'select(.type == "message_failed").to'
  loopcast watch last --every 60 >> watch.log

Bars on a terminal, lines elsewhere; --json passes the event stream on, a frame a line.""",
    )  # fmt: skip
    watch.add_argument("job", nargs="?", default=LAST, metavar="JOB", help=JOB)
    _watching(watch)
    jobs = _command(
        commands, "jobs", "your jobs, newest first",
        "  loopcast jobs\n  loopcast jobs --limit 50 --json | jq -r '.jobs[].jobId'",
    )  # fmt: skip
    jobs.add_argument("--limit", type=positive, default=20, help="1 to 50; 20")
    jobs.add_argument("--offset", type=natural, default=0, help="how many to pass over; 0")
    _json(jobs)
    job = _command(
        commands, "job", "one job: its figures, loops and errors",
        "  loopcast job last\n  loopcast job 6f1c… --json | jq .etaSeconds",
    )  # fmt: skip
    job.add_argument("job", nargs="?", default=LAST, metavar="JOB", help=JOB)
    _json(job)


def _control(commands: Commands) -> None:
    texts = {
        "pause": "hold jobs before their next message",
        "resume": "have paused jobs go on",
        "cancel": "send no more of jobs, ever",
    }
    for name, text in texts.items():
        example = f"  loopcast {name} last --reason 'a typo in the text'\n  loopcast {name} JOB JOB"
        made = _command(commands, name, text, example)
        made.add_argument("jobs", nargs="+", metavar="JOB", help=JOB)
        made.add_argument("--reason", help="kept in the job's trail")
        if name == "cancel":
            made.add_argument("-y", "--yes", action="store_true", help="do not ask first")
        _json(made)


def _after(commands: Commands) -> None:
    resend = _command(
        commands, "resend", "send a part of a job that is over again, as a new job",
        """  loopcast resend last --state failed --watch
  loopcast resend JOB --code 131049 --campaign 'second try'""",
    )  # fmt: skip
    resend.add_argument("job", metavar="JOB", help=JOB)
    resend.add_argument("--state", action="append", default=[],
                        choices=("failed", "unknown", "skipped", "canceled"))  # fmt: skip
    resend.add_argument("--code", type=int, action="append", default=[], help="one of Meta's")
    resend.add_argument("--campaign", metavar="LABEL", help="else the parent's")
    resend.add_argument("--idempotency-key", metavar="KEY",
                        help="of a try that got no answer: makes no second job")  # fmt: skip
    resend.add_argument("--watch", action="store_true", help="stay until it is over")
    _watching(resend)
    export = _command(
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


def _suppress(commands: Commands) -> None:
    suppress = _command(
        commands, "suppress", "who wants no messages: add, lift, show, list, import, export",
        """  loopcast suppress add '+49 1511 2345678' --reason 'asked by phone'
  loopcast suppress lift 4915112345678
  loopcast suppress import list.csv
  loopcast suppress export -o suppressions.csv""",
    )  # fmt: skip
    does = suppress.add_subparsers(dest="does", required=True, metavar="WHAT")
    add = _command(does, "add", "numbers that are to get nothing more; `-`: from stdin")
    add.add_argument("numbers", nargs="+", metavar="NUMBER")
    add.add_argument("--scope", choices=("all", "marketing"))
    add.add_argument("--reason", help="one line, kept with them")
    _json(add)
    lift = _command(does, "lift", "lift what stops a number")
    lift.add_argument("numbers", nargs=1, metavar="NUMBER")
    lift.add_argument("--source", choices=("operator", "recipient", "meta"))
    lift.add_argument("--all", action="store_true", help="whoever asked for it")
    _json(lift)
    show = _command(does, "show", "all that is known of a number")
    show.add_argument("numbers", nargs=1, metavar="NUMBER")
    _json(show)
    listed = _command(does, "list", "who is on the list, newest first")
    listed.add_argument("--limit", type=positive, default=50, help="1 to 500; 50")
    listed.add_argument("--source", choices=("operator", "recipient", "meta"))
    listed.add_argument("--scope", choices=("all", "marketing"))
    _json(listed)
    taken = _command(does, "import", "a whole list, as lines or CSV")
    taken.add_argument("file", metavar="FILE")
    _json(taken)
    given = _command(does, "export", "the whole list")
    given.add_argument("-o", "--output", metavar="FILE", help="else stdout")
    given.add_argument("--format", choices=("csv", "ndjson"), default="csv")


def _around(commands: Commands) -> None:
    _command(
        commands, "doctor", "what is wrong, from the settings to Meta, and what to do",
        "  loopcast doctor --help",
    )  # fmt: skip
    _command(commands, "up", "the whole stack on this machine, until Ctrl-C (as `make run`)")
    completion = _command(
        commands, "completion", "a script that completes commands and options",
        """  eval "$(loopcast completion bash)"      # in ~/.bashrc
  eval "$(loopcast completion zsh)"       # in ~/.zshrc, after compinit""",
    )  # fmt: skip
    completion.add_argument("shell", choices=("bash", "zsh"))


def _watching(made: argparse.ArgumentParser) -> None:
    made.add_argument("--every", metavar="SECONDS", type=positive, default=10,
                      help="of plain lines: how far it is, so often; 10")  # fmt: skip
    made.add_argument("--plain", action="store_true", help="lines, on a terminal too")
    made.add_argument("--until-paused", action="store_true", help="a pause is an end (9), too")
    _json(made)


def _json(made: argparse.ArgumentParser) -> None:
    made.add_argument("--json", action="store_true", help="the API's own words")


def _command(commands: Commands, name: str, text: str, examples: str = "") -> Any:
    epilog = f"examples:\n{examples}" if examples else None
    return commands.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}.", epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
    )  # fmt: skip


def _parser(**texts: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        **texts,  # type: ignore[arg-type]  # texts alone
    )


def pair(text: str) -> tuple[str, str]:
    """`1=Name` as a place and what fills it."""
    place, equals, value = text.partition("=")
    if not (place and equals):
        raise argparse.ArgumentTypeError(f"it is PLACE=…, as 1=Name: {text}")
    return place, value


def span(text: str) -> tuple[str, str]:
    """`09:00-20:00` as its two ends; whether they are times the gateway says."""
    found = re.fullmatch(r"(\d\d:\d\d)-(\d\d:\d\d)", text)
    if not found:
        raise argparse.ArgumentTypeError(f"it is FROM-TO, as 09:00-20:00: {text}")
    return found[1], found[2]


def days(text: str) -> list[str]:
    """`mon-wed,sat` as the names of days."""
    named: list[str] = []
    for part in text.lower().split(","):
        first, _, last = part.strip().partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise argparse.ArgumentTypeError(f"days are mon to sun, as mon-fri or mon,wed: {text}")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        length = (end - begin) % 7 + 1
        named += [DAYS[(begin + at) % 7] for at in range(length)]
    return list(dict.fromkeys(named))


def positive(text: str) -> int:
    """A whole number from 1."""
    number = natural(text)
    if number == 0:
        raise argparse.ArgumentTypeError("it is at least 1")
    return number


def natural(text: str) -> int:
    """A whole number from 0."""
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"it is a whole number: {text}")
    return int(text)
