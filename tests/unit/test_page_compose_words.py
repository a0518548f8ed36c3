"""What composing says before anything is sent: a plan, who is left out, what was sent today."""

import json

from tests.unit.test_page_modules import asked, pytestmark  # noqa: F401


def said(expression: str) -> object:
    return asked("compose-said.js", expression)


def test_loops_and_recipients_agree_when_somebody_has_opted_out() -> None:
    plan = "{accepted: 488, loopSize: 200, suppressed: %d}"
    assert [asked("compose-words.js", f"m.loopsSaid({plan % out})") for out in (0, 1, 2)] == [
        "3 loops of 200, 200 and 88",
        "3 loops of 200, 200 and 88, with 1 who has opted out and is skipped",
        "3 loops of 200, 200 and 88, with 2 who have opted out and are skipped",
    ]


def test_who_is_left_out_is_said_in_sentences() -> None:
    plan = "{duplicates: 6, rejectedTotal: 1, suppressed: 1}"
    assert asked("compose-words.js", f"m.leftOut({plan}, 6)") == [
        "1 line rejected: it gets nothing.",
        "6 numbers come twice: only the first row of each is sent.",
        "1 recipient opted out, and will be skipped.",
    ]


def test_rows_are_not_called_numbers_where_one_may_come_three_times() -> None:
    assert said("[m.twiceSaid(1), m.twiceSaid(6, 5)]") == [
        "1 number comes twice: only its first row is sent.",
        "6 rows have a number that came before: only the first row of each number is sent.",
    ]


def test_a_row_that_lacks_a_value_is_named_by_line_number_and_column() -> None:
    row = {"line": 27, "value": "+49 1511 2000175", "reason": 'the column "name" is empty'}
    assert said(f"m.rowSaid({json.dumps(row)})") == "Line 27 (+49 1511 2000175): name is empty"


def test_rows_that_the_plan_alone_rejects_are_named() -> None:
    row = "{line: 14, value: '0151', reason: 'x'}"
    zone = "{line: 61, value: '+1 800 5551234', reason: 'no time zone'}"
    plan = f"{{rejectedTotal: 2, rejected: [{row}, {zone}]}}"
    check = f"{{state: 'told', rejectedTotal: 1, rejected: [{row}]}}"
    found = f"[m.rejectedBesides({plan}, {check}), m.rejectedBesides({plan}, null)]"
    assert said(f"{found}.map((rows) => rows.map((row) => row.line))") == [[61], []]


def test_words_for_programs_are_not_told_to_people() -> None:
    reasons = ["no country code: write it with + or set DEFAULT_REGION", "too short for +49"]
    assert said(f"{json.dumps(reasons)}.map((reason) => m.ownNumberSaid(reason))") == [
        "Write it with + and the country code.", "Too short for +49.",
    ]  # fmt: skip
    zone = "nobody knows it: give its zone in a zoneColumn, or one zone for all"
    assert "zoneColumn" not in str(said(f"m.plainly({json.dumps(zone)})"))
    one = "1 of the numbers have no country code. If they are all of one country, bring the file"
    assert str(said(f"m.plainly({json.dumps(one)})")).startswith("1 of the numbers has no")


def test_a_text_without_numbers_is_told_from_a_list_with_wrong_ones() -> None:
    check = "{valid: 0, rejectedTotal: 1, rejected: [{reason: 'x'}]}"
    entries = "[[{value: 'Dear all'}], [{value: '+49 12'}], [{value: 'Ann 0151 123'}]]"
    assert said(f"{entries}.map((some) => m.isNumberless({check}, some))") == [True, False, False]
    none = "no column looks like phone numbers: name it with ?numberColumn="
    table = f"{{valid: 0, rejectedTotal: 1, rejected: [{{reason: {json.dumps(none)}}}]}}"
    assert said(f"m.isNumberless({table})") is True


def test_a_sending_number_is_called_by_its_name_and_number() -> None:
    number = {"phoneNumberId": "100", "name": None, "verifiedName": None, "enabled": True}
    known = number | {"verifiedName": "Shop", "displayPhoneNumber": "+1 555-078-3881"}
    named = number | {"name": "Support", "displayPhoneNumber": None, "enabled": False}
    assert said(f"{json.dumps([number, known, named])}.map((one) => m.numberSaid(one))") == [
        "100", "Shop, +1 555-078-3881", "Support, id 100: takes no new jobs",
    ]  # fmt: skip


def test_the_first_words_of_a_template_end_with_a_word() -> None:
    assert said("m.firstWords('Hi {{1}}, your order {{2}} is on its way.\\nThank you.')") == (
        "Hi {{1}}, your order {{2}} is on its\u2026"
    )
    assert said("m.firstWords('Hello\\nWorld')") == "Hello World"


NOW = "2026-11-29T12:00:00Z"
JOB = {
    "jobId": "j", "template": "order_update", "isTest": False, "state": "completed", "sent": 480,
    "unknown": 8, "queued": 0, "sending": 0, "campaignName": "Abholung Freitag",
    "createdAt": "2026-11-29T01:59:00Z", "startedAt": "2026-11-29T02:00:00Z",
    "finishedAt": "2026-11-29T02:01:00Z",
}  # fmt: skip


def repeats(*changes: dict[str, object]) -> object:
    jobs = json.dumps([JOB | change for change in changes])
    found = f"m.repeatsOf({jobs}, 'order_update', new Date('{NOW}'))"
    return asked("compose-repeats-words.js", f"{found}.length")


def test_only_jobs_of_today_that_reach_somebody_with_the_same_template_count() -> None:
    assert repeats({}) == 1
    assert repeats({"finishedAt": "2026-11-28T11:00:00Z"}) == 0
    assert repeats({"template": "order_update_2"}, {"isTest": True}, {"sent": 0, "unknown": 0}) == 0
    waiting = {"state": "queued", "sent": 0, "unknown": 0, "queued": 5, "finishedAt": None}
    assert repeats(waiting | {"createdAt": "2026-11-01T11:00:00Z"}) == 1
    assert repeats(waiting | {"state": "canceled"}) == 0


def test_an_earlier_job_is_said_with_its_size_time_and_name() -> None:
    told = f"m.repeatSaid({json.dumps(JOB)}, new Date('{NOW}'))"
    assert asked("compose-repeats-words.js", told) == (
        "order_update went to 488 recipients at 02:00 AM (Abholung Freitag)."
    )
