"""The command line's pure parts: options, orders, refusals in words, lines, exit codes."""

import io
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cli import arguments, completion, order
from cli.answers import Refused, Unreachable, refusal
from cli.arguments import parser
from cli.exits import MEANINGS, Exit, of_end, of_status
from cli.export import format_of
from cli.following import lines_of as stream_lines
from cli.options import days
from cli.place import DEFAULT_URL, Place, Wrong, place_of
from cli.told import exit_of, lines_of
from cli.words import clean, clock
from schemas.upload_api import Upload
from schemas.version import VERSION

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "cli.md").read_text()
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def options(*words: str) -> Any:
    return parser().parse_args(words)


def upload(**more: Any) -> Upload:
    fields: dict[str, Any] = {
        "id": "0b8f6c1e-6d1c-4c55-9c2b-6a3d1f2f9a11", "filename": "list.csv", "format": "csv",
        "encoding": "utf-8", "delimiter": "comma", "sheet": None, "sheets": [], "hasHeader": True,
        "columns": ["Name", "Phone"], "numberColumn": "Phone", "region": None,
        "countryProblem": None, "rows": 2, "valid": 2, "duplicates": 0, "rejected": [],
        "rejectedTotal": 0, "suppressed": 0, "preview": [], "warnings": [], "bytes": 9,
        "createdAt": NOW, "expiresAt": NOW,
    }  # fmt: skip
    return msgspec.convert(fields | more, Upload)


def test_the_gateway_is_on_this_machine_unless_it_is_said_where() -> None:
    assert place_of({"LOOPCAST_URL": " "}) == Place(DEFAULT_URL, None)
    said = {"LOOPCAST_URL": "https://a.example/loopcast/", "LOOPCAST_KEY": "secret-1"}
    assert place_of(said) == Place("https://a.example/loopcast", "secret-1")


@pytest.mark.parametrize(
    "said",
    [{"LOOPCAST_URL": "127.0.0.1:8080"}, {"LOOPCAST_URL": "ftp://a"}, {"LOOPCAST_URL": "http://"},
     {"LOOPCAST_URL": "http://a:port"}, {"LOOPCAST_URL": "http://a/?b=1"},
     {"LOOPCAST_KEY": "two words"}, {"LOOPCAST_KEY": "a\nb"}],
)  # fmt: skip
def test_a_setting_that_is_none_is_told(said: dict[str, str]) -> None:
    assert isinstance(wrong := place_of(said), Wrong)
    assert next(iter(said)) in wrong.sentence


def test_a_key_is_in_no_representation() -> None:
    assert "secret-1" not in repr(place_of({"LOOPCAST_KEY": "secret-1"}))


def test_numbers_become_the_quick_form_and_text_the_direct_one() -> None:
    said = options("send", "-t", "welcome", "--var", "1=a=b", "--rate", "5", "--at", "soon")
    assert order.of_numbers(said, "1", "+49 1511 2345678") == (
        order.QUICK,
        {"phone_number_id": "1", "template_name": "welcome", "variables": {"1": "a=b"},
         "recipients_text": "+49 1511 2345678", "messagesPerSecond": 5, "scheduledAt": "soon"},
    )  # fmt: skip
    said = options("send", "--text", "We open at nine.", "--campaign", "x")
    assert order.of_numbers(said, "1", "+1, +2\n\n+3;") == (
        order.DIRECT,
        {"phone_number_id": "1", "recipients": ["+1", "+2", "+3"], "campaignId": "x",
         "message": {"kind": "text", "text": {"body": "We open at nine."}}},
    )  # fmt: skip


def test_rows_become_the_customize_form_with_the_guessed_column() -> None:
    said = options(
        "send", "list.csv", "-t", "sale", "--map", "1=Name", "--window", "09:00-20:00", "--days",
        "mon-fri", "--no-header", "--pause-ms", "0",
    )  # fmt: skip
    form = order.of_rows(said, "1", upload())
    assert form == (
        order.CUSTOMIZE,
        {"phoneNumberId": "1", "templateName": "sale", "uploadId": str(upload().id),
         "recipientColumn": "Phone", "variableMappings": {"1": "Name"}, "hasHeader": False,
         "loopPauseMs": 0, "window": {"from": "09:00", "to": "20:00", "zone": "recipient",
                                      "days": ["mon", "tue", "wed", "thu", "fri"]}},
    )  # fmt: skip
    assert order.upload_query(said, "list.csv") == {"filename": "list.csv", "hasHeader": "false"}


def test_a_column_that_is_not_there_is_told_with_those_that_are() -> None:
    said = options("send", "list.csv", "-t", "sale", "--map", "1=Nam")
    assert isinstance(wrong := order.of_rows(said, "1", upload()), Wrong)
    assert "no column Nam. The columns are: Name, Phone." in wrong.sentence
    said = options("send", "list.csv", "-t", "sale")
    assert isinstance(wrong := order.of_rows(said, "1", upload(numberColumn=None)), Wrong)
    assert f"--upload {upload().id}" in wrong.sentence


@pytest.mark.parametrize(
    ("words", "says"),
    [(("list.csv",), "--template or --text"), (("-t", "a", "--text", "b"), "either"),
     (("list.csv", "--text", "a"), "standard input"), (("list.csv", "-t", "a", "--var", "1=b"),
     "--map"), (("-t", "a", "--map", "1=b"), "need rows"), (("a", "-t", "b", "--upload", "c"),
     "either a FILE"), (("-t", "a", "--days", "mon"), "--window")],
)  # fmt: skip
def test_options_that_do_not_go_together_are_told(words: tuple[str, ...], says: str) -> None:
    assert (wrong := order.what_is_wrong(options("send", *words)))
    assert says in wrong.sentence


def test_days_are_named_one_by_one_or_as_a_stretch() -> None:
    assert days("sat-mon,Wed") == ["sat", "sun", "mon", "wed"]
    assert days("mon,mon-tue") == ["mon", "tue"]


@pytest.mark.parametrize(
    "words",
    [("send", "--days", "monday"), ("send", "--window", "9-20"), ("send", "--map", "Name"),
     ("send", "--rate", "0"), ("send", "--rate", "²"), ("jobs", "--limit", "-1"), ("nothing",),
     (), ("suppress",), ("cancel",), ("send", "--templ", "a")],
)  # fmt: skip
def test_a_command_that_is_none_ends_with_two(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        options(*words)
    assert ended.value.code == Exit.USAGE
    assert "usage: loopcast" in capsys.readouterr().err


def test_a_file_of_an_export_is_what_it_is_called_unless_it_is_said() -> None:
    assert format_of(options("export", "last")) == "csv"
    assert format_of(options("export", "last", "-o", "a.XLSX")) == "xlsx"
    assert format_of(options("export", "last", "-o", "a.xlsx", "--format", "csv")) == "csv"
    assert format_of(options("export", "last", "-o", "a.txt")) == "csv"


def test_a_refusal_is_its_sentence_its_rows_and_what_to_do() -> None:
    body = msgspec.json.encode({
        "error": "Rows do not fill the template", "message": "2 rows do not.",
        "details": {"rows": [{"line": 7, "value": "+49", "reason": "it is empty"}], "rowsTotal": 2},
    })  # fmt: skip
    no = refusal(429, body, {"Retry-After": "5"})
    assert lines_of(no) == [
        "Rows do not fill the template: 2 rows do not.", "  line 7, +49: it is empty",
        "  rowsTotal: 2", "  Try again in 5 s.",
    ]  # fmt: skip
    assert exit_of(no) is Exit.UNREACHABLE


def test_a_refusal_names_options_as_they_are_typed_here() -> None:
    said = "Bring it with ?hasHeader=false, ?encoding=utf-16-le. GET /api/pause tells."
    no = Refused(status=400, error="Bad Request", message=said)
    told = "Bring it with --no-header, --encoding utf-16-le. `loopcast pause --show` tells."
    assert lines_of(no) == [f"Bad Request: {told}"]


def test_an_answer_of_something_else_asks_whether_the_address_is_right() -> None:
    assert "LOOPCAST_URL" in refusal(502, b"<html>\xff", {}).message
    assert "https://b/" in refusal(301, b"", {"Location": "https://b/"}).message


def test_a_gateway_that_is_not_there_is_told_with_how_to_start_one() -> None:
    no = Unreachable("http://127.0.0.1:9", "Connection refused")
    assert "loopcast up" in "".join(lines_of(no))
    assert exit_of(no) is Exit.UNREACHABLE


def test_a_missing_key_says_where_it_is_set() -> None:
    no = Refused(status=401, error="Authentication required", message="No key.")
    assert any("LOOPCAST_KEY" in line for line in lines_of(no))


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, 3), (401, 5), (403, 5), (404, 4), (408, 6), (409, 3), (413, 3), (422, 3), (429, 6),
     (500, 6), (503, 6), (301, 3)],
)  # fmt: skip
def test_a_status_is_an_exit_code(status: int, code: int) -> None:
    assert of_status(status) == code


def test_the_end_of_a_job_is_an_exit_code() -> None:
    ends = [("completed", 0), ("completed", 1), ("failed", 3), ("canceled", 0)]
    assert [of_end(*end) for end in ends] == [Exit.DONE, Exit.MISSED, Exit.MISSED, Exit.CANCELED]


async def test_lines_of_a_stream_may_be_long_and_come_in_pieces() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"id: 1\nda", b"ta: ", b"x" * 2**20, b"\n\n", b": ping\n", b"data: cut"):
            yield piece

    lines = [line async for line in stream_lines(pieces())]
    assert lines == [b"id: 1", b"data: " + b"x" * 2**20, b"", b": ping"]


async def test_a_stream_that_ends_no_line_is_given_up() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        while True:
            yield bytes(2**20)

    with pytest.raises(OSError, match="no frames"):
        await anext(stream_lines(pieces()))


def test_what_others_wrote_moves_no_cursor() -> None:
    assert clean("a\x1b[2Jb\nc") == "a�[2Jb�c"


def test_a_clock_has_hours_where_there_are_any() -> None:
    assert [clock(seconds) for seconds in (0, 59.6, 754, 11220)] == [
        "0:00", "1:00", "12:34", "3:07:00",
    ]  # fmt: skip


def test_the_document_has_every_exit_code_and_every_command() -> None:
    rows = [f"| {code} | {meaning} |" for code, meaning in MEANINGS.items()]
    assert [row for row in rows if row not in DOCUMENT] == []
    paths = [path for path, _ in completion.parsers(parser(), "")]
    names = [path.strip("/").replace("/", " ") for path in paths if path.count("/") == 1]
    assert [name for name in names if f"`{name}`" not in DOCUMENT] == []


@pytest.mark.parametrize("found", [p for _, p in completion.parsers(parser(), "")])
def test_every_help_can_be_read(found: Any) -> None:
    text = found.format_help()
    assert "usage: loopcast" in text
    assert arguments.ABOUT in text or found.description in text


@pytest.mark.parametrize("found", [found for _, found in completion.parsers(parser(), "")])
def test_every_help_fits_a_terminal_of_80_columns_and_has_examples(
    found: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = found.format_help()
    assert max(map(len, text.splitlines())) <= 80
    assert "\nexamples:\n  " in text


def test_no_command_needs_rich(tmp_path: Path) -> None:
    without = "import sys; sys.modules['rich'] = None; from cli.__main__ import main"
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"{without}; sys.exit(main(['completion', 'bash']))"],
        cwd=tmp_path, env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}, text=True,
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert "complete -o bashdefault" in done.stdout


def test_the_launcher_names_what_is_missing(tmp_path: Path) -> None:
    launcher = tmp_path / "loopcast"
    launcher.write_text((ROOT / "loopcast").read_text())
    launcher.chmod(0o755)
    done = subprocess.run([launcher], capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, io.StringIO(done.stderr).readline()) == (
        Exit.SETTINGS, f"loopcast: .venv is missing; run: make -C {tmp_path} install\n",
    )  # fmt: skip


@pytest.mark.parametrize(("command", "module"), [("up", "local"), ("doctor", "doctor")])
def test_programs_of_the_checkout_take_over_with_their_own_options(
    command: str, module: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "cli", command, "--help"], cwd=tmp_path, text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}, capture_output=True,
        check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.startswith(f"usage: python -m deploy.{module}")


def test_the_command_line_says_which_loopcast_it_is_of(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"loopcast {VERSION}\n")
