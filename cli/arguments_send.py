"""What can be typed after `send`, `test-send` and `resend`."""

import argparse

from cli.options import JOB, Commands, command, days, natural, pair, positive, span, watching


def submissions(commands: Commands) -> None:
    """`send`, `test-send`, `resend`."""
    _send(commands)
    _test_send(commands)
    _resend(commands)


def _send(commands: Commands) -> None:
    send = command(
        commands, "send", "submit a list: a file, or numbers from standard input",
        """  loopcast send list.csv -t order_update --map 1=Name --map 2=Order --watch
  loopcast send list.xlsx -t invoice --map header.document=File --map 1=Name \\
      --at 2026-11-27T09:00:00+01:00
  loopcast send list.csv -t order_update --map 1=Name --map 2=Order \\
      --window 09:00-20:00 --days mon-fri
  echo '+49 1511 2345678' | \\
      loopcast send - -t welcome --var first_name=Ann --dry-run
  JOB=$(loopcast send numbers.txt --numbers -t hello_world) &&
      loopcast watch "$JOB"

The id of the job is printed on stdout, everything else on stderr.""",
    )  # fmt: skip
    send.add_argument("file", nargs="?", metavar="FILE",
                      help="CSV or XLSX; `-`, or nothing: numbers from stdin")  # fmt: skip
    _what(send)
    _list(send)
    _plan(send)
    send.add_argument("--numbers", action="store_true",
                      help="FILE holds numbers alone, as stdin would")  # fmt: skip
    send.add_argument("--dry-run", action="store_true", help="tell the plan, send nothing")
    _made(send)


def _test_send(commands: Commands) -> None:
    test = command(
        commands, "test-send", "one message of a list to a number of yours",
        """  loopcast test-send '+49 1511 7654321' list.csv -t order_update \\
      --map 1=Name --map 2=Order --row 2
  loopcast test-send '+49 1511 7654321' -t welcome --var first_name=Ann --watch

All options of `send` are taken; when and how fast the list is to go is no
matter here: the test goes at once. The id of its job is printed on stdout,
everything else on stderr.""",
    )  # fmt: skip
    test.add_argument("to", metavar="NUMBER", help="the phone that gets it")
    test.add_argument("file", nargs="?", metavar="FILE", help="CSV or XLSX")
    test.add_argument("--row", metavar="N", type=positive,
                      help="of FILE, whose values it gets, the header not counted; 1")  # fmt: skip
    _what(test)
    _list(test)
    _plan(test)
    test.add_argument("--dry-run", action="store_true", help="tell what it says, send nothing")
    _made(test)
    test.set_defaults(numbers=False)


def _made(made: argparse.ArgumentParser) -> None:
    made.add_argument("--watch", action="store_true", help="stay until it is over")
    made.add_argument("--idempotency-key", metavar="KEY",
                      help="of a try that got no answer: makes no second job")  # fmt: skip
    watching(made)


def _what(made: argparse.ArgumentParser) -> None:
    what = made.add_argument_group("what is sent")
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


def _list(made: argparse.ArgumentParser) -> None:
    of_list = made.add_argument_group("the list")
    of_list.add_argument("--upload", metavar="ID", help="a file that was brought before")
    of_list.add_argument("--column", help="the column that holds the numbers; else guessed")
    of_list.add_argument("--header", action=argparse.BooleanOptionalAction,
                         help="whether the first row names the columns; else guessed")  # fmt: skip
    of_list.add_argument("--region", metavar="DE", help="of numbers without a country")
    of_list.add_argument("--delimiter", choices=("comma", "semicolon", "tab", "pipe"),
                         help="between columns; else guessed")  # fmt: skip
    of_list.add_argument("--encoding", help="of a CSV, as windows-1251")
    of_list.add_argument("--sheet", help="of a workbook")


def _plan(made: argparse.ArgumentParser) -> None:
    plan = made.add_argument_group("when and how fast")
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


def _resend(commands: Commands) -> None:
    resend = command(
        commands, "resend", "send a part of a job that is over again, as a new job",
        """  loopcast resend last --state failed --watch
  loopcast resend JOB --code 131049 --campaign 'second try'""",
    )  # fmt: skip
    resend.add_argument("job", metavar="JOB", help=JOB)
    resend.add_argument("--state", action="append", default=[],
                        choices=("failed", "unknown", "skipped", "canceled"),
                        help="whom: those with this end; may be repeated")  # fmt: skip
    resend.add_argument("--code", type=int, action="append", default=[],
                        help="whom: those whom Meta refused with it; may be repeated")  # fmt: skip
    resend.add_argument("--campaign", metavar="LABEL", help="else the parent's")
    _made(resend)
