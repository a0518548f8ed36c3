"""What the page decides without a browser, asked in node: words, states, addresses."""

import json
import shutil
import subprocess

import pytest

from gateway.assets import FOLDER
from schemas.states import JobState, MessageState

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed: the page's modules")


def asked(module: str, expression: str) -> object:
    """What an expression comes to, with all that `module` exports as `m`."""
    program = f"""
        import * as m from {json.dumps((FOLDER / module).as_uri())};
        process.stdout.write(JSON.stringify({expression}));
    """
    assert NODE is not None
    done = subprocess.run(
        [NODE, "--no-warnings", "--experimental-default-type=module", "--input-type=module"],
        input=program, capture_output=True, text=True, timeout=60, check=False,
        env={"TZ": "UTC", "LANG": "en_US.UTF-8", "PATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.04, "0 s"), (3.21, "3.2 s"), (54, "54 s"), (60, "1 min"), (200, "3 min 20 s"),
        (7500, "2 h 5 min"), (86400, "1 d"), (100000, "1 d 4 h"), (-3, "0 s"),
    ],
)  # fmt: skip
def test_a_duration_is_said_in_two_units_at_most(seconds: float, said: str) -> None:
    assert asked("words.js", f"m.duration({seconds})") == said


def test_counts_and_lists_are_said_as_people_do() -> None:
    assert asked("words.js", "[m.count(1, 'loop'), m.count(50000, 'loop')]") == [
        "1 loop", "50,000 loops",
    ]  # fmt: skip
    assert asked("words.js", "[m.listed(['a']), m.listed(['a', 'b', 'c'])]") == ["a", "a, b and c"]
    assert asked("words.js", "[m.percent(1, 3), m.percent(0, 0)]") == ["33.3%", "\u2013"]


def test_only_another_day_is_named_beside_the_time() -> None:
    now = "new Date('2026-11-27T12:00:00Z')"
    said = asked("words.js", f"[m.time('2026-11-27T14:32:00Z', {now}), m.ago({now}, {now})]")
    assert said == ["02:32 PM", "just now"]
    assert asked("words.js", f"m.time('2026-11-30T09:00:00Z', {now})") == "Mon, Nov 30, 09:00 AM"


def test_a_number_is_shown_as_it_is_dialled() -> None:
    assert asked("words.js", "m.dialled('4915112345678')") == "+4915112345678"
    assert asked("words.js", "m.dialled('no number')") == "no number"


VIEWS = "[{hash: '#/'}, {hash: '#/jobs/:id'}, {hash: '#/jobs/:id/recipients'}]"


@pytest.mark.parametrize(
    ("hash_", "found", "params"),
    [
        ("", "#/", {}), ("#/", "#/", {}), ("#/jobs/a%2Fb", "#/jobs/:id", {"id": "a/b"}),
        ("#/jobs/7/recipients?state=failed", "#/jobs/:id/recipients", {"id": "7"}),
        ("#/nothing/here/at/all", "#/", {}), ("#/jobs/%", "#/jobs/:id", {"id": "%"}),
    ],
)  # fmt: skip
def test_an_address_finds_its_view(hash_: str, found: str, params: dict[str, str]) -> None:
    got = asked(
        "router.js",
        f"(({{view, params}}) => [view.hash, {{...params, query: undefined}}])"
        f"(m.matched({VIEWS}, {json.dumps(hash_)}))",
    )
    assert got == [found, params]


def test_every_state_of_the_ledger_has_a_word_and_a_shape_of_its_own() -> None:
    messages = asked("states.js", "m.MESSAGES")
    jobs = asked("states.js", "m.JOBS")
    assert isinstance(messages, dict)
    assert isinstance(jobs, dict)
    assert set(messages) == {str(state) for state in MessageState}
    assert set(jobs) == {str(state) for state in JobState}
    for states in (messages, jobs):
        assert len({state["word"] for state in states.values()}) == len(states)


def test_a_query_leaves_out_what_is_empty() -> None:
    assert asked("api.js", "m.address('/a', {b: '', c: null, d: 0, e: 'x y'})") == "/a?d=0&e=x+y"
