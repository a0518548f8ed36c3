"""The suppression list on a real PostgreSQL: what a word changes, and what a repeat does not."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from gateway.listing import START, Place, Wanted
from gateway.stop_lines import Asked
from gateway.store import Store
from gateway.suppression_store import Change, Suppressions
from plumbing.postgres import Pool
from schemas.suppression_api import Suppression
from schemas.suppressions import Scope, Source

A, B, C = "491701234567", "491701234568", "491701234569"
T0 = datetime(2026, 11, 23, 12, tzinfo=UTC)
Stop = tuple[int, Scope]


def at(minute: int) -> datetime:
    return T0 + timedelta(minutes=minute)


def asked(
    number: str = A, source: Source = Source.OPERATOR, scope: Scope = Scope.ALL,
    reason: str | None = None, minute: int | None = None,
) -> Asked:  # fmt: skip
    return Asked(number, source, scope, reason, None if minute is None else at(minute))


@pytest.fixture
def suppressions(pool: Pool) -> Suppressions:
    return Suppressions(Store(pool))


async def one(suppressions: Suppressions, number: str = A) -> Suppression:
    (row,) = await suppressions.of(number)
    return row


async def lift_at(pool: Pool, minute: int) -> None:
    await pool.execute("UPDATE suppressions SET lifted_at = $1", at(minute))


async def test_what_is_new_is_added_and_what_is_there_already_is_not(
    suppressions: Suppressions,
) -> None:
    both = [asked(A), asked(B, scope=Scope.MARKETING, reason="asked by phone")]
    assert await suppressions.add(both, "added by shop") == Change(2, 0)
    assert await suppressions.add(both, "added by crm") == Change(0, 0)
    rows = [await one(suppressions, number) for number in (A, B)]
    assert [(r.source, r.scope, r.reason, r.lifted_at) for r in rows] == [
        ("operator", "all", "added by shop", None),
        ("operator", "marketing", "asked by phone", None),
    ]


async def test_an_operator_may_say_it_otherwise_later(suppressions: Suppressions) -> None:
    await suppressions.add([asked(minute=0, reason="first")], "")
    assert await suppressions.add([asked(minute=1, scope=Scope.MARKETING)], "x") == Change(0, 1)
    row = await one(suppressions)
    assert (row.scope, row.reason, row.at) == ("marketing", "first", at(1))
    assert await suppressions.add([asked(minute=2, scope=Scope.MARKETING, reason="second")], "x") \
        == Change(0, 1)  # fmt: skip
    assert await suppressions.add([asked(minute=1, reason="too late")], "x") == Change(0, 0)
    row = await one(suppressions)
    assert (row.scope, row.reason, row.at) == ("marketing", "second", at(2))


async def test_a_stop_that_is_told_again_after_its_lift_changes_nothing(
    suppressions: Suppressions, pool: Pool
) -> None:
    stop = [asked(source=Source.RECIPIENT, minute=0)]
    assert await suppressions.add(stop, "x") == Change(1, 0)
    await lift_at(pool, 5)
    for minute in (0, 3, 5):
        again = [asked(source=Source.RECIPIENT, minute=minute)]
        assert await suppressions.add(again, "x") == Change(0, 0)
    assert (await one(suppressions)).lifted_at == at(5)
    newer = [asked(source=Source.RECIPIENT, minute=6)]
    assert await suppressions.add(newer, "again") == Change(1, 0)
    row = await one(suppressions)
    assert (row.lifted_at, row.at, row.reason) == (None, at(6), "again")


@pytest.mark.parametrize("together", [True, False])
async def test_what_a_recipient_says_only_widens_in_whatever_order_it_is_told(
    suppressions: Suppressions, pool: Pool, together: bool
) -> None:
    stops = [(0, Scope.MARKETING), (1, Scope.ALL), (2, Scope.ALL), (3, Scope.MARKETING)]
    for order in permutations(stops):
        await pool.execute("DELETE FROM suppressions")
        said = [asked(A, Source.RECIPIENT, scope, f"at {m}", m) for m, scope in order]
        for batch in [said] if together else [[stop] for stop in said]:
            await suppressions.add(batch, "")
        row = await one(suppressions)
        assert (row.scope, row.at, row.reason) == ("all", at(2), "at 2"), order


@pytest.mark.parametrize("source", [Source.META, Source.OPERATOR])
async def test_of_any_other_word_the_newest_holds(
    suppressions: Suppressions, pool: Pool, source: Source
) -> None:
    stops = [(0, Scope.MARKETING), (1, Scope.ALL), (2, Scope.MARKETING)]
    for order in permutations(stops):
        await pool.execute("DELETE FROM suppressions")
        await suppressions.add([asked(A, source, scope, f"{m}", m) for m, scope in order], "")
        row = await one(suppressions)
        assert (row.scope, row.at, row.reason) == ("marketing", at(2), "2"), order


async def test_a_repeat_in_one_list_does_not_hide_what_is_new_in_it(
    suppressions: Suppressions, pool: Pool
) -> None:
    await suppressions.add([asked(A, Source.RECIPIENT, minute=0)], "")
    await lift_at(pool, 5)
    news = asked(A, Source.RECIPIENT, Scope.MARKETING, minute=6)
    assert await suppressions.add([asked(A, Source.RECIPIENT, minute=0), news], "") == Change(1, 0)
    assert (await one(suppressions)).scope == "marketing"


async def test_a_time_to_come_is_now(suppressions: Suppressions) -> None:
    before = datetime.now(UTC)
    await suppressions.add([Asked(A, at=before + timedelta(days=9))], "")
    assert abs((await one(suppressions)).at - before) < timedelta(minutes=1)


async def test_each_source_is_lifted_by_itself(suppressions: Suppressions) -> None:
    await suppressions.add([asked(source=source, minute=0) for source in Source], "")
    lifted, rows = await suppressions.lift(A, [Source.OPERATOR])
    assert lifted == [Source.OPERATOR]
    assert {row.source for row in rows if row.lifted_at is None} == {"recipient", "meta"}
    lifted, _ = await suppressions.lift(A, [Source.OPERATOR])
    assert lifted == []
    lifted, rows = await suppressions.lift(A, list(Source))
    assert sorted(lifted) == ["meta", "recipient"]
    assert all(row.lifted_at for row in rows)


async def test_what_is_lifted_may_be_stopped_again_at_once(suppressions: Suppressions) -> None:
    await suppressions.add([asked()], "")
    for _ in range(3):
        await suppressions.lift(A, [Source.OPERATOR])
        assert await suppressions.add([asked()], "") == Change(1, 0)


async def test_pages_go_on_where_the_last_one_ended(suppressions: Suppressions, pool: Pool) -> None:
    moments = [(f"49170123{i:04d}", minute) for i, minute in enumerate([5, 5, 5, 9, 9, 1, 0])]
    await suppressions.add([asked(number, minute=minute) for number, minute in moments], "")
    await suppressions.add([asked(moments[0][0], Source.META, minute=5), asked(A, minute=3)], "")
    await suppressions.lift(A, [Source.OPERATOR])
    found, after = [], START
    while rows := (await suppressions.page(after, 2, Wanted()))[0]:
        found += rows
        after = Place(rows[-1].number, rows[-1].source, rows[-1].at)
    assert found == sorted(found, key=lambda r: (-r.at.timestamp(), r.number, r.source))
    assert len(found) == (await suppressions.page(START, 1, Wanted()))[1] == 8
    by_number, after = [], START
    while rows := await suppressions.in_order(after, 3, Wanted()):
        by_number += rows
        after = Place(rows[-1].number, rows[-1].source)
    assert by_number == sorted(found, key=lambda r: (r.number, r.source))


async def test_a_page_has_only_what_is_wanted(suppressions: Suppressions) -> None:
    await suppressions.add(
        [asked(A), asked(B, scope=Scope.MARKETING), asked(C, Source.META, Scope.MARKETING)], ""
    )
    for wanted, numbers in (
        (Wanted(source=Source.META), {C}),
        (Wanted(scope=Scope.MARKETING), {B, C}),
        (Wanted(Source.OPERATOR, Scope.MARKETING), {B}),
        (Wanted(Source.RECIPIENT), set()),
    ):
        rows, total = await suppressions.page(START, 9, wanted)
        assert ({row.number for row in rows}, total) == (numbers, len(numbers))
        assert {row.number for row in await suppressions.in_order(START, 9, wanted)} == numbers


async def test_those_who_would_be_skipped_are_counted_once(suppressions: Suppressions) -> None:
    await suppressions.add(
        [asked(A), asked(A, Source.META, Scope.MARKETING),
         asked(B, Source.META, Scope.MARKETING), asked(C)], ""
    )  # fmt: skip
    await suppressions.lift(C, [Source.OPERATOR])
    numbers = [A, B, C, "491701234570"]
    assert await suppressions.suppressed_count(numbers, is_marketing=True) == 2
    assert await suppressions.suppressed_count(numbers, is_marketing=False) == 1
    assert await suppressions.suppressed_count([], is_marketing=True) == 0


async def test_lists_in_any_order_at_the_same_time_do_not_lock_each_other_out(
    suppressions: Suppressions, pool: Pool
) -> None:
    numbers = [f"49170{i:07d}" for i in range(3000)]

    async def shuffled(step: int) -> AsyncIterator[Change]:
        for turn in range(4):
            mixed = sorted(numbers, key=lambda n: int(n) * step % 7919)
            reasons = [asked(number, reason=f"{step} {turn}") for number in mixed]
            yield await suppressions.add(reasons, "")

    async def run(step: int) -> list[Change]:
        return [change async for change in shuffled(step)]

    async with asyncio.timeout(60):
        changes = await asyncio.gather(*(run(step) for step in (1, 31, -1, 977)))
    assert sum(change.added for run in changes for change in run) >= 3000
    assert await pool.fetchval("SELECT count(*) FROM suppressions WHERE lifted_at IS NULL") == 3000
