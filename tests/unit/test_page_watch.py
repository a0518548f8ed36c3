"""The watched job's page decides in node: frames in, counts out; what is said; where cells are."""

import json

import pytest

from tests.unit.test_page_modules import asked, pytestmark

__all__ = ["pytestmark"]


def job(**told: object) -> dict[str, object]:
    """A job of 5 recipients in loops of 2, nothing of it begun."""
    nothing = dict.fromkeys(
        ("sent", "failed", "unknown", "skipped", "canceled", "delivered", "read"), 0
    )
    plan: dict[str, object] = {
        "totalRecipients": 5, "loopSize": 2, "totalLoops": 3, "currentLoop": 0, "queued": 5,
        "state": "queued", "wanted": "run", "startedAt": None, "campaignName": "May",
        "createdAt": "2026-11-27T12:00:00Z", "limitedBy": None, "limitedUntil": None,
        "stoppedBy": None, "reason": None, "etaSeconds": None, "loops": [],
    }  # fmt: skip
    return {**plan, **nothing, **told}


def loop(number: int, **told: int) -> dict[str, object]:
    nothing = dict.fromkeys(("sent", "failed", "unknown", "skipped", "canceled"), 0)
    return {"loop": number, "state": "running", **nothing, **told}


def sent(seq: int, so_far: int, failed: int = 0) -> dict[str, object]:
    return {
        "type": "message_sent", "loopIndex": (seq + 1) // 2, "seq": seq, "to": "1",
        "sent": so_far, "failed": failed,
    }  # fmt: skip


def refused(seq: int, so_far: int, failed: int) -> dict[str, object]:
    return {**sent(seq, so_far, failed), "type": "message_failed"}


def receipt(seq: int, status: str, **totals: int) -> dict[str, object]:
    nothing = dict.fromkeys(("sent", "failed", "unknown", "skipped", "delivered", "read"), 0)
    return {"type": "message_status", "seq": seq, "status": status, **nothing, **totals}


def after(frames: list[dict[str, object]], expression: str, start: object = None) -> object:
    """What an expression comes to of model `w` once it has taken the frames."""
    told, first = json.dumps(frames), json.dumps(start or job())
    return asked(
        "watch-model.js",
        f"(() => {{ const w = m.newModel({first}); w.dirty.clear();"
        f"{told}.forEach((frame) => m.taken(w, frame, 1000)); return {expression}; }})()",
    )


def parts(**told: int) -> dict[str, int]:
    names = ("read", "delivered", "sent", "unknown", "failed", "skipped", "canceled", "waiting")
    return {**dict.fromkeys(names, 0), **told}


def test_messages_fill_their_loop_and_only_that_is_drawn_again() -> None:
    got = after([sent(1, 1), refused(3, 1, 1)], "[0, 1, 2].map((loop) => m.shares(w, loop))")
    assert got == [
        parts(sent=1, waiting=1, size=2), parts(failed=1, waiting=1, size=2),
        parts(waiting=1, size=1),
    ]  # fmt: skip
    assert after([sent(1, 1), refused(3, 1, 1)], "[...w.dirty]") == [0, 1]


def test_what_a_snapshot_contains_is_not_counted_again_when_it_is_told_again() -> None:
    snapshot = job(sent=2, currentLoop=1, state="running", loops=[loop(1, sent=2)])
    connection: dict[str, object] = {"type": "connection", "job": snapshot}
    frames = [connection, sent(1, 1), sent(2, 2), sent(3, 3)]
    got = after(frames, "[w.totals.sent, m.shares(w, 0).sent, m.shares(w, 1).sent]")
    assert got == [3, 2, 1]


def test_an_answer_that_is_older_than_the_frames_takes_nothing_back() -> None:
    old = json.dumps(job(sent=1, loops=[loop(1, sent=1)], etaSeconds=9))
    got = after(
        [sent(1, 1), sent(2, 2)],
        f"(m.adopt(w, {old}, false), [w.totals.sent, m.shares(w, 0).sent, w.job.etaSeconds])",
    )
    assert got == [2, 2, 9]


def test_receipts_move_a_message_on_and_never_back() -> None:
    frames = [
        sent(1, 1), receipt(1, "read", sent=1, delivered=1, read=1),
        receipt(1, "delivered", sent=1, delivered=1, read=1),
    ]  # fmt: skip
    assert after(frames, "m.shares(w, 0)") == parts(read=1, waiting=1, size=2)
    assert after(frames, "m.jobShares(w)") == parts(read=1, waiting=4, size=5)


def test_a_failure_after_acceptance_counts_as_failed_and_not_as_sent() -> None:
    frames = [sent(1, 1), receipt(1, "failed", failed=1)]
    assert after(frames, "m.shares(w, 0)") == parts(failed=1, waiting=1, size=2)
    assert after(frames, "[w.totals.sent, w.totals.failed]") == [0, 1]


def test_doubts_come_with_the_end_of_their_loop_and_end_with_a_receipt() -> None:
    over = {
        "type": "loop_completed", "loopIndex": 1, "sent": 1, "failed": 0, "unknown": 1,
        "skipped": 0, "pauseMs": 2000,
    }  # fmt: skip
    frames = [{"type": "loop_started", "loopIndex": 1}, sent(1, 1), over]
    assert after(frames, "[m.shares(w, 0), w.totals.unknown, w.pauseUntil]") == [
        parts(sent=1, unknown=1, size=2), 1, 3000,
    ]  # fmt: skip
    seeded = "(m.seed(w, [{seq: 2, state: 'unknown'}]),"
    settled = json.dumps(receipt(2, "delivered", sent=2, delivered=1))
    assert after(frames, f"{seeded} m.taken(w, {settled}, 0), m.shares(w, 0))") == parts(
        sent=1, delivered=1, size=2
    )


def test_what_meta_holds_back_after_all_is_skipped_and_not_failed() -> None:
    held = {**receipt(1, "failed", sent=0, skipped=1), "state": "skipped"}
    frames = [{"type": "loop_started", "loopIndex": 1}, sent(1, 1), held]
    assert after(frames, "[m.shares(w, 0), m.stateOf(w, 1), w.totals]") == [
        parts(skipped=1, waiting=1, size=2), "skipped",
        {"sent": 0, "failed": 0, "unknown": 0, "skipped": 1, "canceled": 0, "delivered": 0,
         "read": 0},
    ]  # fmt: skip


def test_loops_with_doubts_that_are_not_known_one_by_one_are_asked_for() -> None:
    told = json.dumps(job(loops=[loop(1, unknown=1), loop(2), loop(3, unknown=1)]))
    seeded = "m.seed(w, [{seq: 2, state: 'unknown'}])"
    assert after([], f"m.untold(w, {told})") == [0, 2]
    assert after([], f"({seeded}, m.untold(w, {told}))") == [2]


def test_a_loop_in_words_counts_as_the_legend_does() -> None:
    shares = json.dumps(parts(sent=1, delivered=1, read=3, failed=1, waiting=4, size=10))
    assert asked("watch-words.js", f"m.madeUp({shares})") == (
        "5 sent, 4 delivered, 3 read, 1 failed and 4 waiting"
    )


def test_the_pause_is_over_when_the_next_loop_begins() -> None:
    over = {
        "type": "loop_completed", "loopIndex": 1, "sent": 2, "failed": 0, "unknown": 0,
        "skipped": 0, "pauseMs": 2000,
    }  # fmt: skip
    frames = [
        {"type": "loop_started", "loopIndex": 1},
        over,
        {"type": "loop_started", "loopIndex": 2},
    ]
    assert after(frames, "[w.pauseUntil, w.current]") == [0, 2]


def test_without_single_messages_what_is_new_belongs_to_the_loop_that_is_on() -> None:
    frames = [
        {"type": "loop_started", "loopIndex": 2}, {"type": "progress", "sent": 2, "failed": 0},
    ]  # fmt: skip
    assert after(frames, "m.shares(w, 1)") == parts(sent=2, size=2)


def test_what_nobody_has_heard_of_is_passed_over() -> None:
    assert after([{"type": "of a later release"}], "m.done(w)") == 0


def test_the_rate_is_that_of_the_last_seconds() -> None:
    got = asked(
        "watch-rate.js",
        "(() => { const r = m.newRate();"
        "for (let s = 0; s <= 20; s++) m.noted(r, s * 1000, s * 30);"
        "return [m.perSecond(r, 20000, 600), r.samples.length,"
        "m.perSecond(m.newRate(), 0, 0)]; })()",
    )
    assert got == [30, 7, None]


@pytest.mark.parametrize("width", [264, 1100])
@pytest.mark.parametrize(("loops", "total"), [(1, 51), (3, 500), (250, 50_000), (5000, 5000)])
def test_every_loop_has_a_place_of_its_own_within_the_strip(
    loops: int, total: int, width: int
) -> None:
    size = -(-total // loops)
    got = asked(
        "watch-layout.js",
        f"(() => {{ const p = m.layout({loops}, {size}, {total}, {width});"
        "const at = [...Array(p.cells).keys()].map((cell) => m.rect(p, cell));"
        "return [at.every(({x, y}, cell) => m.cellAt(p, x + 1, y + 1) === cell),"
        "at.every(({x, y, w, h}) => x + w <= p.width && y + h <= p.height + 1e-9),"
        "m.loopsOf(p, p.cells - 1)[1], p.cells]; })()",
    )
    assert isinstance(got, list)
    assert got[:3] == [True, True, loops - 1]
    assert got[3] <= 1000


def test_one_failure_of_thousands_is_seen() -> None:
    shares = json.dumps(parts(sent=49_999, failed=1, size=50_000))
    assert asked("watch-layout.js", f"m.widths({shares}, 900)") == [["sent", 898], ["failed", 2]]


def test_keys_lead_through_the_strip_and_stop_at_its_ends() -> None:
    got = asked(
        "watch-layout.js",
        "(() => { const p = m.layout(250, 200, 50000, 1100); return ['ArrowLeft', 'ArrowRight',"
        "'End', 'x'].map((key) => m.reached(p, 0, key)); })()",
    )
    assert got == [0, 1, 249, None]


NOW = "new Date('2026-11-27T12:00:00Z')"


@pytest.mark.parametrize(
    ("told", "title"),
    [
        ({"state": "running"}, None),
        ({"state": "completed"}, None),
        ({"state": "running", "limitedBy": "rate"}, None),
        ({"state": "running", "limitedBy": "throttled"}, "Meta asked to slow down"),
        ({"state": "running", "wanted": "pause"}, "Being paused"),
        ({"state": "running", "wanted": "cancel"}, "Being canceled"),
        ({"state": "paused", "stoppedBy": "person", "reason": "Paused by shop"}, "Paused by shop"),
        ({"state": "paused", "stoppedBy": "template"}, "Meta does not take the template"),
        ({"state": "paused", "resuming": True}, "About to go on"),
        ({"state": "settling", "unknown": 2, "doubtUntil": None}, "All is sent"),
        (
            {"limitedBy": "schedule", "scheduledAt": "2026-11-27T12:05:00Z"},
            "Starts at 12:05 PM, in 5 min",
        ),
    ],
)
def test_what_holds_a_job_is_said_in_words(told: dict[str, object], title: str | None) -> None:
    given = job(**told)
    said = asked(
        "watch-words.js",
        f"m.situation({json.dumps(given)}, {json.dumps(given['state'])}, {NOW})?.title ?? null",
    )
    assert said == title


@pytest.mark.parametrize(
    ("told", "may"),
    [
        ({"state": "running", "startedAt": "2026-11-27T12:00:00Z"}, ["pause", "change", "cancel"]),
        (
            {"state": "queued", "scheduledAt": "2026-11-28T12:00:00Z"},
            ["pause", "change", "cancel", "start"],
        ),
        ({"state": "running", "wanted": "cancel"}, []),
        ({"state": "settling"}, []),
        ({"state": "completed"}, []),
        (
            {"state": "paused", "wanted": "pause", "currentLoop": 1, "startedAt": "2026-11-27"},
            ["resume", "change", "cancel"],
        ),
    ],
)
def test_a_job_offers_what_can_be_done_to_it(told: dict[str, object], may: list[str]) -> None:
    given = json.dumps(job(**told))
    assert (
        asked(
            "watch-asked.js",
            f"Object.entries(m.allowed({given}, {given}.state)).flatMap(([k, v]) => v ? [k] : [])",
        )
        == may
    )


def test_the_question_before_a_cancel_says_who_will_not_get_it() -> None:
    given = json.dumps(job(queued=320, sent=1))
    assert asked("watch-asked.js", f"m.cancelText({given})") == (
        "320 recipients will not get it. 1 recipient has it already, and keeps it."
        " This cannot be undone."
    )


def test_of_a_job_that_was_canceled_nobody_waits() -> None:
    end = {"type": "job_completed", "state": "canceled", "sent": 1, "failed": 0, "unknown": 0,
           "skipped": 0}  # fmt: skip
    assert after([sent(1, 1), end], "m.jobShares(w)") == parts(sent=1, canceled=4) | {"size": 5}
