"""Templates are read from Meta's JSON, shown as it, put on the shelf, changed and taken away."""

from typing import Any

import pytest

from sandbox.ledger import Entry
from sandbox.shelf import Shelf
from sandbox.templates import TEMPLATES, template_of
from tests.sandboxes import Json

BODY = {"type": "BODY", "text": "Hi {{1}}"}
SPRING: Json = {"name": "spring", "category": "MARKETING", "components": [BODY]}
HELLO = ("hello_world", "en_US")


def buttons(*given: Json) -> Json:
    return {"type": "BUTTONS", "buttons": list(given)}


def accepted(key: tuple[str, str] = HELLO) -> Entry:
    return Entry(1, 0, 0, "1", accepted=True, to="49", template=TEMPLATES[key])


def test_a_template_is_shown_as_it_was_given() -> None:
    shown = template_of(SPRING | {"language": "de"}, 1).shown()
    assert shown == {
        "id": "594425479261001", "name": "spring", "language": "de", "status": "APPROVED",
        "category": "MARKETING", "parameter_format": "POSITIONAL", "components": (BODY,),
        "quality_score": {"score": "UNKNOWN"},
    }  # fmt: skip


def test_what_get_shows_can_be_read_again() -> None:
    for number, template in enumerate(TEMPLATES.values(), start=1):
        shown = {**template.shown(), "components": list(template.components)}
        assert template_of(shown, number) == template


def test_small_letters_will_do() -> None:
    made = template_of(
        {
            "name": "spring", "category": "marketing", "parameter_format": "named",
            "components": [{"type": "body", "text": "Hi {{name}}"}],
        }, 1,
    )  # fmt: skip
    assert (made.category, made.form.named, made.form.body) == ("MARKETING", True, ("name",))


def test_the_samples_have_every_form() -> None:
    forms = [template.form for template in TEMPLATES.values()]
    assert {form.header_kind for form in forms} == {None, "IMAGE", "VIDEO", "DOCUMENT", "LOCATION"}
    kinds = {button.kind for form in forms for button in form.buttons}
    assert kinds == {"url", "quick_reply", "copy_code"}
    assert {button.has_suffix for form in forms for button in form.buttons} == {True, False}
    assert any(form.header and form.named for form in forms)
    assert {template.language for template in TEMPLATES.values()} == {"en_US", "de"}


BAD: dict[str, tuple[Json, str]] = {
    "no name": ({"name": ""}, "name is 1 to 512 of"),
    "capitals in the name": ({"name": "Spring"}, "name is 1 to 512 of"),
    "no language": ({"language": "english"}, "language is a code"),
    "no such category": ({"category": "FUN"}, "category is one of MARKETING"),
    "no such status": ({"status": "SLEEPING"}, "status is one of APPROVED"),
    "no such format": ({"parameter_format": "x"}, "parameter_format is one of"),
    "no components": ({"components": None}, "components is a list of 1 to 10"),
    "components that are none": ({"components": ["BODY"]}, "components is a list"),
    "no body": ({"components": [{"type": "FOOTER", "text": "x"}]}, "one BODY"),
    "two bodies": ({"components": [BODY, BODY]}, "one BODY"),
    "no such component": ({"components": [BODY, {"type": "SIDE"}]}, r"components\[1\]\.type"),
    "an empty body": ({"components": [BODY | {"text": ""}]}, r"components\[0\] has a text"),
    "a long header": (
        {"components": [BODY, {"type": "HEADER", "format": "TEXT", "text": "x" * 61}]}, "1 to 60"
    ),
    "no such header": ({"components": [BODY, {"type": "HEADER", "format": "SMELL"}]}, "format"),
    "no buttons": ({"components": [BODY, buttons()]}, r"components\[1\]\.buttons is a list"),
    "too many buttons": (
        {"components": [BODY, buttons(*[{"type": "QUICK_REPLY", "text": "x"}] * 11)]}, "1 to 10"
    ),
    "a button that says nothing": (
        {"components": [BODY, buttons({"type": "QUICK_REPLY"})]}, r"buttons\[0\] has a text"
    ),
    "an address that leads nowhere": (
        {"components": [BODY, buttons({"type": "URL", "text": "x"})]}, r"buttons\[0\]\.url has"
    ),
    "no such button": ({"components": [BODY, buttons({"type": "OTP"})]}, r"buttons\[0\]\.type"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_template_is_refused_in_words(case: str) -> None:
    change, says = BAD[case]
    with pytest.raises(ValueError, match=says):
        template_of(SPRING | change, 1)


def test_a_new_template_gets_an_id_of_its_own_and_keeps_it() -> None:
    shelf = Shelf()
    old, made = shelf.put(SPRING)
    assert old is None
    assert made.id not in {template.id for template in TEMPLATES.values()}
    old, again = shelf.put(SPRING | {"components": [{"type": "BODY", "text": "Bye"}]})
    assert (old, again.id, again.form.body) == (made, made.id, ())
    assert shelf.by_id(made.id) == again
    _, other = shelf.put(SPRING | {"language": "de"})
    assert other.id != made.id


def test_the_samples_stay_as_they_are_whatever_happens_to_a_shelf() -> None:
    shelf = Shelf()
    shelf.change(HELLO, status="PAUSED")
    shelf.remove("sale", None)
    assert TEMPLATES[HELLO].status == "APPROVED"
    assert ("sale", "en_US") in TEMPLATES
    shelf.reset()
    assert shelf.templates == TEMPLATES


def test_a_template_is_taken_away_in_one_language_or_in_all() -> None:
    shelf = Shelf()
    assert [each.language for each in shelf.remove("news", "de")] == ["de"]
    assert ("news", "en_US") in shelf.templates
    assert [each.language for each in shelf.remove("news", None)] == ["en_US"]
    assert shelf.remove("news", None) == []


def test_a_paced_template_lets_some_through_and_holds_the_rest() -> None:
    shelf = Shelf()
    assert not shelf.holds(accepted())
    shelf.pace(HELLO, after=2)
    assert [shelf.holds(accepted()) for _ in range(4)] == [False, False, True, True]
    assert not shelf.holds(accepted(("welcome", "en_US")))
    assert shelf.held(HELLO) == 2
    assert len(shelf.unpace(HELLO)) == 2
    assert not shelf.holds(accepted())
    assert (shelf.held(HELLO), shelf.unpace(HELLO)) == (None, [])


def test_pacing_that_begins_anew_keeps_what_is_held() -> None:
    shelf = Shelf()
    shelf.pace(HELLO, after=0)
    assert shelf.holds(accepted())
    shelf.pace(HELLO, after=1)
    assert not shelf.holds(accepted())
    assert len(shelf.unpace(HELLO)) == 1


def test_no_more_is_held_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.shelf._MOST_HELD", 2)
    shelf = Shelf()
    shelf.pace(HELLO, after=0)
    assert [shelf.holds(accepted()) for _ in range(3)] == [True, True, True]
    assert len(shelf.unpace(HELLO)) == 2
    shelf.pace(HELLO, after=0)
    assert shelf.holds(accepted())
    assert len(shelf.unpace(HELLO)) == 1


def test_pauses_are_counted() -> None:
    shelf, statuses = Shelf(), ("PAUSED", "PAUSED", "APPROVED", "PAUSED")
    counts: list[Any] = []
    for status in statuses:
        shelf.change(HELLO, status=status)
        counts.append(shelf.pauses(HELLO))
    assert counts == [1, 1, 1, 2]
