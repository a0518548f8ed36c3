"""`loopcast recipient`: one person's whole story."""

import argparse
from collections.abc import Iterator
from urllib.parse import quote

from cli.client import Api
from cli.exits import Exit
from cli.people_tables import story_lines
from cli.results import shown
from cli.screen import Screen
from schemas.truth_api import History


async def run(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    """Tell it, a page at a time."""

    def lines(story: History) -> Iterator[str]:
        yield from story_lines(story)
        if story.pagination.has_more:
            screen.say(f"There are more; the next: --after {story.pagination.after}")

    given = {"limit": options.limit, "after": options.after}
    query = {name: str(value) for name, value in given.items() if value is not None}
    path = f"/api/recipients/{quote(options.number, safe='')}"
    answer = await api.ask("GET", path, query=query)
    return shown(screen, answer, History, lines, as_json=options.json)
