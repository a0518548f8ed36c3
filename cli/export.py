"""`loopcast export`: what became of each recipient of a job, as CSV, NDJSON or XLSX."""

import argparse
from pathlib import PurePath

from cli.client import Api, of_job
from cli.exits import Exit
from cli.files import fetch
from cli.options import FORMATS
from cli.screen import Screen
from cli.watch import newest


async def run(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    """Bring the file."""
    format_ = format_of(options)
    if format_ == "xlsx" and not options.output and screen.out.isatty():
        return screen.wrong("a workbook is nothing for a terminal: -o FILE", Exit.USAGE)
    job_id = await newest(api, options.job)
    if not isinstance(job_id, str):
        return screen.no(job_id)
    given = {"state": options.state, "code": options.code}
    query = {name: value for name, value in given.items() if value}
    path = of_job(job_id, f"/messages.{format_}")
    return await fetch(api, screen, path, query, options.output)


def format_of(options: argparse.Namespace) -> str:
    """As it was asked for, else as the file is called, else CSV."""
    ending = PurePath(options.output or "").suffix.lstrip(".").lower()
    return str(options.format or (ending if ending in FORMATS else "csv"))
