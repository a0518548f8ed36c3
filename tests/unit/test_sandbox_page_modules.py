"""What the page decides: whether a fault is on, what turns it on and off, and what it says."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sandbox.script import TemplateChange
from tests.sandboxes import Play

PAGE = Path(__file__).parents[2] / "sandbox" / "page"
Json = dict[str, Any]

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="there is no node here")


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's modules, where node takes them for modules."""
    folder = tmp_path_factory.mktemp("page")
    for path in PAGE.glob("*.js"):
        shutil.copy(path, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    return folder


def run(modules: Path, script: str, given: Any = None) -> Any:
    """What a script prints as JSON; `given` is what it was given."""
    source = f"const given = {json.dumps(given)}\n{script}"
    done = subprocess.run(
        ["node", "--input-type=module", "-e", source], cwd=modules, capture_output=True, text=True,
        timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def state(play: Play) -> Json:
    """What is in force, as the page is told it."""
    stage = play.stage
    faults = {"now": stage.desk.rules.faults, "usual": stage.usual_faults}
    templates = [
        {"name": each.name, "language": each.language, "status": each.status,
         "pausedAsUsual": stage.is_paused_as_usual(each.key)}
        for each in stage.desk.shelf.templates.values()
    ]  # fmt: skip
    told = {"faults": faults, "templates": templates, "template": "sale en_US"}
    shown: Json = msgspec.to_builtins(told, str_keys=True)
    return shown


ASKED = """
import { FAULTS, isAsUsual, others } from './fault-list.js'
const shown = FAULTS.map((fault) => [fault.id, {
  isOn: Boolean(fault.isOn(given)), on: fault.on(given), off: fault.off(given)}])
console.log(JSON.stringify({
  faults: Object.fromEntries(shown), isAsUsual: isAsUsual(given), others: others(given)}))
"""


def asked(modules: Path, play: Play) -> Json:
    answer: Json = run(modules, ASKED, state(play))
    return answer


def do(play: Play, request: Json) -> None:
    """What the sandbox does with the request."""
    if request["path"] == "/sandbox/faults":
        play.stage.change("faults", request["body"])
    else:
        play.stage.change_template(msgspec.convert(request["body"], TemplateChange))


@pytest.mark.parametrize(
    "fault", ["slow", "throttled", "token", "template", "lost", "broken", "down"]
)
def test_a_switch_turns_its_fault_on_and_off_and_no_other(modules: Path, fault: str) -> None:
    play = Play()
    before = asked(modules, play)
    assert (before["isAsUsual"], before["faults"][fault]["isOn"]) == (True, False)
    do(play, before["faults"][fault]["on"])
    pressed = asked(modules, play)
    assert [name for name, each in pressed["faults"].items() if each["isOn"]] == [fault]
    assert not pressed["isAsUsual"]
    do(play, pressed["faults"][fault]["off"])
    assert asked(modules, play)["isAsUsual"]


def test_a_fault_that_somebody_else_put_is_shown(modules: Path) -> None:
    play = Play()
    play.stage.change("faults", {"errors": {"130429": 0.2, "131026": 0.05}})
    shown = asked(modules, play)
    assert [name for name, each in shown["faults"].items() if each["isOn"]] == ["throttled"]
    assert shown["others"] == ["5 % of the sends are answered 131026"]


def test_shares_that_are_there_stay_and_leave_room(modules: Path) -> None:
    play = Play()
    play.stage.change("faults", {"errors": {"131026": 0.9}})
    errors = asked(modules, play)["faults"]["broken"]["on"]["body"]["errors"]
    assert errors == {"131026": 0.9, "131000": pytest.approx(0.1, abs=0.002)}
    play.stage.change("faults", {"errors": errors})


def test_a_template_that_is_paused_is_told_of_when_another_one_is_chosen(modules: Path) -> None:
    play = Play()
    play.stage.change_template(TemplateChange("news", "de", status="PAUSED"))
    assert asked(modules, play)["others"] == ["news de is paused"]


LIKELIEST = """
import { likeliest } from './fault-list.js'
console.log(JSON.stringify(['news', 'sale', 'paused_offer', 'nothing', ''].map(
  (name) => likeliest(given, name))))
"""


def test_the_template_that_is_sent_is_offered_to_be_paused(modules: Path) -> None:
    play = Play()
    assert run(modules, LIKELIEST, state(play)) == ["news en_US", "", "", "", ""]
    play.stage.change_template(TemplateChange("sale", status="PAUSED"))
    assert run(modules, LIKELIEST, state(play)) == ["", "", "", "", ""], "what is paused stays"


STANDINGS = """
import { standing } from './chat.js'
console.log(JSON.stringify(given.map(([message, isTold]) => standing(message, isTold).text)))
"""


def test_how_far_a_message_has_come_is_said_in_words(modules: Path) -> None:
    none = {"posted": None, "becomes": None, "failedWith": None}
    given = [
        [none | {"posted": "delivered", "becomes": "read"}, True],
        [none | {"becomes": "read"}, True],
        [none, False],
        [none, True],
        [none | {"posted": "failed", "becomes": "failed", "failedWith": 131026}, True],
        [none | {"becomes": "held"}, True],
    ]
    assert run(modules, STANDINGS, given) == [
        "delivered", "on its way", "accepted; nobody is told more",
        "accepted; its receipts are lost", "not delivered, 131026: the phone never shows it",
        "held by Meta, not delivered yet",
    ]  # fmt: skip


WORDS = """
import { answer, answers, trouble } from './words.js'
console.log(JSON.stringify({
  answers: ['200', 'silent', '130429', '131009', '500'].map((told) => answer(told).text),
  counted: answers({ 200: 5, 190: 9, 131000: 1, 2: 1 }, 2),
  trouble: given.map(trouble)}))
"""


def test_answers_and_troubles_are_said_in_words(modules: Path) -> None:
    url = "http://127.0.0.1:8080/webhooks/whatsapp"
    well = {"url": url, "waiting": 0, "answer": None}
    said = run(modules, WORDS, [well, well | {"waiting": 1, "answer": "401"}, well | {"url": None}])
    assert said["answers"] == [
        "accepted", "accepted, never answered", "130429 too fast", "131009 refused", "HTTP 500",
    ]  # fmt: skip
    assert [(each["text"], each["count"]) for each in said["counted"]] == [
        ("190 token dead", 9), ("accepted", 5), ("other answers", 2),
    ]  # fmt: skip
    assert said["trouble"][0] == ""
    assert "(last answer: 401). 1 body waits" in said["trouble"][1]
    assert "SANDBOX_WEBHOOK_URL is not set" in said["trouble"][2]
