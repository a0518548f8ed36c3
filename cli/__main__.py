"""`python -m cli`: reads the command, runs it against the gateway, ends with its exit code."""

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import msgspec

from cli import (
    arguments,
    change,
    completion,
    export,
    jobs,
    keys,
    numbers,
    programs,
    recipient,
    send,
    suppress,
    watch,
)
from cli.client import Api, connected
from cli.exits import Exit
from cli.place import Wrong, place_of
from cli.screen import Screen, drop_output, standard

Command = Callable[[Api, Screen, argparse.Namespace], Awaitable[Exit]]
COMMANDS: Final[dict[str, Command]] = {
    "send": send.run,
    "test-send": send.tried,
    "watch": watch.run,
    "jobs": jobs.listed,
    "job": jobs.one,
    "pause": jobs.wanted,
    "resume": jobs.wanted,
    "cancel": jobs.wanted,
    "change": change.run,
    "resend": send.again,
    "export": export.run,
    "recipient": recipient.run,
    "suppress": suppress.run,
    "numbers": numbers.run,
    "keys": keys.run,
}


def main(words: Sequence[str]) -> int:
    """Run one command; returns the exit code."""
    screen = standard()
    try:
        try:
            return _done(screen, words)
        finally:
            screen.out.flush()
    except KeyboardInterrupt:  # what that means, the command has said
        return Exit.INTERRUPTED
    except BrokenPipeError:  # whoever reads has read enough, as `head` has
        drop_output()
        return Exit.DONE
    except UnicodeDecodeError:  # of a secret
        return screen.wrong("standard input is no UTF-8 text")
    except OSError as error:  # of stdout: all others are met where they arise
        drop_output()
        return screen.wrong(f"the result cannot be written: {error.strerror}")


def _done(screen: Screen, words: Sequence[str]) -> int:
    if any("\ud800" <= letter <= "\udfff" for word in words for letter in word):
        return screen.wrong("an argument is no UTF-8 text", Exit.USAGE)
    if programs.is_program(words):
        return programs.become(screen, words, os.environ)
    options = arguments.parser().parse_args(words)
    if options.command == "completion":
        screen.put(completion.script(arguments.parser(), options.shell).rstrip("\n"))
        return Exit.DONE
    return asyncio.run(run(options, os.environ, screen))


async def run(options: argparse.Namespace, environ: Mapping[str, str], screen: Screen) -> Exit:
    """One command against the gateway that the environment names."""
    place = place_of(environ)
    if isinstance(place, Wrong):
        return screen.wrong(place.sentence, Exit.SETTINGS)
    async with connected(place) as api:
        try:
            return await COMMANDS[options.command](api, screen, options)
        except msgspec.DecodeError as error:
            return screen.wrong(f"the answer is none of Loopcast's: {error}. Is LOOPCAST_URL"
                                f" right? It is {place.url}")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
