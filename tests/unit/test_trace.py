"""A request's id: the client's where it may be logged, the trace id of W3C's, or one of ours."""

import pytest

from gateway.trace import HEADER, LONGEST, new_trace, read_trace

W3C = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    "given",
    ["a", "req-1", "f47ac10b-58cc-4372-a567-0e02b2c3d479",
     "Root=1-67891233-abcdef012345678912345678", "01ARZ3NDEKTSV4RRFFQ69G5FAV",
     "aGVsbG8+d29ybGQ/Zm9v==", "x" * LONGEST],
)  # fmt: skip
def test_a_sane_id_of_the_clients_is_taken_as_it_is(given: str) -> None:
    assert read_trace({HEADER: f" {given} "}) == given


@pytest.mark.parametrize(
    "given", ["", " ", "x" * (LONGEST + 1), "two words", 'quote"', "line\nbreak", "ümlaut", "-x",
              "<script>", "4915112345678", "{}"],
)  # fmt: skip
def test_what_does_not_belong_into_a_log_is_no_id(given: str) -> None:
    assert read_trace({HEADER: given}) is None


def test_a_traceparent_gives_its_trace_id_where_there_is_no_other() -> None:
    parent = f"00-{W3C}-00f067aa0ba902b7-01"
    assert read_trace({"traceparent": parent}) == W3C
    assert read_trace({"traceparent": f"cc-{W3C}-00f067aa0ba902b7-01-more"}) == W3C
    assert read_trace({"traceparent": parent, HEADER: "mine"}) == "mine"
    assert read_trace({"traceparent": parent, HEADER: "not mine"}) == W3C


@pytest.mark.parametrize(
    "parent",
    [f"ff-{W3C}-00f067aa0ba902b7-01", f"00-{'0' * 32}-00f067aa0ba902b7-01", f"00-{W3C}-01",
     f"00-{W3C.upper()}-00f067aa0ba902b7-01", "", W3C],
)  # fmt: skip
def test_a_traceparent_that_is_none_gives_nothing(parent: str) -> None:
    assert read_trace({"traceparent": parent}) is None


def test_an_id_of_ours_is_a_trace_id_of_w3cs() -> None:
    made = new_trace()
    assert read_trace({"traceparent": f"00-{made}-00f067aa0ba902b7-01"}) == made
