"""Of all that people write only what asks for it is an opt-out; it keeps where it came from."""

from datetime import UTC, datetime

from daemon.optouts import OptIn, OptOut, asked_for
from schemas.notices import Inbound, Preference, Wish
from schemas.suppressions import Scope, Source, StopWords

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
WORDS = StopWords(["genug"])


def wrote(text: str, payload: str = "", number: str = "4915112345678") -> Inbound:
    return Inbound(
        message_id="wamid.in",
        number=number,
        at=AT,
        text=text,
        payload=payload,
        context_id="wamid.1",
    )


def prefers(wish: Wish, category: str = "marketing_messages") -> Preference:
    return Preference(number="4915112345678", wish=wish, category=category, at=AT)


def test_a_stop_word_is_an_opt_out_with_its_message_and_the_one_that_it_answers() -> None:
    (change,) = asked_for([wrote("STOP"), wrote("thanks!"), wrote("don't stop")], [], WORDS)
    assert isinstance(change, OptOut)
    assert (change.number, change.message_id, change.context_id) == (
        "4915112345678", "wamid.in", "wamid.1",
    )  # fmt: skip
    assert (change.stop.source, change.stop.scope) == (Source.RECIPIENT, Scope.ALL)


def test_a_word_of_the_business_stops_too() -> None:
    assert len(asked_for([wrote("Genug.")], [], WORDS)) == 1


def test_a_button_is_read_by_its_text_and_by_its_payload() -> None:
    by_text = asked_for([wrote("Stop promotions", payload="id-7")], [], WORDS)
    by_payload = asked_for([wrote("Nein danke", payload="STOP")], [], WORDS)
    stops = [change.stop for change in by_text + by_payload if isinstance(change, OptOut)]
    assert [stop.scope for stop in stops] == [Scope.MARKETING, Scope.ALL]
    assert asked_for([wrote("Yes", payload="yes")], [], WORDS) == []


def test_metas_switch_stops_and_resumes_marketing() -> None:
    stop, resume = asked_for([], [prefers(Wish.STOP), prefers(Wish.RESUME)], WORDS)
    assert isinstance(stop, OptOut)
    assert (stop.stop.source, stop.stop.scope) == (Source.META, Scope.MARKETING)
    assert isinstance(resume, OptIn)


def test_a_switch_of_another_kind_and_people_without_a_number_change_nothing() -> None:
    assert asked_for([wrote("STOP", number="")], [prefers(Wish.STOP, "utility")], WORDS) == []
