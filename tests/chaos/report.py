"""The table of faults in docs/crash-safety.md: each fault adds a row, the end of a run writes it.

The rows gather in the file that CHAOS_ROWS names; without it nothing is written.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

DOCUMENT = Path(__file__).parents[2] / "docs" / "crash-safety.md"
BEGIN, END = "<!-- the table of faults: written by make chaos -->", "<!-- end of the table -->"
COLUMNS = (
    "fault", "messages", "sent", "unknown", "twice", "lost", "sum kept", "busiest second",
    "back after",
)  # fmt: skip


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
    busiest_second: int
    per_second: int  # the limit that it is to keep
    recovery_seconds: list[float]  # until the next message was accepted, each time


def write(row: Row) -> None:
    """Add a row to the file that CHAOS_ROWS names."""
    if path := os.environ.get("CHAOS_ROWS"):
        with Path(path).open("ab") as file:
            file.write(msgspec.json.encode(row) + b"\n")


def table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    lines = [COLUMNS, ["---", *["---:"] * 5, "---", "---:", "---"]]
    cells = [*lines, *(_cells(row) for row in sorted(rows, key=lambda row: row.order))]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def _cells(row: Row) -> list[str]:
    return [
        row.fault,
        f"{row.recipients:,}",
        f"{row.sent:,}",
        f"{row.unknown}",
        f"{row.duplicates}",
        f"{row.lost}",
        "yes" if row.sum_kept else "NO",
        f"{row.busiest_second} of {row.per_second}",
        _times(row.recovery_seconds),
    ]


def _times(seconds: list[float]) -> str:
    """One time, or the median and the worst of many."""
    if not seconds:
        return ""
    ordered = sorted(seconds)
    if len(ordered) == 1:
        return f"{ordered[0]:.1f} s"
    return f"{ordered[len(ordered) // 2]:.1f} s, at most {ordered[-1]:.1f} s"


def publish(path: Path, *, seed: int) -> None:
    """Put the rows of a run into the document, below a line that says what ran."""
    rows = [msgspec.json.decode(line, type=Row) for line in path.read_bytes().splitlines()]
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    ran = f"`make chaos CHAOS_SEED={seed}` on {os.cpu_count()} cores, {datetime.now(UTC):%d %B %Y}:"
    DOCUMENT.write_text(f"{before}{BEGIN}\n{ran}\n\n{table(rows)}\n{END}{after}")
