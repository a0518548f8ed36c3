"""A message's tag survives the way to Meta and back, and numbers stay out of logs."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from schemas.messages import MessageTag, masked


@given(st.uuids(), st.integers(min_value=1, max_value=10**9), st.integers(1, 10**6))
def test_a_tag_is_read_back_as_it_was_written(job_id: object, seq: int, attempt: int) -> None:
    tag = MessageTag(job_id, seq, attempt)  # type: ignore[arg-type]  # hypothesis gives UUIDs
    assert MessageTag.decode(tag.encode()) == tag


def test_a_tag_stays_far_below_metas_512_characters() -> None:
    assert len(MessageTag(uuid4(), 1_000_000, 1_000_000).encode()) < 64


@given(st.text())
def test_a_tag_of_somebody_else_is_none_of_ours(text: str) -> None:
    decoded = MessageTag.decode(text)
    assert decoded is None or decoded.encode() == text


def test_a_masked_number_shows_its_last_four_digits() -> None:
    assert masked("4915112345678") == "*********5678"
    assert masked("123") == "123"
