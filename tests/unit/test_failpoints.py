"""Fail points do nothing where none is set, and end the process where one is."""

import signal
import subprocess
import sys

from plumbing.failpoints import reach
from schemas.failpoints import FailPoint

PASSING = """
import structlog
from plumbing.failpoints import arm, reach
from schemas.failpoints import FailPoint
arm({FailPoint.CLAIMED: 3}, structlog.get_logger())
for passage in range(1, 5):
    reach(FailPoint.RECORDED)
    print(passage, flush=True)
    reach(FailPoint.CLAIMED)
"""


def test_where_none_is_set_every_point_is_passed() -> None:
    for point in FailPoint:
        reach(point)


def test_the_process_dies_at_the_passage_that_was_named() -> None:
    done = subprocess.run([sys.executable, "-c", PASSING], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split()[-1] == b"3"
