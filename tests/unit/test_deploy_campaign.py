"""The demo's account of a campaign: progress, time left, and every way that it may not add up."""

from uuid import UUID

import msgspec
import pytest
from rich.console import Console

from deploy.campaign import Campaign, Ledger, Pace, ideal_seconds, what_is_wrong
from deploy.demo import demo_environ
from deploy.demo_view import PlainView, loop_line, picture, proof, status_line, summary
from deploy.lines import last_said, readable
from deploy.watch import submission
from schemas.events import ErrorFields, JobCompleted, LoopCompleted, MessageFailed, MessageSent

JOB = UUID(int=1)
PACE = Pace(loop_size=2, pause_ms=2000, messages_per_second=10)


def sent(loop: int, total: int, failed: int = 0) -> MessageSent:
    return MessageSent(
        job_id=JOB, loop_index=loop, batch_index=loop - 1, seq=total, to="49151", message_id="m",
        sent=total, failed=failed,
    )  # fmt: skip


def loop_completed(
    loop: int, size: int, *, failed: int = 0, unknown: int = 0, pause_ms: int = 0
) -> LoopCompleted:
    return LoopCompleted(
        job_id=JOB, loop_index=loop, batch_index=loop - 1, total_loops=2, loop_size=size,
        sent=size - failed - unknown, failed=failed, unknown=unknown, skipped=0,
        duration_ms=200, rate_per_second=9.9, pause_ms=pause_ms, errors=[],
    )  # fmt: skip


def job_completed(*, sent: int = 3, failed: int = 0, unknown: int = 0) -> JobCompleted:
    return JobCompleted(job_id=JOB, state="completed", sent=sent, failed=failed, unknown=unknown)


def half_way() -> Campaign:
    """Three recipients in two loops; the first loop is over since second 100."""
    campaign = Campaign(3, PACE, began=99.0)
    campaign.apply(sent(1, 1), 99.9)
    campaign.apply(sent(1, 2), 100.0)
    campaign.apply(loop_completed(1, 2, pause_ms=2000), 100.0)
    return campaign


def finished() -> Campaign:
    campaign = half_way()
    campaign.apply(sent(2, 3), 102.1)
    campaign.apply(loop_completed(2, 1), 102.1)
    campaign.apply(job_completed(), 102.2)
    return campaign


def ledger(accepted: int = 3, recipients: int = 3, repeated: int = 0) -> Ledger:
    return Ledger(accepted, recipients, [msgspec.Raw(b"{}")] * repeated)


def test_the_demo_takes_54_seconds_at_best() -> None:
    pace = Pace(loop_size=200, pause_ms=2000, messages_per_second=10)
    assert ideal_seconds(500, pace) == 54
    assert ideal_seconds(200, pace) == 20


def test_in_a_pause_the_next_loop_is_counted_down_to() -> None:
    campaign = half_way()
    assert campaign.pause_left(100.5) == 1.5
    assert campaign.seconds_left(100.5) == pytest.approx(1.6)
    assert status_line(campaign, 100.5) == (
        "sent 2, failed 0, 2.0/s, 0:02 left, pause: next loop in 1.5 s"
    )


def test_a_failure_counts_in_its_loop() -> None:
    campaign = Campaign(3, PACE, began=0)
    error = ErrorFields(131026, "Message undeliverable")
    campaign.apply(
        MessageFailed(job_id=JOB, loop_index=2, batch_index=1, seq=3, to="49151", error=error,
                      sent=2, failed=1), 1.0)  # fmt: skip
    assert (campaign.sent, campaign.failed, campaign.loops[1].failed) == (2, 1, 1)


def test_the_rate_is_that_of_the_last_five_seconds() -> None:
    campaign = Campaign(1000, Pace(1000, 2000, 10), began=0)
    for tenth in range(100):
        campaign.apply(sent(1, tenth + 1), tenth / 10)
    assert campaign.rate(9.95) == pytest.approx(10, abs=0.3)
    assert campaign.rate(20) == 0


def test_a_campaign_that_went_well_adds_up() -> None:
    assert what_is_wrong(finished(), ledger()) == []


@pytest.mark.parametrize(
    ("told", "account", "sentence"),
    [
        (job_completed(sent=2), ledger(2, 2), "2 of 3 recipients are accounted for"),
        (job_completed(sent=2, unknown=1), ledger(2, 2), "1 messages are in doubt"),
        (job_completed(), ledger(4, 3, 1), "1 recipients got more than one"),
        (job_completed(), ledger(2, 2), "the sandbox accepted 2, the job says 3"),
        (job_completed(), ledger(3, 2), "3 sends went to 2 recipients"),
    ],
)
def test_what_does_not_add_up_is_said(told: JobCompleted, account: Ledger, sentence: str) -> None:
    campaign = finished()
    for loop, size in ((1, 2), (2, 1)):
        campaign.apply(loop_completed(loop, size, pause_ms=2000 if loop == 1 else 0), 102)
    campaign.apply(told, 103)
    assert sentence in what_is_wrong(campaign, account)


def test_a_pause_after_the_last_loop_is_wrong() -> None:
    campaign = finished()
    campaign.apply(loop_completed(2, 1, pause_ms=2000), 103)
    assert what_is_wrong(campaign, ledger()) == ["the pause after loop 2 was 2000 ms"]


def test_a_campaign_without_an_end_is_wrong() -> None:
    assert what_is_wrong(half_way(), ledger()) == ["the campaign did not complete"]


def test_the_end_is_told_with_times_and_proof() -> None:
    assert proof(finished(), ledger()) == (
        "3.2 s from the submission to the end; at best it takes 2.3 s.\n"
        "The sandbox's ledger: 3 accepted sends, 3 different recipients, nobody twice."
    )
    with (console := Console(width=100)).capture() as shown:
        console.print(summary(finished()))
    rows = [line.split("│")[1:-1] for line in shown.get().splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["1", "2", "2", "0", "0.2", "9.9", "2 s"],
        ["2", "1", "1", "0", "0.2", "9.9", "none"],
    ]


def test_what_is_in_doubt_shows_in_every_view_and_only_then() -> None:
    campaign = half_way()
    views = (status_line, lambda told, _: loop_line(told.loops[0], 2), rows_of_summary, drawn)
    assert not any("unknown" in view(campaign, 100.5) for view in views)
    campaign.apply(loop_completed(1, 2, unknown=1, pause_ms=2000), 100.0)
    assert status_line(campaign, 100.5).startswith("sent 2, failed 0, unknown 1, ")
    assert loop_line(campaign.loops[0], 2).startswith(
        "loop 1/2 completed: 1 sent, 0 failed, 1 unknown in 0.2 s"
    )
    assert all("unknown" in view(campaign, 100.5) for view in views)
    assert "2 of 2" in drawn(campaign, 100.5)


def rows_of_summary(campaign: Campaign, _now: float) -> str:
    with (console := Console(width=100)).capture() as shown:
        console.print(summary(campaign))
    return shown.get()


def drawn(campaign: Campaign, now: float) -> str:
    with (console := Console(width=100, no_color=True)).capture() as shown:
        console.print(picture(campaign, now))
    return shown.get()


def test_full_and_empty_bars_differ_without_colour() -> None:
    first, second, _ = drawn(half_way(), 100.5).splitlines()
    assert "█" * 40 in first
    assert "░" * 40 in second


def test_a_terminal_shows_a_bar_a_loop() -> None:
    with (console := Console(width=100)).capture() as shown:
        console.print(picture(half_way(), 100.5))
    first, second, status = shown.get().splitlines()
    assert first.startswith("loop 1/2")
    assert "2 of 2" in first
    assert "0 of 1" in second
    assert status.startswith("sent 2, failed 0")


def test_elsewhere_a_completed_loop_is_told_once() -> None:
    console = Console(width=100)
    with console.capture() as shown:
        view = PlainView(console)
        for now in (100.5, 100.6, 102.6):
            view.show(half_way(), now)
    assert loop_line(half_way().loops[0], 2) in shown.get()
    assert shown.get().count("loop 1/2") == 1
    assert shown.get().count("sent 2, failed 0") == 2


def test_the_demo_goes_to_500_different_people() -> None:
    rows = submission(500, "1")["data"]
    assert len({row["phone"] for row in rows}) == 500
    assert rows[6] == {"phone": "+4915120000007", "name": "Customer 7", "order": "A-7"}


def test_the_demo_takes_what_tunes_it_and_nothing_that_leads_outside() -> None:
    given = {
        "BULK_LOOP_SIZE": "50", "BULK_PAUSE_MS": "1", "SANDBOX_LATENCY_MS": "0", "PATH": "/bin",
        "DATABASE_URL": "postgresql://live/db", "NATS_URL": "nats://live", "HOST": "0.0.0.0",
        "META_ACCESS_TOKEN": "EAAG", "GRAPH_API_BASE_URL": "https://graph.facebook.com",
        "API_KEYS": "shop:0123456789", "META_PHONE_NUMBER_ID": "4711", "PORT": "8080",
    }  # fmt: skip
    environ = demo_environ(given)
    outside = {"DATABASE_URL", "NATS_URL", "HOST", "META_ACCESS_TOKEN", "GRAPH_API_BASE_URL"}
    assert not environ.keys() & (outside | {"API_KEYS", "META_PHONE_NUMBER_ID"})
    assert {name: environ[name] for name in ("BULK_LOOP_SIZE", "BULK_PAUSE_MS", "PATH")} == {
        "BULK_LOOP_SIZE": "50", "BULK_PAUSE_MS": "1", "PATH": "/bin",
    }  # fmt: skip
    assert len({"8080", environ["PORT"], environ["DAEMON_PORT"], environ["SANDBOX_PORT"]}) == 4


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (
            '{"process":"daemon","loop":1,"event":"loop started","at":"2026-01-02T03:04:05.6Z"}',
            "03:04:05 loop started loop=1",
        ),
        ('{"level":"info","event":"ready"}', "info ready"),
        ('{"event":"broke","exception":"Traceback"}', "broke\nTraceback"),
        ("plain words", "plain words"),
        ("[1]", "[1]"),
    ],
)  # fmt: skip
def test_log_lines_are_readable_on_a_terminal(line: str, shown: str) -> None:
    assert readable(line) == shown


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("first\nlast\n\n", "last"),
        (
            '{"event":"broke","exception":"Traceback:\\n  here\\nValueError: no"}\n',
            "ValueError: no",
        ),
        ('{"level":"error","event":"no disk","free":0}', "error no disk free=0"),
        ("  \n", ""),
        ("{}\n", ""),
    ],
)
def test_the_last_words_of_a_log_are_readable(text: str, said: str) -> None:
    assert last_said(text) == said
