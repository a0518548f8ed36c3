"""What a table is, from its first rows; and what would become of each row."""

from uuid import UUID

import pytest

from gateway.guesses import Layout, Wishes, layout_of, names_of, width_of
from gateway.numbers import Invalid, Numbers
from gateway.picks import FromUpload, Picks, missing
from gateway.recipients import Entry
from gateway.upload_counts import Tally
from gateway.upload_rows import Row
from schemas.column_names import likeness

NUMBERS, INDIA = Numbers(), Numbers("IN")
A, B = "+49 1511 2345678", "+91 98765 43210"


def rows(*cells: list[str]) -> list[Row]:
    return [Row(line, list(row)) for line, row in enumerate(cells, 1)]


def layout(*cells: list[str], wishes: Wishes | None = None, numbers: Numbers = NUMBERS) -> Layout:
    table = rows(*cells)
    made = layout_of(table, width_of(table), wishes or Wishes(), numbers)
    assert isinstance(made, Layout), made
    return made


@pytest.mark.parametrize(
    "name",
    ["Phone", "phone_number", "Handynummer", "Téléphone", "Teléfono móvil", "телефон",
     "رقم الهاتف", "手机号", "Customer phone (private)", "MOBILE NO."],
)  # fmt: skip
def test_columns_of_numbers_are_known_by_name_in_several_languages(name: str) -> None:
    assert likeness(name) > 0


@pytest.mark.parametrize("name", ["Name", "Order", "City", "Total", "", "日付"])
def test_other_columns_are_not(name: str) -> None:
    assert likeness(name) == 0


def test_a_column_that_is_called_so_and_is_so_is_taken() -> None:
    made = layout(["Order", "Mobile"], ["16505551234", A], ["16505551235", B])
    assert (made.has_header, made.number_column) == (True, 1)


def test_numbers_are_found_without_a_name_for_them() -> None:
    assert layout(["Name", "X"], ["Ann", A], ["Bo", B]).number_column == 1


def test_a_name_alone_is_enough_where_the_country_is_missing() -> None:
    assert layout(["Name", "Telefon"], ["Ann", "0170 1234567"]).number_column == 1


def test_a_name_does_not_win_over_what_is_in_the_column() -> None:
    assert layout(["To", "X"], ["Ann", A], ["Bo", B]).number_column == 1


def test_no_column_is_guessed_where_none_looks_like_it() -> None:
    assert layout(["Name", "City"], ["Ann", "Kiel"]).number_column is None


def test_a_first_row_with_a_number_is_no_header() -> None:
    made = layout(["Ann", A], ["Bo", B])
    assert made == Layout(["Column 1", "Column 2"], has_header=False, number_column=1)


def test_a_first_row_with_a_misspelt_number_is_no_header() -> None:
    made = layout(["Ann", "+49 17O 12345"], ["Bo", B], ["Cy", A])
    assert not made.has_header


def test_the_guess_of_a_header_can_be_overruled() -> None:
    made = layout(["Ann", A], ["Bo", B], wishes=Wishes(has_header=True))
    assert made.columns == ["Ann", A]


def test_a_column_can_be_named_and_must_be_there() -> None:
    table = rows(["Name", "X"], ["Ann", A])
    assert layout_of(table, 2, Wishes(number_column="Name"), NUMBERS) == Layout(
        ["Name", "X"], has_header=True, number_column=0
    )
    assert layout_of(table, 2, Wishes(number_column="Y"), NUMBERS) == (
        'The file has no column "Y"; its columns are: Name, X.'
    )


def test_columns_have_names_that_differ() -> None:
    assert names_of(["Name", "", "Name", " Na  me "], 5, has_header=True) == [
        "Name", "Column 2", "Name (2)", "Na me", "Column 5",
    ]  # fmt: skip


def test_a_thousand_columns_are_too_many() -> None:
    said = layout_of(rows(["a"] * 1000), 1000, Wishes(), NUMBERS)
    assert isinstance(said, str)
    assert "1000 columns: 256 at most" in said


def test_the_width_is_the_headers_unless_most_rows_are_wider() -> None:
    assert width_of(rows(["a", "b"], ["1", "2"], ["1", "2", "3"])) == 2
    assert width_of(rows(["a"], ["1", "2"], ["1", "2"])) == 2


def test_every_row_is_counted_once() -> None:
    tally = Tally(NUMBERS, 0, "Phone")
    said = [tally.add(row) for row in rows([A], ["+4915112345678"], [""], ["abc"], [B])]
    said.append(tally.add(Row(6, ["x"], "its quotes")))
    assert (tally.valid, tally.duplicates, tally.rejected_total, tally.total) == (2, 1, 3, 6)
    assert [bool(why) for why in said] == [False, False, True, True, False, True]
    assert [line.line for line in tally.rejected] == [3, 4, 6]
    assert tally.take_fresh() == ["4915112345678", "919876543210"]
    assert tally.take_fresh() == []


def test_numbers_without_a_country_are_a_problem() -> None:
    tally = Tally(NUMBERS, 0, "Phone")
    for row in rows(["0170 1234567"], [A]):
        tally.add(row)
    problem = tally.country_problem()
    assert problem
    assert problem.count == 1


def test_national_numbers_that_pass_for_foreign_ones_are_a_problem() -> None:
    """Ten digits of India, written as at home: of Vietnam, Singapore … and of nowhere."""
    national = [[f"{start}1234567"] for start in (840, 841, 651, 641, 821, 621, 701, 702, 981, 931)]
    tally = Tally(NUMBERS, 0, "Phone")
    for row in rows(*national):
        tally.add(row)
    problem = tally.country_problem()
    assert problem
    assert problem.count == 10
    assert 0 < tally.valid < 10
    at_home = Tally(INDIA, 0, "Phone")
    for row in rows(*national):
        at_home.add(row)
    assert at_home.valid == 10
    assert at_home.country_problem() is None


def test_numbers_of_one_country_without_their_plus_are_none() -> None:
    tally = Tally(NUMBERS, 0, "Phone")
    for row in rows(*([f"4917012345{i:02d}"] for i in range(20))):
        tally.add(row)
    assert tally.valid == 20
    assert tally.country_problem() is None


def picks(columns: list[str], mappings: dict[str, str]) -> Picks:
    return Picks(columns, FromUpload(UUID(int=0), "Phone", mappings, None))


@pytest.mark.parametrize(
    ("value", "reason"),
    [("", "is empty"), ("#N/A", "has an error of its spreadsheet, #N/A"),
     ("J\ufffdrgen", "has a character that could not be read: save the file as UTF-8")],
)  # fmt: skip
def test_a_value_that_nobody_wants_to_read_is_not_sent(value: str, reason: str) -> None:
    entry = picks(["Phone", "Name"], {"1": "Name"}).entry(Row(2, [A, value]))
    assert entry == Entry(2, A, Invalid(f'the column "Name" {reason}'))


def test_a_row_gives_what_is_asked_of_it() -> None:
    made = picks(["Name", "Phone", "City"], {"1": "City", "2": "Name"})
    assert made.entry(Row(7, ["Ann", A, "Kiel"])) == Entry(7, A, {"1": "Kiel", "2": "Ann"})
    assert made.entry(Row(8, ["Ann"])).value == Invalid('the column "Phone" is empty')
    assert made.entry(Row(9, ["x"], "its quotes")).value == Invalid("its quotes")


def test_columns_that_are_not_there_are_named_with_those_that_are() -> None:
    asked = FromUpload(UUID(int=0), "Phone", {"1": "Town"}, None)
    assert missing(["Phone", "City"], asked) == (
        'The upload has no column "Town"; its columns are: Phone, City.'
    )
    assert missing(["Phone", "Town"], asked) is None
