"""`make fuzz`: schemathesis against a real stack, by the description that the gateway gives.

It fails on a 5xx and on an answer outside of the description; then the ledger is looked at, and a
campaign is sent.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from deploy.programs import CHECKOUT
from tests.fuzz.afterwards import still_sends
from tests.fuzz.judge import judged
from tests.fuzz.report import Told, read
from tests.fuzz.stack import KEY, Stack, fuzzed

HERE: Final = Path(__file__).parent
SCHEMATHESIS: Final = CHECKOUT / ".venv" / "fuzz" / "bin" / "schemathesis"
LONGEST_SECONDS: Final = 900  # the run bounds itself; this is for one that hangs


def main() -> int:
    """Fuzz, then judge; 0 when both find nothing."""
    with tempfile.TemporaryDirectory(prefix="loopcast-fuzz-") as folder:
        at = Path(folder)
        at.chmod(0o755)  # PostgreSQL may run as nobody
        with fuzzed(at) as stack:
            failed = _fuzz(stack, at / "report.ndjson", sys.argv[1:])
            told = read(at / "report.ndjson")
            faults = asyncio.run(judged(stack.database_url, told.jobs))
            faults += asyncio.run(still_sends(stack.gateway_url))
        if failed or faults:
            print(_errors(at / "gateway.log"), file=sys.stderr)
    print(_sentence(told, faults))
    return 1 if failed or faults or not told.jobs else 0


def _fuzz(stack: Stack, report: Path, more: list[str]) -> bool:
    """Run schemathesis; whether it found something."""
    command = (
        str(SCHEMATHESIS), "--config-file", str(HERE / "schemathesis.toml"), "run",
        f"{stack.gateway_url}/api/openapi.json", "--report-ndjson-path", str(report), *more,
    )  # fmt: skip
    env = {**os.environ, "FUZZ_KEY": KEY}
    done = subprocess.run(command, env=env, check=False, timeout=LONGEST_SECONDS)
    return done.returncode != 0


def _errors(log: Path) -> str:
    """The last lines of the gateway's log that say what went wrong in it."""
    lines = [line for line in log.read_text().splitlines() if '"level":"error"' in line]
    return "\n".join(lines[-20:])


def _sentence(told: Told, faults: list[str]) -> str:
    counted = ", ".join(f"{count} of {status}" for status, count in sorted(told.statuses.items()))
    ledger = "\n".join(faults) or "the ledger has each of them whole, and no other; sends on"
    return f"\nAnswers: {counted}.\nJobs made: {len(told.jobs)}; {ledger}."


if __name__ == "__main__":
    sys.exit(main())
