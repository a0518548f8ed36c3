"""What can be typed of who sends and who may: `numbers` and `keys`."""

import argparse
from typing import Final

from cli.options import Commands, as_json, as_json_too, asking, command, natural

SCOPES: Final = ("read", "send", "control", "admin")
_SECRETS: Final = """Secrets are no arguments, which others on the machine can see: they are asked
for without an echo, or read from standard input, a line each."""


def access(commands: Commands) -> None:
    """`numbers`, `keys`."""
    _numbers(commands)
    _keys(commands)


def _numbers(commands: Commands) -> None:
    numbers = command(
        commands, "numbers", "from which numbers is sent: list, keep, token, drop",
        f"""  loopcast numbers
  loopcast numbers keep 200000000000002 --name Shop --rate 5
  loopcast numbers token 200000000000002 < token.txt
  loopcast numbers drop 200000000000002

{_SECRETS}""",
    )  # fmt: skip
    as_json(numbers)
    does = numbers.add_subparsers(dest="does", metavar="WHAT")
    numbers.set_defaults(does="list")
    as_json_too(command(does, "list", "all of them; so, too, without a word",
                        "  loopcast numbers list --json"))  # fmt: skip
    _keep(does)
    token = command(
        does, "token", "give it another token, also while its jobs run",
        "  loopcast numbers token 200000000000002 < token.txt",
    )  # fmt: skip
    drop = command(does, "drop", "send from it no more", "  loopcast numbers drop 200000000000002")
    for made in (token, drop):
        made.add_argument("number", metavar="ID", help="its phone number id at Meta")
        as_json_too(made)
    token.add_argument("--no-check", action="store_true", help="do not ask Meta if it takes it")
    asking(drop)


def _keep(does: Commands) -> None:
    keep = command(
        does, "keep", "add a number, or change what is given of one",
        f"""  loopcast numbers keep 200000000000002 --name Shop --waba 300000000000003
  loopcast numbers keep 200000000000002 --rate 5
  loopcast numbers keep 200000000000002 --rate -
  loopcast numbers keep 200000000000002 --disabled

What is not given stays as it is; `-` takes it away again. Of a new number the
token is asked for.
{_SECRETS}""",
    )  # fmt: skip
    keep.add_argument("number", metavar="ID", help="its phone number id at Meta")
    keep.add_argument("--name", help="for people")
    keep.add_argument("--provider", choices=("meta", "360dialog"),
                      help="who takes its messages")  # fmt: skip
    keep.add_argument("--waba", metavar="ID", help="its business account")
    keep.add_argument("--rate", metavar="N", type=_or_none, help="messages a second, at most")
    keep.add_argument("--pause-ms", metavar="MS", type=_or_none, help="between two loops")
    keep.add_argument("--limit", metavar="N", type=_or_none, help="people a day; 0: no limit")
    keep.add_argument("--token", action="store_true", help="ask for another token")
    keep.add_argument("--app-secret", action="store_true", help="ask for its app's secret")
    takes = keep.add_mutually_exclusive_group()
    takes.add_argument("--enabled", action="store_true", default=None, help="it takes new jobs")
    takes.add_argument("--disabled", dest="enabled", action="store_false",
                       help="it takes no new ones; those it has go on")  # fmt: skip
    keep.add_argument("--no-check", action="store_true", help="do not ask Meta if it takes it")
    as_json_too(keep)


def _keys(commands: Commands) -> None:
    keys = command(
        commands, "keys", "who may what: list, make, revoke",
        """  loopcast keys
  loopcast keys make shop --scopes send,read --expires 2027-12-31T00:00:00Z
  loopcast keys revoke 0b8f6c1e-6d1c-4c55-9c2b-6a3d1f2f9a11""",
    )  # fmt: skip
    as_json(keys)
    does = keys.add_subparsers(dest="does", metavar="WHAT")
    keys.set_defaults(does="list")
    as_json_too(command(does, "list", "all of them; so, too, without a word",
                        "  loopcast keys list --json"))  # fmt: skip
    make = command(
        does, "make", "make a key; it is told this once, alone on stdout",
        "  loopcast keys make report --scopes read > report.key",
    )  # fmt: skip
    make.add_argument("name", metavar="NAME", help="whose it is: its jobs belong to this name")
    make.add_argument("--scopes", required=True, type=scopes, help=f"any of {','.join(SCOPES)}")
    make.add_argument("--expires", metavar="TIME", help="as 2027-12-31T00:00:00Z; else never")
    make.add_argument("--per-minute", metavar="N", type=natural, help="submissions; 0: no limit")
    revoke = command(
        does, "revoke", "have a key open nothing any more",
        "  loopcast keys revoke 0b8f6c1e-6d1c-4c55-9c2b-6a3d1f2f9a11",
    )  # fmt: skip
    revoke.add_argument("key", metavar="ID", help="as the list has it")
    asking(revoke)
    for made in (make, revoke):
        as_json_too(made)


def scopes(text: str) -> list[str]:
    """`send,read` as a list."""
    named = [part.strip() for part in text.lower().split(",")]
    if not set(named) <= set(SCOPES):
        raise argparse.ArgumentTypeError(f"scopes are {', '.join(SCOPES)}, with commas: {text}")
    return named


def _or_none(text: str) -> int | str:
    """A whole number, or `-` as it is."""
    return text if text == "-" else natural(text)
