"""What the operator sees adds up."""

import structlog

from daemon.observe import Observer
from plumbing.meters import Meters
from schemas import metrics


def test_the_messages_of_unfinished_jobs_are_a_metric_a_state_beside_their_sum() -> None:
    meters = Meters(metrics.DAEMON)
    nothing = dict.fromkeys(("queued", "sending", "failed", "unknown", "skipped", "canceled"), 0)
    running = nothing | {"jobs": 1, "recipients": 3, "sent": 2, "sending": 1}
    settling = nothing | {"jobs": 2, "recipients": 5, "sent": 4, "unknown": 1}
    observer = Observer(meters, structlog.get_logger())
    observer.jobs({"running": running, "settling": settling})
    text = meters.exposition().decode()
    assert "loopcast_job_recipients 8.0" in text
    assert 'loopcast_job_messages{state="sent"} 6.0' in text
    assert 'loopcast_job_messages{state="unknown"} 1.0' in text
    assert 'loopcast_jobs{state="settling"} 2.0' in text
