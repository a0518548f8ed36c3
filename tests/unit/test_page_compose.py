"""What composing decides without a browser: lists, orders, what is missing, a plan in words."""

import json

import pytest

from gateway.assets import FOLDER
from gateway.template_views import view
from tests.unit.test_page_modules import asked, pytestmark  # noqa: F401
from tests.unit.test_template_views import template


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (" \n", "empty"),
        ("+49 1511 2345678", "plain"),
        ("+49 1511 2345678, +91", "plain"),  # still being typed
        ("+49 1511 2345678, +49 1511 2345679\n+91 98765 43210", "plain"),
        ("Name;Phone\nAnn;+49 1511 2345678", "table"),
        ("Ann\t+49 1511 2345678\nBo\t+49 1511 2345679", "table"),
        ("Phone\n+49 1511 2345678", "table"),
    ],
)
def test_numbers_alone_are_told_from_a_table(text: str, kind: str) -> None:
    assert asked("compose-list.js", f"m.reading({json.dumps(text)}).kind") == kind


def test_rows_are_read_with_their_lines_quotes_and_blank_lines() -> None:
    text = 'a;b\n\n"x;1\ny ""z""";2\r\nlast;3'
    assert asked("compose-list.js", f"m.rowsOf({json.dumps(text)}, ';')") == [
        {"line": 1, "cells": ["a", "b"]},
        {"line": 3, "cells": ['x;1\ny "z"', "2"]},
        {"line": 5, "cells": ["last", "3"]},
    ]


def test_a_widened_table_keeps_each_row_on_its_line() -> None:
    text = "Name;Phone\n\nAnn;1\nBo"
    wide = asked(
        "compose-list.js", f"m.widened(m.rowsOf({json.dumps(text)}, ';'), 2, ['v'], ['all'])"
    )
    assert wide == '"Name","Phone","all"\n\n"Ann","1","v"\n"Bo","","v"\n'


def test_a_quote_that_nobody_closes_ends_with_its_cell() -> None:
    assert asked("compose-list.js", "m.rowsOf('\"a;b\\nc;d', ';').map((row) => row.cells)") == [
        ['"a', "b"], ["c", "d"],
    ]  # fmt: skip


def test_numbers_of_a_country_that_was_said_are_a_table_of_one_column() -> None:
    read = asked("compose-list.js", "m.reading('0151 1, 0151 2', 'DE')")
    assert isinstance(read, dict)
    assert [row["cells"] for row in read["rows"]] == [["0151 1"], ["0151 2"]]


DRAFT = {
    "id": "d", "from": "100000000000001", "kind": "template", "template": "order_update",
    "language": "en_US", "keys": ["1"], "values": {"1": {"by": "value", "value": "Ann"}},
    "text": "Hello", "previewUrl": False, "label": "", "start": "", "hasWindow": False,
    "windowFrom": "09:00", "windowTo": "20:00", "days": ["mon", "tue", "wed"],
    "zone": "recipient", "zoneColumn": "", "rate": "", "loopSize": "", "pause": "",
}  # fmt: skip
LIST = {"kind": "paste", "name": "", "text": "+49 1511 2345678", "upload": None, "full": None}
PLAIN = {"kind": "plain", "entries": [{"line": 1, "value": "+49 1511 2345678"}]}
SERVICE = {"messagesPerSecond": 10, "loopSize": 200, "loopPauseMs": 2000}


def ordered(draft: object, list_: object = LIST, read: object = PLAIN) -> object:
    return asked(
        "compose-order.js", f"m.orderOf({', '.join(map(json.dumps, (draft, list_, read)))})"
    )


def test_numbers_alone_go_with_the_same_values_for_everybody() -> None:
    order = ordered(DRAFT | {"rate": "5", "pause": "2.5", "start": "2026-11-30T09:00"})
    assert order == {
        "path": "/api/whatsapp/bulk-quick-send",
        "body": {
            "phone_number_id": "100000000000001", "template_name": "order_update",
            "language": "en_US", "variables": {"1": "Ann"}, "recipients_text": "+49 1511 2345678",
            "scheduledAt": "2026-11-30T09:00:00.000Z", "messagesPerSecond": 5, "loopPauseMs": 2500,
        },
    }  # fmt: skip


def test_a_table_goes_by_its_upload_and_its_columns() -> None:
    upload = {"id": "u", "columns": ["Name", "Phone"], "hasHeader": True, "preview": []}
    list_ = LIST | {
        "kind": "file",
        "text": "",
        "name": "l.xlsx",
        "upload": upload,
        "column": "Phone",
    }
    values = {"1": {"by": "column", "value": "", "column": "Name"}}
    order = ordered(DRAFT | {"values": values}, list_, {"kind": "empty"})
    assert isinstance(order, dict)
    assert order["body"]["uploadId"] == "u"
    assert order["body"]["variableMappings"] == {"1": "Name"}


def test_the_same_order_has_the_same_key_and_another_has_another() -> None:
    keys = "['a', 'a', 'b'].map((to) => m.sameOrderSameKey('d', {path: '/', body: {to}}))"
    made = asked("compose-order.js", keys)
    assert isinstance(made, list)
    first, again, other = made
    assert first == again != other
    assert len(first) <= 255


def test_the_same_list_that_is_brought_again_has_the_same_key() -> None:
    lists = [
        {"uploadOf": of, "upload": {"bytes": size, "rows": 2}, "full": full}
        for of, size, full in (("a", 9, None), ("a", 9, None), ("b", 9, None), ("a", 8, None),
                               ("a", 9, {"about": "c"}))
    ]  # fmt: skip
    made = asked(
        "compose-order.js",
        f"{json.dumps(lists)}.map((list, at) =>"
        " m.sameOrderSameKey('d', {path: '/', body: {uploadId: `u${at}`}}, list))",
    )
    assert isinstance(made, list)
    first, again, *others = made
    assert first == again
    assert len({first, *others}) == 4


def problems(**changes: object) -> list[tuple[str, bool]]:
    given = {"draft": DRAFT | changes, "list": LIST, "read": PLAIN, "service": SERVICE}
    found = asked("compose-problems.js", f"m.problemsOf({json.dumps(given)})")
    assert isinstance(found, list)
    return [(problem["field"], problem["isMissing"]) for problem in found]


def test_what_is_missing_is_told_apart_from_what_cannot_be() -> None:
    assert problems() == []
    assert problems(template="") == [("template", True)]
    assert problems(values={}) == [("value:1", True)]
    assert problems(rate="11", loopSize="0.5", pause="1") == [
        ("rate", False), ("loopSize", False), ("pause", False),
    ]  # fmt: skip
    assert problems(start="2020-01-01T09:00") == [("start", False)]
    assert problems(**{"from": "+49 1511"}) == [("from", False)]
    assert problems(hasWindow=True, days=[]) == [("days", False)]


def test_why_a_template_cannot_be_filled_here_is_said_once() -> None:
    why = view(template({"type": "CAROUSEL"})).unsupported
    shown = {"sendable": True, "supported": False, "unsupported": why, "places": list[str]()}
    given = {"draft": DRAFT, "list": LIST, "read": PLAIN, "service": SERVICE, "template": shown}
    found = asked("compose-problems.js", f"m.problemsOf({json.dumps(given)})")
    assert isinstance(found, list)
    assert found[0] == {"field": "template", "message": why, "isMissing": False}


def test_an_upload_of_the_list_as_it_was_before_is_nothing_to_send_to() -> None:
    mapped = DRAFT | {"values": {"1": {"by": "column", "column": "Name"}}}
    program = f"""(async () => {{
      const order = await import({json.dumps((FOLDER / "compose-order.js").as_uri())});
      const draft = {json.dumps(mapped)}, service = {json.dumps(SERVICE)};
      const read = {{kind: "table", rows: []}};
      const upload = {{columns: ["To", "Name"]}};
      const list = {{kind: "paste", name: "", text: "a", column: "To", upload}};
      list.uploadOf = order.aboutOf(list);
      const edited = {{...list, text: "b"}};
      const far = {{...edited, kind: "file", name: "a.xlsx", text: ""}};
      const all = {{draft, read, service}};
      const given = (list, file) => ({{...all, list, file, about: order.aboutOf(list)}});
      const fields = (...args) => m.problemsOf(given(...args)).map((one) => one.field);
      return [fields(list), fields(edited), fields(far, {{}}), fields(far)];
    }})()"""
    assert asked("compose-problems.js", f"await {program}") == [[], ["list"], ["list"], []]


@pytest.mark.parametrize(
    ("error", "message", "field"),
    [
        ("Template parameters do not match", "x (en_US) takes 1; variables lacks 1.", "value:1"),
        ("Rows do not fill the template", "2 rows", "values"),
        ("Bad Request", "scheduledAt is past", "start"),
        ("Bad Request", "something else", None),
    ],
)
def test_a_refusal_is_told_where_it_arose(error: str, message: str, field: str | None) -> None:
    refused = json.dumps({"error": error, "message": message})
    assert asked("compose-problems.js", f"m.fieldOf({refused}, ['1'])") == field


@pytest.mark.parametrize(
    ("total", "said"),
    [
        (3, "1 loop of 3"), (500, "3 loops of 200, 200 and 100"), (400, "2 loops of 200 and 200"),
        (50000, "250 loops of 200"), (1001, "6 loops of 200, the last of 1"),
    ],
)  # fmt: skip
def test_loops_are_said_one_by_one_while_they_are_few(total: int, said: str) -> None:
    assert asked("compose-words.js", f"m.loops({total}, 200)") == said


def test_the_button_says_to_how_many_and_above_fifty_that_it_is_bulk() -> None:
    plan = "({accepted: %d, suppressed: 0})"
    said = [asked("compose-words.js", f"m.sendLabel({plan % n}, 50, false)") for n in (1, 50, 51)]
    assert said == ["Send to 1 recipient", "Send to 50 recipients", "Send in bulk to 51 recipients"]


def test_days_and_hours_are_said_as_people_do() -> None:
    days = "[['mon','tue','wed'], ['fri','mon'], ['mon','tue','wed','thu','fri','sat','sun']]"
    assert asked("compose-words.js", f"{days}.map(m.daysSaid)") == [
        "Mon to Wed", "Mon and Fri", "every day",
    ]  # fmt: skip


def test_what_nothing_fills_stays_open_in_the_preview() -> None:
    pieces = asked("compose-fill.js", "m.filled('Hi {{1}}, {{2}}', {1: 'Ann'})")
    assert isinstance(pieces, list)
    assert "".join(piece["text"] for piece in pieces) == "Hi Ann, {{2}}"
    assert [piece["text"] for piece in pieces if piece["isOpen"]] == ["{{2}}"]


def test_marks_of_whatsapp_are_read_and_lone_ones_are_not() -> None:
    assert asked("compose-fill.js", "m.marked('*a b* 2*3 _c_').map((part) => part.tag)") == [
        "strong", None, "em",
    ]  # fmt: skip


def test_a_column_is_chosen_by_its_name_alone() -> None:
    assert asked("compose-fill.js", "m.columnFor('first_name', ['Phone', 'First name'])") == (
        "First name"
    )
    assert asked("compose-fill.js", "m.columnFor('1', ['1', 'Phone'])") == ""


def test_a_column_is_never_chosen_for_what_is_no_text_or_not_needed() -> None:
    place = "{header: {kind: 'location'}, places: [{key: 'header.name', required: false}]}"
    text = "{header: {kind: 'text'}, places: [{key: 'header.name', required: true}]}"
    columns = "['Name', 'url', 'filename', 'image']"
    chosen = [f"m.columnFor('header.name', {columns}, {template})" for template in (place, text)]
    assert asked("compose-fill.js", f"[{', '.join(chosen)}]") == ["", "Name"]
    others = "['button.0.url', 'header.image', 'header.filename']"
    assert asked("compose-fill.js", f"{others}.map((key) => m.columnFor(key, {columns}))") == [
        "", "", "",
    ]  # fmt: skip


def test_a_draft_of_another_shape_is_left_out() -> None:
    kept = asked(
        "compose-draft.js",
        'm.kept({draft: {getItem: () => \'{"days": "x", "template": "a", "owner": "ann"}\'},'
        " list: {getItem: () => '{'}}, 'id', 'ann').draft",
    )
    assert isinstance(kept, dict)
    assert (kept["template"], len(kept["days"]), kept["id"]) == ("a", 7, "id")


def test_what_somebody_else_was_writing_is_not_shown() -> None:
    theirs = '{getItem: () => \'{"text": "+49 1511 2345678", "owner": "ann"}\'}'
    storages = f"{{draft: {theirs}, list: {theirs}}}"
    for owner, text in (("ann", "+49 1511 2345678"), ("ben", "")):
        kept = f"m.kept({storages}, 'id', '{owner}')"
        texts = asked("compose-draft.js", f"[{kept}.draft.text, {kept}.list.text]")
        assert texts == [text, text]


def test_sentences_for_programs_lose_their_addresses() -> None:
    said = asked(
        "compose-said.js", "m.plainly('no country code: write it with + or set DEFAULT_REGION')"
    )
    assert said == "no country code: write it with +"


def test_a_no_is_not_shown_as_the_plan_while_a_new_one_is_worked_out() -> None:
    context = "{problems: [], plan: {state, answer: {message: 'no'}}, asks: {plan: {ask() {}}}}"
    kept = f"['refused', 'lost', 'told'].map((state) => {{ const ctx = {context};"
    kept += " m.askPlan(ctx); return Boolean(ctx.plan.answer); })"
    assert asked("compose-planner.js", kept) == [False, False, True]
