"""The outbox posts what is due, again what was not taken, and never holds more than it may."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.outbox import Outbox, Parcel
from sandbox.parcels import News, Update
from sandbox.rules import Rules, changed
from tests.sandboxes import RUN, no_faults

MS = 1_000_000


def rules(**webhooks: Any) -> Rules:
    usual = {"retryMs": 100, "retryMostMs": 400, "keepMs": 10_000, "statusesPerBody": 3}
    return changed(Rules(no_faults()), {"webhooks": usual | webhooks})


def news(number: int = 0) -> Update:
    return News("security", {"number": number}, 0)


def outbox(*due_ms: int) -> Outbox:
    made = Outbox(RUN)
    for number, due in enumerate(due_ms):
        made.plan(due * MS, news(number))
    return made


def post(box: Outbox, at_ms: int, answer: str = "200", **webhooks: Any) -> Parcel | None:
    """Post what is due at a time, if anything is."""
    in_force = rules(**webhooks)
    parcel = box.next(at_ms * MS, in_force)
    if parcel:
        box.answered(parcel, answer, at_ms * MS, in_force.webhooks)
    return parcel


def test_nothing_is_posted_before_its_time() -> None:
    box = outbox(10)
    assert post(box, 9) is None
    first = post(box, 10)
    assert first is not None
    assert (first.updates, first.fields, first.state) == (1, ("security",), "taken")
    assert post(box, 1000) is None


def test_what_is_due_goes_together_in_order_up_to_the_most_of_a_body() -> None:
    box = outbox(5, 3, 4, 1, 2)
    first, second = post(box, 5), post(box, 5)
    assert first is not None
    assert second is not None
    assert [parcel.updates for parcel in (first, second)] == [3, 2]
    numbers = [parcel.body.split(b'"number":')[1:] for parcel in (first, second)]
    assert [[int(each[:1]) for each in some] for some in numbers] == [[3, 4, 1], [2, 0]]


@given(due=st.lists(st.integers(0, 50), max_size=40), most=st.integers(1, 5))
def test_every_update_is_posted_once_at_its_time_or_later(due: list[int], most: int) -> None:
    box, posted = outbox(*due), 0
    for at_ms in range(51):
        while parcel := post(box, at_ms, statusesPerBody=most):
            posted += parcel.updates
            assert parcel.updates <= most
        assert posted == sum(1 for each in due if each <= at_ms)


def test_what_is_not_taken_comes_again_after_longer_and_longer_waits() -> None:
    box = outbox(0)
    came_at = [at_ms for at_ms in range(0, 1500, 10) if post(box, at_ms, "503")]
    assert came_at == [0, 100, 300, 700, 1100]


def test_it_comes_again_as_the_same_bytes_until_it_is_taken() -> None:
    box = outbox(0)
    first, again = post(box, 0, "no connection"), post(box, 100)
    assert first is again
    assert first is not None
    assert (first.answers, first.attempts, first.state) == (["no connection", "200"], 2, "taken")
    assert box.figures() == {
        "plannedUpdates": 0, "underWay": 0, "waiting": 0, "retries": 1, "taken": 1,
        "takenUpdates": 1, "droppedUpdates": 0,
    }  # fmt: skip


@pytest.mark.parametrize("answer", ["201", "204", "302", "404", "500", "no answer in time"])
def test_only_a_200_is_taken(answer: str) -> None:
    box = outbox(0)
    parcel = post(box, 0, answer)
    assert parcel is not None
    assert parcel.state == "waiting"
    assert box.figures()["waiting"] == 1


def test_what_is_due_longest_is_posted_first() -> None:
    box = outbox(0, 150, 50)
    first = post(box, 0, "503")
    fresh, again, last = (post(box, 150, statusesPerBody=1) for _ in range(3))
    assert again is first
    assert fresh is not None
    assert last is not None
    assert (fresh.number, last.number) == (2, 3)


def test_what_is_never_taken_is_dropped_and_counted() -> None:
    box = outbox(0, 0)
    for at_ms in (0, 100, 300):
        post(box, at_ms, "503", keepMs=250)
    (entry,) = box.page(after=0, limit=10)["entries"]
    assert (entry["state"], entry["answers"]) == ("dropped", ["503"] * 3)
    assert box.figures()["droppedUpdates"] == 2
    assert box.next(10**15, rules()) is None


def test_plans_without_room_are_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.outbox.MOST_PLANNED", 2)
    assert outbox(0, 0, 0).figures()["droppedUpdates"] == 1


def test_refused_bodies_without_room_are_dropped_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    box = outbox(0, 0)
    first = post(box, 0, "503", statusesPerBody=1)
    assert first is not None
    monkeypatch.setattr("sandbox.outbox.MOST_WAITING_BYTES", len(first.body) + 1)
    second = post(box, 0, "503", statusesPerBody=1)
    assert second is not None
    assert (first.state, second.state) == ("waiting", "dropped")
    assert post(box, 100) is first
    assert box.figures()["droppedUpdates"] == 1


def test_a_cleared_outbox_is_empty_and_late_answers_do_not_count() -> None:
    box, in_force = outbox(0, 10), rules()
    parcel = box.next(0, in_force)
    assert parcel is not None
    box.clear()
    box.answered(parcel, "503", 0, in_force.webhooks)
    assert not any(box.figures().values())
    assert box.page(after=0, limit=10) == {"entries": [], "next": None}
    assert post(box, 1000) is None


def test_pages_of_what_was_posted_lead_to_the_next() -> None:
    box = outbox(*range(5))
    for at_ms in range(5):
        assert post(box, at_ms)
    first = box.page(after=0, limit=3)
    rest = box.page(after=first["next"], limit=3)
    assert [each["number"] for each in first["entries"] + rest["entries"]] == [1, 2, 3, 4, 5]
    assert rest["next"] is None
    assert box.page(after=0, limit=9, field="messages")["entries"] == []


def test_the_log_keeps_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.outbox._MOST_LOGGED", 2)
    box = outbox(*range(5))
    for at_ms in range(5):
        assert post(box, at_ms)
    assert [each["number"] for each in box.page(after=0, limit=9)["entries"]] == [4, 5]
    assert box.figures()["taken"] == 5
