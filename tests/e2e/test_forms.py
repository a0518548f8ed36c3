"""Templates with media and buttons, and free text, from a client's request to the peer's ledger."""

from typing import Any

import pytest

from tests.e2e.test_campaign import finished
from tests.fleet import PHONE, Fleet

pytestmark = pytest.mark.timeout(90)

ACCOUNT = {"META_WABA_ID": "102290129340398"}


async def sent(fleet: Fleet, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The job that a request makes, once it is over."""
    async with fleet.http.post(f"{fleet.api}{path}", json=body) as answer:
        made = await answer.json()
        assert answer.status == 201, made
    return await finished(fleet, made["jobId"])


async def test_rows_bring_their_own_image_link_and_reply(fleet: Fleet) -> None:
    data = [
        {"phone": f"+49 1511 000000{n}", "name": f"Name {n}", "path": f"of/{n}",
         "photo": f"https://example.com/{n}.jpg", "reply": f"stop-{n}"}
        for n in range(1, 6)
    ]  # fmt: skip
    body = {
        "templateName": "sale", "phoneNumberId": PHONE, "recipientColumn": "phone", "data": data,
        "variableMappings": {"1": "name", "header.image": "photo", "button.0.url": "path",
                             "button.1.payload": "reply"},
    }  # fmt: skip
    with fleet.sandbox(), fleet.gateway(**ACCOUNT), fleet.daemon():
        job = await sent(fleet, "/whatsapp/bulk-customize-send", body)
        accepted = await fleet.accepted()
    assert (job["state"], job["sent"], job["failed"]) == ("completed", 5, 0)
    assert len(accepted) == 5
    assert "Name 3" in str(accepted["4915110000003"])
    row = await fleet.pool.fetchrow("SELECT category, is_checked FROM jobs")
    assert row is not None
    assert tuple(row) == ("MARKETING", True)


async def test_free_text_is_sent_as_it_is_to_the_last_character(fleet: Fleet) -> None:
    words = "Hi ✓\nhttps://example.com " + "x" * 4000
    words += "y" * (4096 - len(words))

    def saying(text: str, **more: object) -> dict[str, Any]:
        message = {"kind": "text", "text": {"body": text, **more}}
        return {"recipients": ["+49 1511 0000001"], "phone_number_id": PHONE, "message": message}

    with fleet.sandbox(), fleet.gateway(**ACCOUNT), fleet.daemon():
        job = await sent(fleet, "/bulk/send", saying(words, preview_url=True))
        accepted = await fleet.accepted()
        for bad, said in ((saying(words + "z"), "1 to 4096"), (saying(" \n"), "1 to 4096"),
                          (saying("Hi", preview_url="yes"), "true or false")):  # fmt: skip
            async with fleet.http.post(f"{fleet.api}/bulk/send", json=bad) as answer:
                assert answer.status == 400
                assert said in (await answer.json())["message"]
    assert (job["state"], job["sent"], job["template"]) == ("completed", 1, None)
    assert words in accepted["4915110000001"].values()
