"""What is sealed opens with its key, for its use, and not at all otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbing.sealing import CannotOpen, NoSecretKey, Sealer
from schemas.environment import Secret, SettingsError
from schemas.loading import load
from schemas.settings import Gateway

OLD, NEW = Secret("o" * 32), Secret("n" * 32)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_what_was_sealed_opens(secret: str) -> None:
    assert Sealer([OLD]).open(Sealer([OLD]).seal(secret, "token 1"), "token 1") == secret


def test_the_same_secret_never_looks_the_same() -> None:
    sealer = Sealer([OLD])
    assert len({sealer.seal("EAAG", "token 1") for _ in range(100)}) == 100
    assert b"EAAG" not in sealer.seal("EAAG", "token 1")


@pytest.mark.parametrize("use", ["token 2", "app secret 1", ""])
def test_what_is_copied_to_another_number_does_not_open(use: str) -> None:
    with pytest.raises(CannotOpen):
        Sealer([OLD]).open(Sealer([OLD]).seal("EAAG", "token 1"), use)


def test_while_the_key_is_changed_both_open_and_the_new_one_seals() -> None:
    both, sealed = Sealer([NEW, OLD]), Sealer([OLD]).seal("EAAG", "t")
    assert both.open(sealed, "t") == "EAAG"
    assert Sealer([NEW]).open(both.seal("EAAG", "t"), "t") == "EAAG"
    with pytest.raises(CannotOpen):
        Sealer([NEW]).open(sealed, "t")


@given(st.binary(max_size=80))
def test_what_was_never_sealed_does_not_open(data: bytes) -> None:
    with pytest.raises(CannotOpen):
        Sealer([OLD]).open(data, "t")


@given(st.integers(min_value=0), st.integers(1, 255))
def test_what_was_changed_does_not_open(at: int, flip: int) -> None:
    sealed = bytearray(Sealer([OLD]).seal("EAAG", "t"))
    sealed[at % len(sealed)] ^= flip
    with pytest.raises(CannotOpen):
        Sealer([OLD]).open(bytes(sealed), "t")


def test_without_a_key_nothing_is_sealed() -> None:
    assert not Sealer([])
    with pytest.raises(NoSecretKey):
        Sealer([]).seal("EAAG", "t")


def test_a_key_that_could_be_guessed_stops_the_start() -> None:
    assert load(Gateway, {"SECRET_KEY": f"{NEW}, {OLD}"}).secret_keys == (NEW, OLD)
    with pytest.raises(SettingsError, match="SECRET_KEY must have 32 characters"):
        load(Gateway, {"SECRET_KEY": f"{NEW},short"})
