"""What the operator sees adds up."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import structlog

from daemon.doubts import JobNews, Moved
from daemon.entries import Entry
from daemon.observe import Observer
from plumbing.meters import Meters
from schemas import metrics
from schemas.outcomes import ApiError, Refused
from schemas.receipts import Receipt, Standing, Status
from schemas.states import MessageState


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


def moved(status: Status, seconds_ago: float) -> Moved:
    at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    receipt = Receipt("wamid.1", status, at, "4915100000001", tag=None)
    standing = Standing("wamid.1", 1).with_receipt(receipt)
    return Moved(1, "4915100000001", "sent", MessageState(status), status, standing)


def test_the_lag_of_receipts_is_from_metas_time_and_never_below_zero() -> None:
    meters = Meters(metrics.DAEMON)
    receipts = [moved(Status.DELIVERED, 20), moved(Status.READ, -1)]
    news = JobNews(
        uuid4(),
        receipts,
        2,
        sent=2,
        failed=0,
        skipped=0,
        unknown=0,
        delivered=2,
        read=1,
        phone_number_id="1",
        trace=None,
    )
    Observer(meters, structlog.get_logger()).settled(news)
    text = meters.exposition().decode()
    lag = "loopcast_receipt_lag_seconds"
    assert f'{lag}_bucket{{le="10.0",status="delivered"}} 0.0' in text
    assert f'{lag}_count{{status="delivered"}} 1.0' in text
    assert f'{lag}_sum{{status="read"}} 0.0' in text


def test_attempts_ends_and_retries_are_counted_apart() -> None:
    meters = Meters(metrics.DAEMON)
    observer, refused = Observer(meters, structlog.get_logger()), Refused(ApiError(2, "busy"), 503)
    with observer.request() as count:
        count(refused)
    observer.again(refused)
    observer.recorded([Entry(1, "4915100000001", 1, "queued", 1)])
    text = meters.exposition().decode()
    assert 'loopcast_messages_total{outcome="refused",reason="retry"} 1.0' in text
    assert 'loopcast_errors_total{code="2"} 1.0' in text
    assert 'loopcast_retries_total{outcome="refused"} 1.0' in text
    assert 'loopcast_recorded_total{state="queued"} 1.0' in text
