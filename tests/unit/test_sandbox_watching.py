"""Who watches is told what has changed since the last look, with the ledger's own figures."""

from typing import Any

import msgspec

from sandbox.ledger import Ledger
from sandbox.tally import Tally
from sandbox.watching import ROWS, Watch
from tests.sandboxes import PLAIN, Play

Json = dict[str, Any]


class Watched:
    """A play, and somebody who watches it."""

    def __init__(self) -> None:
        self.play = Play()
        self.tally = Tally(self.play.table.desk.ledger)
        self.watch = Watch(self.play.stage, self.tally, "http://127.0.0.1/hook")

    def send(self, count: int, to: str = PLAIN) -> None:
        for _ in range(count):
            self.play.table.send(to, "news")

    def look(self) -> Json:
        news: Json = msgspec.json.decode(msgspec.json.encode(self.watch.look() or {}))
        return news


def figures(tally: Tally, ledger: Ledger) -> tuple[Json, Json]:
    told, summary = tally.figures(0), ledger.summary()
    same = ("requests", "accepted", "busiestSecond", "told")
    return {key: told[key] for key in same}, {key: summary[key] for key in same}


def test_the_figures_are_those_of_the_ledger_however_often_somebody_looks() -> None:
    play = Play()
    ledger = play.table.desk.ledger
    tally = Tally(ledger)
    for second in range(5):
        play.table.clock.seconds = second * 0.4
        for to in (PLAIN, "4915119131026"):
            for _ in range(second):
                play.table.send(to)
        told, summary = figures(tally, ledger)
        assert told == summary
    play.table.desk.forget()
    play.table.send()
    told, summary = figures(tally, ledger)
    assert told == summary
    assert told["requests"] == 1


def test_the_last_second_is_of_requests_and_ends() -> None:
    play = Play()
    tally = Tally(play.table.desk.ledger)
    for _ in range(3):
        play.table.send()
    play.table.clock.seconds = 0.9
    play.table.send()
    assert tally.figures(play.table.clock().monotonic_ns)["lastSecond"] == 4
    play.table.clock.seconds = 1.5
    assert tally.figures(play.table.clock().monotonic_ns)["lastSecond"] == 1


def test_the_first_look_tells_all_and_the_second_nothing() -> None:
    watched = Watched()
    watched.send(1)
    first = watched.look()
    assert first.keys() == {"requests", "skipped", "figures", "faults", "templates", "webhooks"}
    (row,) = first["requests"]
    assert (row["to"], row["template"], row["told"], row["accepted"]) == (
        PLAIN,
        "news",
        "200",
        True,
    )
    assert row["text"] == "Hi value 0, value 1 has arrived."
    assert watched.look() == {}


def test_of_many_requests_the_newest_are_shown_and_the_others_counted() -> None:
    watched = Watched()
    watched.look()
    watched.send(ROWS + 7)
    news = watched.look()
    assert (len(news["requests"]), news["skipped"]) == (ROWS, 7)
    assert news["requests"][-1]["number"] == ROWS + 7


def test_a_refused_request_names_its_template_and_has_no_text() -> None:
    watched = Watched()
    watched.send(1, "4915119131026")
    (row,) = watched.look()["requests"]
    assert (row["template"], row["text"], row["told"]) == ("news", "", "131026")


def test_what_is_changed_by_anybody_is_told() -> None:
    watched = Watched()
    watched.look()
    watched.play.stage.change("faults", {"down": True})
    news = watched.look()
    assert news.keys() == {"faults"}
    assert (news["faults"]["now"]["down"], news["faults"]["usual"]["down"]) == (True, False)


def test_an_emptied_ledger_is_told() -> None:
    watched = Watched()
    watched.send(3)
    watched.look()
    watched.play.table.desk.forget()
    watched.send(1)
    news = watched.look()
    assert news["emptied"] is True
    assert [row["number"] for row in news["requests"]] == [4]


def test_webhooks_that_nobody_takes_are_told_with_the_answer() -> None:
    watched = Watched()
    watched.send(1)
    desk = watched.play.table.desk
    outbox = watched.play.table.outbox
    parcel = outbox.next(10**12, desk.rules)
    assert parcel is not None
    outbox.answered(parcel, "401", 10**12, desk.rules.webhooks)
    webhooks = watched.look()["webhooks"]
    assert webhooks == {"url": "http://127.0.0.1/hook", "waiting": 1, "answer": "401"}
