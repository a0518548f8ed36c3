"""What the operator sees of the daemon: its metrics, its health, and figures in its logs."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

from aiohttp import web

from daemon.doubts import JobNews
from daemon.entries import Entry
from daemon.labels import code_label, labels_of
from daemon.rows import JobEnd, JobMoved, LoopEnd, Slowed, Work
from daemon.verdicts import Again, InDoubt, Stop
from plumbing.logs import Log
from plumbing.meters import Meters
from plumbing.vitals import Vitals, health
from schemas import fleet_metrics, metrics
from schemas.messages import Message, masked
from schemas.meta_errors import DEFERRING
from schemas.outcomes import Outcome, Refused, Throttled
from schemas.receipts import Status
from schemas.states import MessageState
from schemas.vitals import Part


class Observer:
    """Counts what happens, and knows who gets on; every method is cheap and never fails."""

    def __init__(
        self, meters: Meters, log: Log, vitals: Vitals | None = None, *, answer_seconds: float = 0.0
    ) -> None:
        self.meters, self.log = meters, log
        self.vitals = vitals or Vitals()
        self.answer_seconds = answer_seconds  # that Meta may take

    @contextmanager
    def request(self) -> Iterator[Callable[[Outcome], None]]:
        """Around one send: in flight, how long, and what it came to."""
        started_at = time.perf_counter()
        self.meters[metrics.IN_FLIGHT].inc()
        try:
            with self.vitals.watching(Part.REQUEST, answer_seconds=self.answer_seconds):
                yield self._count
        finally:
            self.meters[metrics.IN_FLIGHT].dec()
            self.meters[metrics.SEND_SECONDS].observe(time.perf_counter() - started_at)

    def _count(self, outcome: Outcome) -> None:
        self.meters[metrics.MESSAGES].labels(*labels_of(outcome)).inc()
        if isinstance(outcome, Refused | Throttled):
            self.meters[metrics.ERRORS].labels(code_label(outcome.error.code)).inc()

    def again(self, outcome: Outcome) -> None:
        """The message of this attempt is sent again."""
        self.meters[metrics.RETRIES].labels(labels_of(outcome)[0]).inc()

    def waited_for_pace(self, seconds: float) -> None:
        self.meters[metrics.PACE_WAIT_SECONDS].inc(seconds)

    def lane_held(self, work: Work, why: str, verdict: Again) -> None:
        """Once a hold, not once a message."""
        self.log.warning(
            "the number waits", job_id=str(work.job_id), loop=work.loop, limited_by=why,
            reason=verdict.reason, seconds=round(verdict.after_seconds, 1),
        )  # fmt: skip

    def slowed(self, phone_number_id: str, slowed: Slowed) -> None:
        self.meters[metrics.SLOWED].inc()
        self.log.warning(
            "the number goes slower", phone_number_id=phone_number_id,
            per_second=round(slowed.to_per_second, 2), was=round(slowed.from_per_second, 2),
        )  # fmt: skip

    def stopped(self, stop: Stop, jobs: int) -> None:
        """Meta said no to more than one message; each job has a line of its own."""
        self.meters[metrics.STOPS].labels(stop.scope).inc()
        self.log.error("Meta stopped jobs", scope=stop.scope, jobs=jobs, reason=stop.reason)

    def limit_reached(self, phone_number_id: str, seconds: float) -> None:
        """As many people as Meta allows in a day were written to."""
        self.log.warning(
            "the messaging limit is reached; jobs wait", phone_number_id=phone_number_id,
            room_in_minutes=round(seconds / 60),
        )  # fmt: skip

    def recorded(self, entries: Iterable[Entry]) -> None:
        """What a write came to; why some are not sent, for now or at all."""
        for entry in entries:
            self.meters[metrics.RECORDED].labels(entry.state).inc()
            if entry.state == MessageState.SKIPPED:
                why = "opted_out" if entry.code is None else "deferred"
                self.meters[metrics.SKIPPED].labels(why).inc()

    def opted_out(self, people: int) -> None:
        """Recipients asked for no more."""
        self.meters[metrics.OPT_OUTS].inc(people)
        if people:
            self.log.info("opted out", people=people)

    def in_doubt(self, work: Work, message: Message, verdict: InDoubt) -> None:
        """A request left and nobody knows what became of it."""
        self.log.warning(
            "a message is unknown", job_id=str(work.job_id), seq=message.seq,
            to=masked(message.recipient), reason=verdict.reason, details=verdict.details,
        )  # fmt: skip

    def loop_ended(self, end: str) -> None:
        self.meters[metrics.LOOPS].labels(end).inc()

    def loop_completed(self, work: Work, end: LoopEnd, per_second: float) -> None:
        """Counts the loop and logs its figures."""
        self.loop_ended("completed")
        self.meters[metrics.LOOP_SECONDS_METRIC].observe(end.seconds)
        self.meters[metrics.LOOP_PER_SECOND].observe(per_second)
        self.log.info(
            "loop completed", job_id=str(work.job_id), loop=work.loop, loops=work.total_loops,
            sent=end.sent, failed=end.failed, unknown=end.unknown, skipped=end.skipped,
            seconds=round(end.seconds, 3), per_second=per_second,
            errors={error.code: error.count for error in end.errors},
        )  # fmt: skip

    def job_finished(self, end: JobEnd) -> None:
        self.log.info(
            "job finished", **_of_job(end), state=end.state, sent=end.sent, failed=end.failed,
            unknown=end.unknown, skipped=end.skipped, reason=end.reason,
        )  # fmt: skip

    def turn_renewed(self, phone_number_id: str) -> None:
        self.meters[metrics.TURNS_RENEWED].inc()
        self.log.warning("a turn got lost; it is made anew", phone_number_id=phone_number_id)

    def job_moved(self, moved: JobMoved) -> None:
        self.log.info("job moved", **_of_job(moved), state=moved.state, reason=moved.reason)

    def stalled(self, moved: JobMoved) -> None:
        """The job got nowhere for too many turns in a row."""
        self.meters[metrics.STOPS].labels("stalled").inc()
        self.job_moved(moved)

    def settled(self, news: JobNews) -> None:
        """Receipts moved messages of a job on; doubts that ended are worth a line."""
        self._time_receipts(news)
        failures = [m.standing.error for m in news.moved if m.status == Status.FAILED]
        deferred = sum(error is not None and error.code == DEFERRING for error in failures)
        self.meters[metrics.SKIPPED].labels("deferred").inc(deferred)
        ended = [moved for moved in news.moved if moved.was == "unknown"]
        for moved in ended:
            self.meters[metrics.DOUBTS_ENDED].labels(moved.status).inc()
        if ended:
            self.log.info(
                "receipts ended doubts", **_of_job(news), messages=len(ended),
                still_unknown=news.unknown,
            )  # fmt: skip

    def _time_receipts(self, news: JobNews) -> None:
        """How old the news were that moved a message; Meta's clock and ours may differ a little."""
        now = datetime.now(UTC)
        for moved in news.moved:
            if at := getattr(moved.standing, f"{moved.status}_at"):
                lag_seconds = max(0.0, (now - at).total_seconds())
                self.meters[metrics.RECEIPT_LAG_SECONDS].labels(moved.status).observe(lag_seconds)

    def jobs(self, by_state: Mapping[str, Mapping[str, int]]) -> None:
        """Unfinished jobs by state, each with where its messages are, summed up."""
        for (state,) in fleet_metrics.JOBS.values:
            jobs = by_state.get(state, {}).get("jobs", 0)
            self.meters[fleet_metrics.JOBS].labels(state).set(jobs)
        for (state,) in fleet_metrics.JOB_MESSAGES.values:
            messages = sum(figures[state] for figures in by_state.values())
            self.meters[fleet_metrics.JOB_MESSAGES].labels(state).set(messages)
        recipients = sum(figures["recipients"] for figures in by_state.values())
        self.meters[fleet_metrics.JOB_RECIPIENTS].set(recipients)

    def recounted(self, job_id: UUID, difference: int, of_all: int) -> None:
        """A job's counters were held against its rows; `of_all`: what the known ones differ by."""
        self.meters[metrics.RECOUNTS].inc()
        self.meters[metrics.CONSERVATION_DIFFERENCE].set(of_all)
        if difference:
            self.log.error(
                "a job's counters differ from its rows; `make doctor` names what differs",
                job_id=str(job_id), messages=difference,
            )  # fmt: skip


def _of_job(news: JobEnd | JobMoved | JobNews) -> dict[str, str | None]:
    """Which job a line is about, whatever job's turn it is said in."""
    return {
        "job_id": str(news.job_id), "phone_number_id": news.phone_number_id, "trace": news.trace,
        "loop": None,
    }  # fmt: skip


Check = Callable[[], str | None]


def health_app(meters: Meters, checks: dict[str, Check], vitals: Vitals) -> web.Application:
    """/healthz (says what hangs), /readyz (says what is missing), /metrics."""

    async def healthz(_: web.Request) -> web.Response:
        status, body = health(vitals.hung())
        return web.json_response(body, status=status)

    async def readyz(_: web.Request) -> web.Response:
        missing = {name: why for name, check in checks.items() if (why := check())}
        body = {"status": "unavailable" if missing else "ok", "missing": missing}
        return web.json_response(body, status=503 if missing else 200)

    async def exposition(_: web.Request) -> web.Response:
        return web.Response(body=meters.exposition(), content_type="text/plain", charset="utf-8")

    app = web.Application()
    app.add_routes(
        [
            web.get("/healthz", healthz),
            web.get("/readyz", readyz),
            web.get("/metrics", exposition),
        ]
    )
    return app
