"""Templates remembered: one question for all who ask, and an end to what is known."""

import asyncio
from dataclasses import dataclass, field

import pytest

from gateway.forms import Template
from gateway.listings import Answer, Found, TokenRefused, Unavailable
from gateway.templates import (
    CACHE_SECONDS,
    FRESH_SECONDS,
    LIST_SECONDS,
    MOST_NAMES,
    REST_SECONDS,
    Templates,
)


@dataclass
class Meta:
    """Answers as told, when told, and counts what it was asked."""

    answer: Answer = field(default_factory=lambda: Found((Template("offer", "de"),)))
    asked: list[str | None] = field(default_factory=list)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    now: float = 1000.0

    async def ask(self, name: str | None) -> Answer:
        self.asked.append(name)
        answer = self.answer
        await self.may_answer.wait()
        return answer

    def clock(self) -> float:
        return self.now


@pytest.fixture
def meta() -> Meta:
    made = Meta()
    made.may_answer.set()
    return made


@pytest.fixture
def templates(meta: Meta) -> Templates:
    return Templates(meta.ask, meta.clock)


async def test_what_was_found_is_known_for_ten_minutes(meta: Meta, templates: Templates) -> None:
    for passed in (0, CACHE_SECONDS - 1):
        meta.now += passed
        assert await templates.named("offer") == meta.answer
    assert meta.asked == ["offer"]
    meta.now += 1
    await templates.named("offer")
    assert meta.asked == ["offer"] * 2


async def test_a_name_that_is_not_there_is_known_too(meta: Meta, templates: Templates) -> None:
    meta.answer = Found(())
    assert await templates.named("offer") == await templates.named("offer") == Found(())
    assert len(meta.asked) == 1


async def test_who_wants_to_know_it_fresh_asks_again(meta: Meta, templates: Templates) -> None:
    await templates.named("offer")
    meta.now += FRESH_SECONDS
    await templates.named("offer", FRESH_SECONDS)
    await templates.named("offer", FRESH_SECONDS)
    assert len(meta.asked) == 2


async def test_many_who_ask_at_once_are_one_question(meta: Meta, templates: Templates) -> None:
    meta.may_answer.clear()
    asking = [asyncio.create_task(templates.named("offer")) for _ in range(50)]
    other = asyncio.create_task(templates.named("order_update"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    meta.may_answer.set()
    assert await asyncio.gather(*asking) == [meta.answer] * 50
    await other
    assert sorted(map(str, meta.asked)) == ["offer", "order_update"]


async def test_one_that_goes_away_takes_nothing_from_the_others(
    meta: Meta, templates: Templates
) -> None:
    meta.may_answer.clear()
    gone, stays = (asyncio.create_task(templates.named("offer")) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    meta.may_answer.set()
    assert await stays == meta.answer
    assert gone.cancelled()
    assert len(meta.asked) == 1


async def test_a_template_whose_state_changed_is_asked_for_anew(
    meta: Meta, templates: Templates
) -> None:
    await templates.named("offer")
    templates.forget("offer")
    templates.forget("never asked for")
    await templates.named("offer")
    assert len(meta.asked) == 2


async def test_an_answer_from_before_the_change_is_not_kept(
    meta: Meta, templates: Templates
) -> None:
    meta.may_answer.clear()
    before = asyncio.create_task(templates.named("offer"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    templates.forget("offer")
    meta.answer = Found((Template("offer", "de", status="PAUSED"),))
    meta.may_answer.set()
    assert await before != meta.answer
    assert await templates.named("offer") == meta.answer


async def test_who_asks_after_the_change_does_not_share_an_older_question(
    meta: Meta, templates: Templates
) -> None:
    meta.may_answer.clear()
    before = asyncio.create_task(templates.named("offer"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    templates.forget("offer")
    meta.answer = Found((Template("offer", "de", status="PAUSED"),))
    after = asyncio.create_task(templates.named("offer"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    meta.may_answer.set()
    assert await before != await after == meta.answer


async def test_after_a_question_that_came_to_nothing_none_is_asked_for_a_while(
    meta: Meta, templates: Templates
) -> None:
    known = await templates.named("known")
    meta.answer = Unavailable("HTTP 502")
    assert await templates.named("offer") == meta.answer
    assert await templates.named("other") == meta.answer
    assert await templates.named("known") == known
    assert meta.asked == ["known", "offer"]
    meta.now += REST_SECONDS
    meta.answer = Found(())
    assert await templates.named("offer") == Found(())


async def test_the_list_of_all_is_known_for_half_a_minute_and_apart_from_names(
    meta: Meta, templates: Templates
) -> None:
    for passed in (0, LIST_SECONDS - 1):
        meta.now += passed
        assert await templates.all() == meta.answer
    await templates.named("offer")
    assert meta.asked == [None, "offer"]
    meta.now += 1
    await templates.all()
    assert meta.asked == [None, "offer", None]


async def test_a_template_whose_state_changed_makes_the_list_of_all_an_old_one(
    meta: Meta, templates: Templates
) -> None:
    await templates.all()
    templates.forget("offer")
    await templates.all()
    assert meta.asked == [None, None]


async def test_a_list_that_cannot_be_had_keeps_nobody_from_asking_for_a_name(
    meta: Meta, templates: Templates
) -> None:
    meta.answer = Unavailable("no answer within 15 seconds")
    for _ in range(2):
        assert await templates.all() == meta.answer
    assert meta.asked == [None]
    meta.answer = Found(())
    assert await templates.named("offer") == Found(())
    assert await templates.all() == Unavailable("no answer within 15 seconds")
    meta.answer = Unavailable("HTTP 502")
    meta.now += REST_SECONDS
    await templates.named("other")
    assert await templates.all() == meta.answer
    assert meta.asked == [None, "offer", "other"]


async def test_a_refused_token_is_asked_about_each_time(meta: Meta, templates: Templates) -> None:
    meta.answer = TokenRefused("190 expired")
    for _ in range(2):
        assert await templates.named("offer") == meta.answer
    assert len(meta.asked) == 2


async def test_no_more_names_are_known_than_there_is_room_for(
    meta: Meta, templates: Templates
) -> None:
    for number in range(MOST_NAMES + 1):
        await templates.named(str(number))
    await templates.named(str(MOST_NAMES))
    assert len(meta.asked) == MOST_NAMES + 1
    await templates.named("0")
    assert len(meta.asked) == MOST_NAMES + 2


async def test_closing_ends_the_questions_under_way(meta: Meta, templates: Templates) -> None:
    meta.may_answer.clear()
    asking = asyncio.create_task(templates.named("offer"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    templates.forget("offer")  # still its task
    await asyncio.wait_for(templates.close(), 5)
    with pytest.raises(asyncio.CancelledError):
        await asking
