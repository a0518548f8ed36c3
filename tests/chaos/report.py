"""The table of faults in docs/crash-safety.md: each fault writes its row, the last one all of them.

`make chaos` names the file of rows in CHAOS_ROWS; without it nothing is written.
"""

import os
import sys
from pathlib import Path

import msgspec

DOCUMENT = Path(__file__).parents[2] / "docs" / "crash-safety.md"
BEGIN, END = "<!-- the table of faults: written by make chaos -->", "<!-- end of the table -->"
HEAD = (
    "| fault | messages | sent | unknown | twice | lost | sum kept | back after |\n"
    "|---|---:|---:|---:|---:|---:|---|---|"
)


class Row(msgspec.Struct, frozen=True):
    """What became of a campaign under one fault."""

    order: str  # sorts the table: the number of the fault, then its name
    fault: str
    recipients: int
    sent: int
    unknown: int
    duplicates: int
    lost: int
    sum_kept: bool
    recovery_seconds: list[float]  # until the next message was accepted, each time


def write(row: Row) -> None:
    """Add a row to the file that CHAOS_ROWS names."""
    if path := os.environ.get("CHAOS_ROWS"):
        with Path(path).open("ab") as file:
            file.write(msgspec.json.encode(row) + b"\n")


def table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    lines = [_line(row) for row in sorted(rows, key=lambda row: row.order)]
    return "\n".join([HEAD, *lines])


def _line(row: Row) -> str:
    kept = "yes" if row.sum_kept else "NO"
    return (
        f"| {row.fault} | {row.recipients:,} | {row.sent:,} | {row.unknown} | {row.duplicates} |"
        f" {row.lost} | {kept} | {_times(row.recovery_seconds)} |"
    )


def _times(seconds: list[float]) -> str:
    """One time, or the median and the worst of many."""
    if not seconds:
        return ""
    ordered = sorted(seconds)
    if len(ordered) == 1:
        return f"{ordered[0]:.1f} s"
    return f"{ordered[len(ordered) // 2]:.1f} s, at most {ordered[-1]:.1f} s"


def main(path: str, heading: str) -> None:
    """Put the rows of a run into the document, below a line that says what ran."""
    lines = Path(path).read_bytes().splitlines()
    rows = [msgspec.json.decode(line, type=Row) for line in lines]
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{heading}\n\n{table(rows)}\n{END}{after}")


if __name__ == "__main__":
    main(*sys.argv[1:])
