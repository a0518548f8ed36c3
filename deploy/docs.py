"""`python -m deploy.docs` (`make docs`): writes the tables of the documents that the code decides.

tests/unit/test_docs.py holds the documents to them.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from deploy.log_events import log_tables
from deploy.settings_page import fleet_table, settings_page, settings_table
from schemas import metrics
from schemas.fleet_metrics import FLEET
from schemas.meta_errors import RULES, Action
from schemas.process_metrics import COLLECTED, PROCESS

ROOT: Final = Path(__file__).parent.parent


def metrics_table() -> str:
    """The tables of docs/metrics.md, as the catalogue of metrics has them."""
    catalogues = (
        ("gateway", metrics.GATEWAY[: -len(PROCESS)]),
        ("daemon", metrics.DAEMON[: -len(PROCESS) - len(FLEET)]),
        ("the whole fleet, in every daemon", FLEET),
        ("both", PROCESS),
    )
    parts = []
    for process, catalogue in catalogues:
        rows = [f"## {process}", "", "| metric | kind | labels | means |", "|---|---|---|---|"]
        for metric in catalogue:
            labels = ", ".join(f"`{label}`" for label in metric.labels)
            rows.append(f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |")
        parts.append("\n".join(rows))
    collected = [f"| `{name}` | {text} |" for name, text in COLLECTED.items()]
    parts.append("\n".join(["| of prometheus_client | means |", "|---|---|", *collected]))
    return "\n\n".join(parts)


def meta_errors_table() -> str:
    """The tables of docs/meta-errors.md, as the catalogue of codes has them."""
    parts = []
    for action in Action:
        rows = [f"### {action.capitalize()}", "", "| code | means | what to do |", "|---|---|---|"]
        for rule in RULES.values():
            if rule.action is action:
                code = "200 to 299" if rule.code == 200 else str(rule.code)
                rows.append(f"| {code} | {rule.meaning} | {rule.advice} |")
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


# Of each document: what is written into it, and what it takes the place of.
TABLES: Final[tuple[tuple[str, Callable[[], str], str], ...]] = (
    ("README.md", settings_table, r"\| variable \| default \|.*?(?=\n\n)"),
    ("docs/settings.md", settings_page, r"## What it stands on\n.*\Z"),
    ("deploy/coolify.md", fleet_table, r"\| variable \| default \|.*?(?=\n\n)"),
    ("docs/logs.md", log_tables, r"## Fields\n.*\Z"),
    ("docs/metrics.md", metrics_table, r"## gateway\n.*\Z"),
    ("docs/meta-errors.md", meta_errors_table, r"(?<=## The codes\n\n).*\Z"),
)


def main() -> None:
    """Write each table in its place."""
    for name, table, place in TABLES:
        path = ROOT / name
        was = path.read_text(encoding="utf-8")
        found = re.search(place, was, re.DOTALL)
        assert found, f"{name} has no place for its table: {place}"
        becomes = (was[: found.start()] + table() + was[found.end() :]).rstrip("\n") + "\n"
        if becomes != was:
            path.write_text(becomes, encoding="utf-8")
            print(f"{name} is written anew")


if __name__ == "__main__":
    main()
