"""The doctor's sentences on numbers, streams, clocks and the rest, and how they look."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from nats.js import api

from deploy import doctor_view
from deploy.checks import clock, graph, meta, nats, postgres, processes, streams
from deploy.checks.graph import No
from deploy.checks.http import Answer, NoAnswer
from deploy.checks.number import Number, of_number
from deploy.checks.patient import Patient, default_gateway_url
from deploy.checks.result import Level, Result, note, ok, warning, wrong
from deploy.doctor import Check, examine
from plumbing.migrations import known as migrations
from plumbing.streams import stream_config
from schemas.settings import Gateway
from schemas.subjects import STREAMS
from tests.doctors import NUMBER, patient, said

NEWEST = migrations()[-1].version


def number_lines(environ: dict[str, str] | None = None, **changes: Any) -> list[Result]:
    number = msgspec.convert({**NUMBER, **changes}, Number)
    return list(of_number(number, patient(**(environ or {})).daemon))


def test_a_number_in_good_health_is_one_line() -> None:
    assert number_lines() == [
        ok("The number is +1 555-078-3881 (Shop), quality GREEN, 1,000 people in 24 hours.")
    ]


@pytest.mark.parametrize(
    ("changes", "environ", "level", "words"),
    [
        ({"quality_rating": "YELLOW"}, {}, Level.WARNING, "Its quality is YELLOW"),
        ({"quality_rating": "RED"}, {}, Level.WARNING, "Meta may pause templates"),
        ({"status": "BANNED"}, {}, Level.WRONG, "The number is BANNED"),
        ({"name_status": "DECLINED"}, {}, Level.WARNING, "Its display name is DECLINED"),
        ({}, {"BULK_MESSAGES_PER_SECOND": "81"}, Level.WARNING, "may send 80 a second (STANDARD)"),
        ({"throughput": {"level": "NOT_APPLICABLE"}}, {}, Level.NOTE, "NOT_APPLICABLE"),
        ({}, {"MESSAGING_LIMIT": "2000"}, Level.WARNING, "Meta allows 1,000 people a day"),
    ],
)  # fmt: skip
def test_what_is_not_well_with_a_number_is_a_line(
    changes: dict[str, Any], environ: dict[str, str], level: Level, words: str
) -> None:
    _, result = number_lines(environ, **changes)
    assert result.level is level
    assert words in result.said


def test_a_high_throughput_takes_a_high_pace() -> None:
    assert len(number_lines({"BULK_MESSAGES_PER_SECOND": "900"}, throughput={"level": "HIGH"})) == 1


@pytest.mark.parametrize(
    ("tier", "words"),
    [
        ("TIER_UNLIMITED", "any number of people"),
        ("TIER_100K", "100,000 people"),
        (None, "not told"),
    ],
)
def test_the_messaging_limit_is_told_in_words(tier: str | None, words: str) -> None:
    assert words in number_lines(whatsapp_business_manager_messaging_limit=tier)[0].said


@pytest.mark.parametrize(
    ("status", "code", "level", "words"),
    [(401, 190, Level.WRONG, "META_ACCESS_TOKEN is not taken"),
     (401, None, Level.WRONG, "META_ACCESS_TOKEN is not taken"),
     (403, 200, Level.WRONG, "the token may not ask"),
     (400, 100, Level.WRONG, "there is none of this id"),
     (503, 2, Level.WARNING, "Meta cannot say just now"),
     (502, None, Level.WARNING, "Meta cannot say just now"),
     (418, 7, Level.WRONG, "It: 7 no")],
)  # fmt: skip
def test_a_no_of_metas_says_whose_fault_it_is(
    status: int, code: int | None, level: Level, words: str
) -> None:
    body = (
        b"<html>"
        if code is None
        else json.dumps({"error": {"code": code, "message": "no"}}).encode()
    )
    no = graph.read(Answer(status, {}, body), Number)
    assert isinstance(no, No)
    result = graph.result_of(no, "It", "SETTING")
    assert (result.level, bool(result.do)) == (level, True)
    assert words in result.said


def test_the_secret_is_judged_by_what_meta_says_of_its_proof() -> None:
    bad, other = No(100, 400, "100 Invalid appsecret_proof provided"), No(2, 503, "2 busy")
    assert said(meta.of_secrets([Number()])) == [
        "META_APP_SECRET is the secret of the token's app."
    ]
    assert meta.of_secrets([other]) == []
    assert [result.level for result in meta.of_secrets([bad])] == [Level.WRONG]
    assert said(meta.of_secrets([Number(), bad]), Level.NOTE) == [
        "Of META_APP_SECRET, number 2 is not that of the token's app now."
    ]


def config(place: int, **changes: Any) -> api.StreamConfig:
    """As our own processes make it."""
    made = stream_config(STREAMS[place], 1)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_stream_as_we_make_it_has_no_difference(place: int) -> None:
    assert list(streams.differences(config(place), STREAMS[place])) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"retention": api.RetentionPolicy.LIMITS}, "retention is limits, not workqueue"),
     ({"max_msgs_per_subject": -1}, "max_msgs_per_subject is -1, not 1"),
     ({"discard_new_per_subject": None}, "discard_new_per_subject is False, not True"),
     ({"storage": api.StorageType.MEMORY}, "storage is memory, not file"),
     ({"subjects": ["other.>"]}, "subjects is ['other.>'], not ['bulk.jobs.*']")],
)  # fmt: skip
def test_a_stream_that_differs_says_in_what(changes: dict[str, Any], words: str) -> None:
    assert list(streams.differences(config(0, **changes), STREAMS[0])) == [words]


def info(place: int, used: int, **changes: Any) -> api.StreamInfo:
    state = api.StreamState(messages=3, bytes=used, first_seq=1, last_seq=3, consumer_count=1)
    return api.StreamInfo(config=config(place, **changes), state=state)


def test_a_stream_that_takes_no_more_when_full_is_told_of_in_time() -> None:
    (result,) = streams.of_stream(info(2, 900 * 2**20), STREAMS[2], 1)
    assert (result.level, "88% full" in result.said) == (Level.WARNING, True)
    (result,) = streams.of_stream(info(2, 9 * 2**20), STREAMS[2], 1)
    assert result == ok("Stream BULK_RECEIPTS: 3 messages, 9 MB of 1 GB.")


def test_copies_that_are_missing_offline_or_behind_are_told_of() -> None:
    found = info(0, 0, num_replicas=3)
    found.cluster = api.ClusterInfo(
        replicas=[api.PeerInfo(name="n2", current=False), api.PeerInfo(name="n3", offline=True)]
    )
    assert said(list(streams.of_stream(found, STREAMS[0], 3)), Level.WARNING) == [
        "The copy of BULK_JOBS on n2 is behind.", "The copy of BULK_JOBS on n3 is offline.",
    ]  # fmt: skip
    (result,) = streams.of_stream(info(0, 0), STREAMS[0], 3)
    assert result.said == "The stream BULK_JOBS has 1 copies, and NATS_REPLICAS is 3."


@pytest.mark.parametrize(
    ("version", "level"),
    [((2, 11, 9), Level.WRONG), ((2, 12, 0), Level.WARNING), ((2, 15, 1), Level.OK),
     ((3, 0, 0), Level.OK)],
)  # fmt: skip
def test_an_old_nats_server_is_told_of(version: tuple[int, int, int], level: Level) -> None:
    assert [result.level for result in nats.of_version(version, "n:4222")] == [level]


@pytest.mark.parametrize(
    ("applied", "level", "words"),
    [(list(range(1, NEWEST + 1)), Level.OK, "this version's"),
     (list(range(1, NEWEST)), Level.WRONG, "is older than this Loopcast: migration"),
     ([1, *range(3, NEWEST + 2)], Level.WRONG, "migration 0002 is of"),
     (list(range(1, NEWEST + 3)), Level.WARNING, "is newer than this Loopcast: migrations"),
     (None, Level.WRONG, "has no schema yet")],
)  # fmt: skip
def test_migrations_are_compared(applied: list[int] | None, level: Level, words: str) -> None:
    (result,) = postgres.of_schema(applied)
    assert result.level is level
    assert words in result.said


@pytest.mark.parametrize(
    ("connections", "daemons", "level", "words"),
    [(30, 0, Level.WRONG, "too few"), (31, 1, Level.OK, "a daemon"), (97, 4, Level.OK, "4 daemons"),
     (97, 5, Level.WARNING, "5 daemons run")],
)  # fmt: skip
def test_the_pools_are_held_against_what_the_server_allows(
    connections: int, daemons: int, level: Level, words: str
) -> None:
    (result,) = postgres.of_room(connections, daemons)
    assert result.level is level
    assert words in result.said


def test_a_server_is_told_of_with_all_that_is_wrong_with_it() -> None:
    server = {
        "version_number": 130_012, "version": "13.12", "database": "x", "role": "me",
        "is_standby": True, "is_read_only": True, "encoding": "SQL_ASCII", "has_schema": False,
        "may_create": False,
    }  # fmt: skip
    results = list(postgres.of_server(server, "db:5432"))
    assert [result.level for result in results] == [Level.WRONG] * 4
    fine = {**server, "version_number": 180_006, "is_standby": False, "is_read_only": False,
            "encoding": "UTF8", "may_create": True}  # fmt: skip
    assert [result.level for result in postgres.of_server(fine, "db:5432")] == [Level.OK]


@pytest.mark.parametrize(
    ("seconds", "level", "words"),
    [
        (0.5, Level.OK, "agree"),
        (3, Level.WARNING, "3 s ahead of"),
        (-90, Level.WRONG, "90 s behind"),
    ],
)
def test_a_clock_that_is_off_is_told_of(seconds: float, level: Level, words: str) -> None:
    result = clock.judged(seconds, "PostgreSQL's", clock.NOTICED_SECONDS)
    assert result.level is level
    assert words in result.said


def test_what_the_way_took_is_no_skew() -> None:
    asked = datetime(2026, 11, 25, tzinfo=UTC)
    answered = asked + timedelta(seconds=8)
    assert clock.skew_seconds(asked, asked + timedelta(seconds=5), answered) == 0
    assert clock.skew_seconds(asked, asked + timedelta(seconds=11), answered) == 3
    assert clock.skew_seconds(asked, asked - timedelta(seconds=4), answered) == -4


@pytest.mark.parametrize(
    ("answer", "sessions", "level", "words"),
    [(Answer(200, {}, b""), 0, Level.OK, "is ready"),
     (Answer(503, {}, b'{"status": "not ready", "postgres": "ok", "jetstream": "no connection"}'),
      1, Level.WRONG, "not ready: jetstream: no connection."),
     (Answer(503, {}, b"<html>"), 1, Level.WRONG, "it does not say why"),
     (Answer(404, {}, b""), 1, Level.WRONG, "is no gateway (HTTP 404)"),
     (NoAnswer("refused"), 2, Level.NOTE, "A gateway works on this database"),
     (NoAnswer("refused"), None, Level.WRONG, "No gateway answers")],
)  # fmt: skip
def test_a_gateway_is_judged_by_its_own_word(
    answer: Answer | NoAnswer, sessions: int | None, level: Level, words: str
) -> None:
    result = processes.of_gateway(answer, "http://g:1", sessions)
    assert result.level is level
    assert words in result.said


def test_daemons_are_counted() -> None:
    found = [processes.of_daemons(count) for count in (None, 0, 1, 2)]
    assert [result.level for result in found] == [Level.NOTE, Level.WRONG, Level.OK, Level.OK]
    assert said(found)[2:] == ["1 daemon runs.", "2 daemons run."]


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("10.1.2.3", "http://10.1.2.3:8080"),
    ],
)
def test_a_gateway_is_asked_where_it_listens(host: str, url: str) -> None:
    assert default_gateway_url(Gateway(host=host)) == url


async def breaks(_: Patient) -> list[Result]:
    raise RuntimeError("a fault")


async def hangs(_: Patient) -> list[Result]:
    await asyncio.Event().wait()
    raise AssertionError


async def answers(_: Patient) -> list[Result]:
    return [ok("Fine.")]


async def test_a_check_that_breaks_or_hangs_hides_no_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error, report = RuntimeError("a fault"), "A fault of the doctor's: report it."
    checks = [Check("broken", breaks), Check("stuck", hangs, 0.01), Check("fine", answers)]
    sections = await examine(patient(), checks, as_json=False)
    assert [(name, found[0].level) for name, found in sections] == [
        ("broken", Level.WRONG), ("stuck", Level.WRONG), ("fine", Level.OK),
    ]  # fmt: skip
    assert capsys.readouterr().out.splitlines() == [
        f"wrong    broken      This check broke: {error!r}. {report}",
        "wrong    stuck       No answer within 0 s. Ask again; the others have been heard.",
        "ok       fine        Fine.",
        "2 wrong.",
    ]


RESULTS = [
    ok("Fine."),
    note("So it is."),
    warning("Careful " * 12 + "now.", "Do it."),
    wrong("No.", ""),
]


def test_a_terminal_gets_chapters_that_fit_its_width() -> None:
    lines = list(doctor_view.pretty("nats", RESULTS, width=40, color=False))
    assert lines[:4] == ["", "  NATS", "  ok       Fine.", "  note     So it is."]
    assert lines[4].startswith("  warning  Careful Careful")
    assert all(len(line) <= 41 for line in lines)
    assert "           → Do it." in lines
    assert "\x1b[1;31mwrong  \x1b[0m" in "\n".join(
        doctor_view.pretty("nats", RESULTS, width=40, color=True)
    )


def test_scripts_get_one_object() -> None:
    told = json.loads(doctor_view.as_json([("nats", RESULTS)]))
    assert (told["well"], told["wrong"], told["warning"], told["note"], told["ok"]) == (
        False,
        1,
        1,
        1,
        1,
    )
    assert told["lines"][3] == {"check": "nats", "level": "wrong", "said": "No.", "do": ""}
    assert json.loads(doctor_view.as_json([]))["well"] is True


def test_the_last_line_counts() -> None:
    assert doctor_view.summary(RESULTS[:2]) == "All is well."
    assert doctor_view.summary(RESULTS) == "1 wrong, 1 warning."
    assert doctor_view.summary(RESULTS[2:3] * 2) == "2 warnings."
