"""`python -m cli`: reads the command, runs it against the gateway, ends with its exit code."""

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import msgspec

from cli import arguments, completion, export, jobs, programs, send, suppress, watch
from cli.client import Api, connected
from cli.exits import Exit
from cli.place import Wrong, place_of
from cli.screen import Screen, drop_output, standard

Command = Callable[[Api, Screen, argparse.Namespace], Awaitable[Exit]]
COMMANDS: Final[dict[str, Command]] = {
    "send": send.run,
    "watch": watch.run,
    "jobs": jobs.listed,
    "job": jobs.shown,
    "pause": jobs.wanted,
    "resume": jobs.wanted,
    "cancel": jobs.wanted,
    "resend": send.again,
    "export": export.run,
    "suppress": suppress.run,
}


def main(words: Sequence[str]) -> int:
    """Run one command; returns the exit code."""
    screen = standard()
    if programs.is_program(words):
        return programs.become(screen, words, os.environ)
    options = arguments.parser().parse_args(words)
    if options.command == "completion":
        screen.put(completion.script(arguments.parser(), options.shell))
        return Exit.DONE
    try:
        return asyncio.run(run(options, os.environ, screen))
    except KeyboardInterrupt:
        screen.say("\nStopped. What was submitted goes on.")
        return Exit.INTERRUPTED
    except BrokenPipeError:  # whoever reads has read enough, as `head` has
        drop_output()
        return Exit.DONE


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
