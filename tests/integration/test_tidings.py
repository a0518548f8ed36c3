"""What Meta tells beside receipts has its effect within a second, once, and in any order."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from schemas.jobs import Template
from schemas.messages import MessageTag
from schemas.subjects import RECEIPTS_SUBJECT
from tests.campaigns import PHONE, Job, counters, finished, make_job, message, recipient, told
from tests.daemons import Stack
from tests.integration.test_receipts import all_dealt_with
from tests.integration.test_rules import in_state, resume, row, suppress
from tests.peer import Answer, Arrival, accepted, error
from tests.support import free_port

SALE = Template(name="sale")
WABA = "102290129340398"
NOW = int(datetime.now(UTC).timestamp())


async def posted(stack: Stack, field: str, value: dict[str, Any], **entry: Any) -> None:
    """A webhook with one change is on the stream, and has been dealt with."""
    change = {"field": field, "value": value}
    body = {
        "object": "whatsapp_business_account",
        "entry": [{"id": WABA, "time": NOW, **entry, "changes": [change]}],
    }
    await stack.broker.publish(RECEIPTS_SUBJECT, json.dumps(body).encode())
    await all_dealt_with(stack.broker)


async def wrote(stack: Stack, number: str, text: str, **more: Any) -> None:
    said = {
        "from": number, "id": "wamid.in", "timestamp": str(NOW - 60), "type": "text",
        "text": {"body": text}, **more,
    }  # fmt: skip
    await posted(stack, "messages", {"metadata": {"phone_number_id": PHONE}, "messages": [said]})


async def prefers(stack: Stack, number: str, value: str, at: int) -> None:
    wish = {"wa_id": number, "category": "marketing_messages", "value": value, "timestamp": at}
    await posted(stack, "user_preferences", {"user_preferences": [wish]})


async def template_news(stack: Stack, event: str, at: int = NOW, **more: Any) -> None:
    value = {
        "event": event, "message_template_id": 1, "message_template_name": "sale",
        "message_template_language": "en-US", "reason": None, **more,
    }  # fmt: skip
    await posted(stack, "message_template_status_update", value, time=at)


def failure(job: Job, seq: int, code: int, at: int = NOW) -> dict[str, Any]:
    return {
        "id": f"wamid.{seq}", "status": "failed", "timestamp": str(at),
        "recipient_id": recipient(seq),
        "biz_opaque_callback_data": MessageTag(job.id, seq, 1).encode(),
        "errors": [{"code": code, "title": "said no later"}],
    }  # fmt: skip


async def failed(stack: Stack, job: Job, seq: int, code: int, at: int = NOW) -> None:
    value = {"metadata": {"phone_number_id": PHONE}, "statuses": [failure(job, seq, code, at)]}
    await posted(stack, "messages", value)


async def suppressions(stack: Stack) -> list[tuple[Any, ...]]:
    rows = await stack.pool.fetch(
        "SELECT number, source, scope, reason, lifted_at IS NULL FROM suppressions ORDER BY 1, 2"
    )
    return [tuple(r) for r in rows]


def slow(stack: Stack) -> dict[str, Any]:
    """A job that takes a while, so that it can be stopped on its way."""
    return {"messages_per_second": 20, "concurrency": 1}


async def test_a_typed_stop_is_honoured_and_names_the_message_that_it_answers(
    stack: Stack,
) -> None:
    job = await make_job(stack.pool, 2)
    async with stack.daemon():
        await stack.wake(job)
        await finished(stack.pool, job)
        await wrote(stack, recipient(2), " Stop! ", context={"id": "wamid.2"})
        await wrote(stack, recipient(1), "Please do not stop, I like it")
        assert await suppressions(stack) == [
            (recipient(2), "recipient", "all", 'wrote "Stop!"', True)
        ]
        found = await stack.pool.fetchrow("SELECT job_id, seq, message_id FROM suppressions")
        assert found is not None
        assert tuple(found) == (job.id, 2, "wamid.in")
        await stack.pool.execute("DELETE FROM contacts")  # six seconds later
        again = await make_job(stack.pool, 2)
        await stack.wake(again)
        await finished(stack.pool, again)
    assert await counters(stack.pool, again) == {"sent": 1, "skipped": 1}


async def test_a_quick_reply_button_stops_too(stack: Stack) -> None:
    button = {"payload": "promo-7", "text": "Stop promotions"}
    async with stack.daemon():
        await wrote(stack, recipient(1), "", type="button", button=button)
        ((number, source, _, reason, is_active),) = await suppressions(stack)
    assert (number, source, reason) == (recipient(1), "recipient", 'pressed "Stop promotions"')
    assert is_active


async def test_a_stop_that_is_repeated_after_it_was_lifted_stays_lifted(stack: Stack) -> None:
    async with stack.daemon():
        await wrote(stack, recipient(1), "STOP")
        await stack.pool.execute("UPDATE suppressions SET lifted_at = now()")
        await wrote(stack, recipient(1), "STOP")
        assert [r[-1] for r in await suppressions(stack)] == [False]
        await wrote(stack, recipient(1), "STOP", timestamp=str(NOW + 5))
        await wrote(stack, recipient(1), "STOP", timestamp=str(int(datetime.now(UTC).timestamp())))


@pytest.mark.parametrize("order", [("stop", "resume"), ("resume", "stop")])
async def test_a_resume_ends_metas_own_stop_whichever_comes_first(
    stack: Stack, order: tuple[str, str]
) -> None:
    at = {"stop": NOW - 20, "resume": NOW - 10}
    await suppress(stack, recipient(1), "all")
    async with stack.daemon():
        for wish in order:
            await prefers(stack, recipient(1), wish, at[wish])
        assert [(r[1], r[-1]) for r in await suppressions(stack)] == [
            ("meta", False), ("recipient", True),
        ]  # fmt: skip
        await prefers(stack, recipient(1), "stop", NOW - 5)
        assert [(r[1], r[-1]) for r in await suppressions(stack)] == [
            ("meta", True), ("recipient", True),
        ]  # fmt: skip


async def test_a_paused_template_stops_its_running_jobs_and_no_others(stack: Stack) -> None:
    sale = await make_job(stack.pool, 200, content=SALE)
    update = await make_job(stack.pool, 30, first=201, phone_number_id="222")
    async with stack.daemon(**slow(stack)):
        await stack.wake(sale, update)
        await in_state(stack, sale, "running")
        about = {"title": "FIRST_PAUSE", "description": "Too many blocks."}
        await template_news(stack, "PAUSED", other_info=about)
        stopped = await in_state(stack, sale, "paused")
        sent = len(stack.peer.arrivals)
        assert stopped["reason"] == (
            "The template sale (en_US) is paused at Meta: Too many blocks. Wait until Meta takes it"
            " up again, and improve it: a third pause disables it; then resume the job."
        )
        assert await finished(stack.pool, update) == "completed"
        late = [a for a in stack.peer.arrivals[sent:] if a.body["template"]["name"] == "sale"]
        assert len(late) <= 1
        await template_news(stack, "REINSTATED", NOW + 1)
        told_again = await row(stack, sale)
        assert (told_again["state"], told_again["reason"]) == (
            "paused", "The template sale (en_US) can be sent again: resume the job to go on",
        )  # fmt: skip
        await template_news(stack, "DISABLED", NOW + 2)
        assert "is disabled at Meta" in (await row(stack, sale))["reason"]
        await resume(stack, sale)
        await in_state(stack, sale, "running")
    changes = [f["state"] for _, f in await told(stack.broker, sale) if f["type"] == "job_state"]
    assert changes == ["paused", "paused", "paused", "running"]


async def test_a_reinstated_template_sets_its_jobs_going_where_that_is_wanted(
    stack: Stack,
) -> None:
    job = await make_job(stack.pool, 40, content=SALE)
    async with stack.daemon(auto_resume=True, **slow(stack)):
        await stack.wake(job)
        await in_state(stack, job, "running")
        await template_news(stack, "PAUSED")
        await in_state(stack, job, "paused")
        await template_news(stack, "APPROVED", NOW + 1)
        assert await finished(stack.pool, job) == "completed"
    assert await counters(stack.pool, job) == {"sent": 40}
    assert set(stack.peer.times_to().values()) == {1}


async def test_news_that_come_late_or_again_change_nothing(stack: Stack) -> None:
    job = await make_job(stack.pool, 40, content=SALE)
    async with stack.daemon(**slow(stack)):
        await template_news(stack, "APPROVED", NOW + 10)
        await stack.wake(job)
        await in_state(stack, job, "running")
        await template_news(stack, "PAUSED", NOW)
        assert await finished(stack.pool, job) == "completed"


async def test_newer_news_of_another_kind_make_no_stop_old(stack: Stack) -> None:
    """They come in any order; a template that is flagged can be sent, one that is paused cannot."""
    sale = await make_job(stack.pool, 40, content=SALE, phone_number_id="111")
    update = await make_job(stack.pool, 40, first=101, phone_number_id="222")
    async with stack.daemon(**slow(stack)):
        await stack.wake(sale, update)
        await in_state(stack, sale, "running")
        await template_news(stack, "FLAGGED", NOW + 10)
        await template_news(stack, "PAUSED", NOW)
        assert (await in_state(stack, sale, "paused"))["stopped_by"] == "template"
        prices = {"event": "VOLUME_BASED_PRICING_TIER_UPDATE"}
        await posted(stack, "account_update", prices, time=NOW + 10)
        await posted(stack, "account_update", {"event": "ACCOUNT_DELETED"}, time=NOW)
        assert (await in_state(stack, update, "paused"))["stopped_by"] == "account"


async def test_news_of_another_account_are_passed_over(stack: Stack) -> None:
    job = await make_job(stack.pool, 30, content=SALE)
    async with stack.daemon(waba_id="999", **slow(stack)):
        await stack.wake(job)
        await in_state(stack, job, "running")
        await template_news(stack, "DISABLED")
        await posted(stack, "account_update", {"event": "ACCOUNT_DELETED"})
        assert await finished(stack.pool, job) == "completed"


async def test_a_restricted_account_stops_everything_and_says_until_when(stack: Stack) -> None:
    jobs = [
        await make_job(stack.pool, 100, phone_number_id=phone, first=first)
        for phone, first in (("111", 1), ("222", 101))
    ]
    until = {"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1900000000}
    async with stack.daemon(**slow(stack)):
        await stack.wake(*jobs)
        for job in jobs:
            await in_state(stack, job, "running")
        event = {"event": "ACCOUNT_RESTRICTION", "restriction_info": [until]}
        await posted(stack, "account_update", event)
        for job in jobs:
            stopped = await in_state(stack, job, "paused")
            assert stopped["stopped_by"] == "account"
            assert stopped["reason"].startswith(
                "Meta forbids the account to write to people first until 2030-03-17 17:46 UTC."
            )


async def test_a_later_failure_that_means_more_than_its_message_stops_what_it_means(
    stack: Stack,
) -> None:
    job = await make_job(stack.pool, 60)
    async with stack.daemon(**slow(stack)):
        await stack.wake(job)
        await in_state(stack, job, "running")
        while len(stack.peer.arrivals) < 4:
            await in_state(stack, job, "running")
        await failed(stack, job, 1, 131042)
        assert (await in_state(stack, job, "paused"))["stopped_by"] == "account"
        await resume(stack, job)
        await in_state(stack, job, "running")
        await failed(stack, job, 2, 131042, NOW - 5)
        assert await finished(stack.pool, job) == "completed"
    assert await counters(stack.pool, job) == {"sent": 58, "failed": 2}


@pytest.mark.parametrize("errors", [None, [], [{}], [{"code": "?", "title": "no"}]])
async def test_a_later_failure_without_a_reason_fails_its_message_and_stops_nothing(
    stack: Stack, errors: list[Any] | None
) -> None:
    job = await make_job(stack.pool, 30)
    async with stack.daemon(**slow(stack)):
        await stack.wake(job)
        while len(stack.peer.arrivals) < 3:
            await in_state(stack, job, "running")
        status = {
            "id": "wamid.1", "status": "failed", "timestamp": str(NOW),
            "biz_opaque_callback_data": MessageTag(job.id, 1, 1).encode(),
            **({} if errors is None else {"errors": errors}),
        }  # fmt: skip
        await posted(stack, "messages", {"statuses": [status]})
        assert await finished(stack.pool, job) == "completed"
    assert await counters(stack.pool, job) == {"sent": 29, "failed": 1}


async def test_of_later_failures_that_come_together_the_newest_says_whether_to_stop(
    stack: Stack,
) -> None:
    """Those of before the job was resumed say nothing, whichever comes first in the list."""
    job = await make_job(stack.pool, 60)
    async with stack.daemon(**slow(stack)):
        await stack.wake(job)
        while len(stack.peer.arrivals) < 4:
            await in_state(stack, job, "running")
        await stack.pool.execute("UPDATE jobs SET resumed_at = now() - interval '1 minute'")
        soon, before = int(time.time()), int(time.time()) - 3600
        both = [failure(job, 1, 131042, soon), failure(job, 2, 131042, before)]
        await posted(stack, "messages", {"statuses": both})
        assert (await in_state(stack, job, "paused"))["stopped_by"] == "account"


async def test_an_error_that_belongs_to_no_message_stops_its_number(stack: Stack) -> None:
    job = await make_job(stack.pool, 60)
    async with stack.daemon(**slow(stack)):
        await stack.wake(job)
        await in_state(stack, job, "running")
        value = {
            "metadata": {"phone_number_id": PHONE},
            "errors": [{"code": 131048, "title": "Spam rate limit hit"}],
        }
        await posted(stack, "messages", value)
        assert (await in_state(stack, job, "paused"))["stopped_by"] == "number"


async def test_what_meta_holds_back_later_is_deferred_and_may_still_arrive(stack: Stack) -> None:
    job = await make_job(stack.pool, 2)
    async with stack.daemon():
        await stack.wake(job)
        await finished(stack.pool, job)
        await failed(stack, job, 1, 131049)
        await failed(stack, job, 1, 131049)
        assert await counters(stack.pool, job) == {"sent": 1, "skipped": 1}
        held = await message(stack.pool, job, 1)
        assert (held["state"], held["error_code"]) == ("skipped", 131049)
        assert held["due_at"] == datetime.fromtimestamp(NOW, UTC) + timedelta(hours=24)
        assert (await row(stack, job))["deferred"] == 1
        (status,) = [f for _, f in await told(stack.broker, job) if f["type"] == "message_status"]
        assert (status["status"], status["state"], status["skipped"]) == ("failed", "skipped", 1)
        read = {
            "id": "wamid.1", "status": "read", "timestamp": str(NOW),
            "recipient_id": recipient(1),
            "biz_opaque_callback_data": MessageTag(job.id, 1, 1).encode(),
        }  # fmt: skip
        await posted(stack, "messages", {"statuses": [read]})
        assert await counters(stack.pool, job) == {"sent": 2}
        assert (await row(stack, job))["deferred"] == 0


async def test_who_is_left_out_is_counted_by_why(stack: Stack) -> None:
    async def script(arrival: Arrival) -> Answer:
        return error(131049) if arrival.to == recipient(3) else accepted(arrival)

    stack.peer.script = script
    job = await make_job(stack.pool, 4)
    await suppress(stack, recipient(4), "all")
    port = free_port()
    async with stack.daemon(daemon_port=port), aiohttp.ClientSession() as http:
        await stack.wake(job)
        await finished(stack.pool, job)
        await failed(stack, job, 1, 131049)
        async with http.get(f"http://127.0.0.1:{port}/metrics") as answer:
            lines = (await answer.text()).splitlines()
    assert [line for line in lines if line.startswith("loopcast_skipped_total")] == [
        'loopcast_skipped_total{why="opted_out"} 1.0',
        'loopcast_skipped_total{why="deferred"} 2.0',
    ]
    assert await counters(stack.pool, job) == {"sent": 1, "skipped": 3}


async def test_a_later_131050_fails_the_message_and_suppresses_its_recipient(stack: Stack) -> None:
    job = await make_job(stack.pool, 2)
    async with stack.daemon():
        await stack.wake(job)
        await finished(stack.pool, job)
        await failed(stack, job, 2, 131050)
        await failed(stack, job, 2, 131050)
    assert await counters(stack.pool, job) == {"sent": 1, "failed": 1}
    ((number, source, scope, _, is_active),) = await suppressions(stack)
    assert (number, source, scope, is_active) == (recipient(2), "meta", "marketing", True)


async def test_a_webhook_with_everything_in_it_has_all_its_effects(stack: Stack) -> None:
    async def script(arrival: Arrival) -> Answer:
        return error(131026) if arrival.number == 2 else accepted(arrival)

    stack.peer.script = script
    job = await make_job(stack.pool, 3)
    async with stack.daemon():
        await stack.wake(job)
        await finished(stack.pool, job)
        status = {
            "id": "wamid.1", "status": "delivered", "timestamp": str(NOW),
            "biz_opaque_callback_data": MessageTag(job.id, 1, 1).encode(),
        }  # fmt: skip
        said = {
            "from": recipient(3), "id": "wamid.in", "timestamp": str(NOW), "type": "text",
            "text": {"body": "unsubscribe"},
        }  # fmt: skip
        await posted(
            stack, "messages",
            {"statuses": [status, {"id": 7}, None], "messages": [said, {"type": "sticker"}]},
        )  # fmt: skip
        assert (await row(stack, job))["delivered"] == 1
        assert [r[0] for r in await suppressions(stack)] == [recipient(3)]
