"""How Meta rates a number: read, remembered for a minute, asked for once by all who ask."""

import asyncio
from dataclasses import dataclass, field

import msgspec
import pytest

from gateway.standings import (
    KEPT_SECONDS,
    LATER,
    MOST_ASKED,
    NOTHING_KEPT_SECONDS,
    Standing,
    Standings,
    standing_of,
)
from schemas.environment import Secret
from schemas.provider import Provider

META = Provider(name="meta", base_url="https://x", version="v25.0", token=Secret("t"))
DIALOG = Provider(name="360dialog", base_url="https://x", version="v25.0", token=Secret("t"))
SHOWN = {"id": "1", "quality_rating": "GREEN", "display_phone_number": "+1 555",
         "verified_name": "Shop"}  # fmt: skip
SHOP = Standing("GREEN", "+1 555", "Shop")


@dataclass
class Meta:
    answer: tuple[int, bytes] | None = (200, msgspec.json.encode(SHOWN))
    asked: list[str] = field(default_factory=list)
    now: float = 100.0

    async def ask(self, number: str, provider: Provider) -> tuple[int, bytes] | None:
        self.asked.append(number)
        await asyncio.sleep(0)
        return self.answer

    def clock(self) -> float:
        return self.now


@pytest.fixture
def meta() -> Meta:
    return Meta()


@pytest.fixture
def standings(meta: Meta) -> Standings:
    return Standings(meta.ask, meta.clock)


async def test_what_was_said_is_known_for_a_minute(meta: Meta, standings: Standings) -> None:
    for passed in (0, KEPT_SECONDS - 1):
        meta.now += passed
        assert await standings.of([("1", META)]) == {"1": SHOP}
    assert meta.asked == ["1"]
    meta.now += 1
    await standings.of([("1", META)])
    assert meta.asked == ["1", "1"]


async def test_all_who_ask_at_once_share_one_question(meta: Meta, standings: Standings) -> None:
    said = await asyncio.gather(*(standings.of([("1", META), ("2", META)]) for _ in range(9)))
    assert said == [{"1": SHOP, "2": SHOP}] * 9
    assert meta.asked == ["1", "2"]


async def test_that_there_was_no_answer_is_known_for_a_few_seconds(
    meta: Meta, standings: Standings
) -> None:
    meta.answer = None
    for _ in range(2):
        said = await standings.of([("1", META)])
        assert said["1"] == Standing(note="Meta did not answer in time.")
    assert meta.asked == ["1"]
    meta.now += NOTHING_KEPT_SECONDS
    meta.answer = Meta().answer
    assert await standings.of([("1", META)]) == {"1": SHOP}


async def test_another_token_is_another_question(meta: Meta, standings: Standings) -> None:
    await standings.of([("1", META)])
    await standings.of([("1", msgspec.structs.replace(META, token=Secret("new")))])
    assert meta.asked == ["1", "1"]


async def test_who_cannot_be_asked_is_not(meta: Meta, standings: Standings) -> None:
    bare = msgspec.structs.replace(META, token=Secret(""))
    said = await standings.of([("1", DIALOG), ("2", bare)])
    assert "360dialog does not say" in (said["1"].note or "")
    assert "no access token" in (said["2"].note or "")
    assert meta.asked == []


async def test_so_many_are_asked_about_at_a_time(meta: Meta, standings: Standings) -> None:
    numbers = [(str(number), META) for number in range(MOST_ASKED + 2)]
    said = await standings.of(numbers)
    assert [number for number, one in said.items() if one.note == LATER] == ["50", "51"]
    assert list((await standings.of(numbers)).values()) == [SHOP] * len(numbers)
    assert len(meta.asked) == len(numbers)


async def test_of_many_numbers_each_has_its_turn(meta: Meta, standings: Standings) -> None:
    numbers = [(str(number), META) for number in range(MOST_ASKED + 2)]
    await standings.of(numbers)
    meta.now += KEPT_SECONDS
    assert set((await standings.of(numbers)).values()) == {SHOP}
    assert {number for number, _ in numbers} == set(meta.asked)


async def test_what_is_known_of_others_is_forgotten_when_it_becomes_too_much(
    meta: Meta, standings: Standings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.standings.MOST_KEPT", 2)
    await standings.of([("1", META), ("2", META)])
    said = await standings.of([("2", META), ("3", META)])
    assert said == {"2": SHOP, "3": SHOP}
    assert meta.asked == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("status", "body", "quality", "note"),
    [(200, b'{"quality_rating": "yellow"}', "YELLOW", None), (200, b"{}", "UNKNOWN", None),
     (200, b'{"quality_rating": "NA"}', "UNKNOWN", None),
     (200, b"<html>", None, "What Meta answered cannot be read."),
     (401, b"{}", None, "Meta answered with HTTP 401: is the token right?")],
)  # fmt: skip
def test_an_answer_is_read(status: int, body: bytes, quality: str | None, note: str | None) -> None:
    said = standing_of((status, body))
    assert (said.quality, said.note) == (quality, note)
