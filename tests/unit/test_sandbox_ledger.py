"""The ledger counts right: who got how many, in which order, and the busiest second exactly."""

from hypothesis import given
from hypothesis import strategies as st

from sandbox.ledger import Entry, Ledger, Wanted, busiest_second
from sandbox.templates import TEMPLATES

SECOND = 1_000_000_000


def accept(ledger: Ledger, to: str, *, at_ns: int = 0, tag: str = "", sender: str = "1") -> Entry:
    entry = ledger.enter(at_ns, at_ns / SECOND, sender)
    entry.accepted, entry.told, entry.to, entry.tag = True, "200", to, tag
    entry.values = ("Hello",)
    return entry


def refuse(ledger: Ledger, to: str) -> None:
    entry = ledger.enter(0, 0, "1")
    entry.told, entry.to = "131026", to


def numbers(page: dict[str, object]) -> list[int]:
    entries = page["entries"]
    assert isinstance(entries, list)
    return [entry["number"] for entry in entries]


def test_an_empty_ledger_has_a_summary() -> None:
    assert Ledger("0").summary() == {
        "accepted": 0, "requests": 0, "recipients": 0, "repeated": [], "repeatedTotal": 0,
        "byTag": 0, "busiestSecond": 0, "told": {}, "becomes": {}, "cut": 0,
    }  # fmt: skip


def test_the_summary_names_who_got_more_than_one() -> None:
    ledger = Ledger("0")
    for to, tag in (("491", "a"), ("492", "b"), ("491", "c"), ("491", "c"), ("493", "")):
        accept(ledger, to, tag=tag)
    refuse(ledger, "492")
    assert ledger.summary() == {
        "accepted": 5, "requests": 6, "recipients": 3, "repeated": [{"to": "491", "times": 3}],
        "repeatedTotal": 1, "byTag": 3, "busiestSecond": 5, "told": {"200": 5, "131026": 1},
        "becomes": {},
        "cut": 0,
    }  # fmt: skip


def test_the_summary_shows_20_repeated_and_counts_all() -> None:
    ledger = Ledger("0")
    for to in range(25):
        accept(ledger, str(to))
        accept(ledger, str(to))
    summary = ledger.summary()
    assert (len(summary["repeated"]), summary["repeatedTotal"]) == (20, 25)


def test_a_refused_request_is_seen_only_among_the_requests() -> None:
    ledger = Ledger("0")
    accept(ledger, "491")
    refuse(ledger, "492")
    assert numbers(ledger.page(Wanted(), accepted_only=True)) == [1]
    assert numbers(ledger.page(Wanted(), accepted_only=False)) == [1, 2]


def test_filters_hold_together() -> None:
    ledger = Ledger("0")
    accept(ledger, "491", tag="a", sender="1")
    accept(ledger, "491", tag="b", sender="2")
    accept(ledger, "492", tag="a", sender="2")
    for wanted, found in (
        (Wanted(to="491"), [1, 2]),
        (Wanted(tag="a"), [1, 3]),
        (Wanted(phone_number_id="2"), [2, 3]),
        (Wanted(to="491", phone_number_id="2"), [2]),
        (Wanted(to="493"), []),
    ):
        assert numbers(ledger.page(wanted, accepted_only=True)) == found


@given(count=st.integers(0, 30), limit=st.integers(1, 10), size=st.integers(1, 40))
def test_pages_put_together_are_what_the_ledger_keeps(count: int, limit: int, size: int) -> None:
    ledger = Ledger("0", size=size)
    for to in range(count):
        accept(ledger, str(to))
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        page = ledger.page(Wanted(after=after, limit=limit), accepted_only=True)
        seen += numbers(page)
        after = page["next"]
    assert seen == list(range(max(0, count - size) + 1, count + 1))


def test_a_full_ledger_drops_the_oldest_and_says_how_many() -> None:
    ledger = Ledger("0", size=3)
    for to in range(5):
        accept(ledger, str(to))
    assert ledger.summary()["cut"] == 2
    assert numbers(ledger.page(Wanted(), accepted_only=True)) == [3, 4, 5]


def test_a_forgotten_ledger_is_empty_uncut_and_counts_on() -> None:
    ledger = Ledger("0", size=3)
    for to in range(5):
        accept(ledger, str(to))
    assert ledger.forget() == 3
    assert ledger.summary()["accepted"] == 0
    assert ledger.summary()["cut"] == 0
    assert accept(ledger, "6").number == 6


def test_an_entry_shows_the_text_as_the_recipient_reads_it() -> None:
    ledger = Ledger("0")
    entry = accept(ledger, "491", tag="t")
    entry.template, entry.values = TEMPLATES["order_update", "en_US"], ("{{2}}", "SKU-1")
    (shown,) = ledger.page(Wanted(), accepted_only=True)["entries"]
    assert shown["text"] == "Hi {{2}}, your order SKU-1 is on its way."
    assert shown["parameters"] == {"1": "{{2}}", "2": "SKU-1"}
    assert (shown["template"], shown["language"], shown["tag"]) == ("order_update", "en_US", "t")


def test_message_ids_differ_between_entries_and_runs() -> None:
    ids = set()
    for run in ("00000000", "00000001"):
        ledger = Ledger(run)
        accept(ledger, "491")
        accept(ledger, "491")
        page = ledger.page(Wanted(), accepted_only=True)
        ids |= {entry["messageId"] for entry in page["entries"]}
    assert len(ids) == 4
    assert all(each.startswith("wamid.") for each in ids)


def test_a_second_is_half_open() -> None:
    assert busiest_second([("1", 0), ("1", SECOND)]) == 1
    assert busiest_second([("1", 0), ("1", SECOND - 1)]) == 2


ARRIVALS = st.lists(
    st.tuples(st.sampled_from("12"), st.integers(0, 8).map(lambda n: n * SECOND // 3)),
    max_size=40,
).map(lambda arrivals: sorted(arrivals, key=lambda arrival: arrival[1]))


@given(ARRIVALS)
def test_the_busiest_second_is_what_counting_every_window_finds(
    arrivals: list[tuple[str, int]],
) -> None:
    # A fullest window can be moved right until it starts at an arrival: those are all tried.
    by_hand = [
        sum(1 for other, at in arrivals if other == number and start <= at < start + SECOND)
        for number, start in arrivals
    ]
    assert busiest_second(arrivals) == max(by_hand, default=0)
