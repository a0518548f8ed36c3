"""The judge can say no: each way to break the promise is seen."""

from typing import Any

import pytest

from tests.chaos.campaigns import finished
from tests.chaos.judge import install_witness, judge
from tests.fleet import PHONE, Fleet

pytestmark = pytest.mark.timeout(60)


async def sent_again(fleet: Fleet, to: str) -> None:
    """A message that no daemon of ours sends."""
    body: dict[str, Any] = {
        "messaging_product": "whatsapp", "to": to, "type": "template",
        "template": {"name": "hello_world", "language": {"code": "en_US"}},
    }  # fmt: skip
    url = f"{fleet.sandbox_url}/v25.0/{PHONE}/messages"
    async with fleet.http.post(url, json=body, headers={"Authorization": "Bearer x"}) as answer:
        assert answer.status == 200


async def test_the_judge_sees_who_got_two_who_got_none_and_what_does_not_add_up(
    fleet: Fleet,
) -> None:
    await install_witness(fleet.pool)
    with fleet.sandbox(), fleet.gateway(), fleet.daemon():
        made = await fleet.submit_text(["+4915110000001", "+4915110000002", "+4915110000003"])
        await finished(fleet, made["jobId"])
        clean = await judge(fleet)
        await sent_again(fleet, "4915110000001")
        twice = await judge(fleet)
        await sent_again(fleet, "4915119999999")
        stranger = await judge(fleet)
        await fleet.pool.execute("UPDATE messages SET state = 'failed' WHERE seq = 2")
        denied = await judge(fleet)
        await fleet.pool.execute("UPDATE messages SET state = 'queued' WHERE seq = 3")
        unfinished = await judge(fleet)
    assert clean.is_clean
    assert (clean.recipients, clean.sent) == (3, 3)
    assert (twice.duplicates, twice.lost, twice.is_clean) == (1, 0, False)
    assert (stranger.duplicates, stranger.lost) == (1, 1)
    assert (denied.lost, denied.failed) == (2, 1)
    assert unfinished.lost == 3
    assert denied.differences != clean.differences == ()
    assert "messages: sent to queued" in unfinished.illegal_moves


async def test_the_judge_sees_who_was_said_to_have_got_one_and_did_not(fleet: Fleet) -> None:
    await install_witness(fleet.pool)
    with fleet.sandbox(), fleet.gateway(), fleet.daemon():
        made = await fleet.submit_text(["+4915110000001", "+4915110000002"])
        await finished(fleet, made["jobId"])
        async with fleet.http.delete(f"{fleet.sandbox_url}/sandbox/ledger"):
            pass
        account = await judge(fleet)
    assert (account.lost, account.is_clean) == (2, False)
