"""Whether a stack that was fuzzed still does what it is for: a campaign goes through."""

import asyncio
from typing import Any, Final

import aiohttp

from deploy.stack import SANDBOX_NUMBER
from tests.fuzz.stack import KEY

SECONDS: Final = 60.0
CAMPAIGN: Final = {
    "phone_number_id": SANDBOX_NUMBER,
    "template_name": "hello_world",
    "recipients_text": "+49 1511 7000001, +49 1511 7000002, +49 1511 7000003",  # nobody else's
}


async def still_sends(gateway_url: str) -> list[str]:
    """What is wrong, in a sentence; nothing, when the campaign is completed in time."""
    async with aiohttp.ClientSession(gateway_url, headers={"X-API-Key": KEY}) as http:
        for brake in ("/api/resume", f"/api/numbers/{SANDBOX_NUMBER}/resume"):
            await http.post(brake)  # somebody may have pulled it
        async with http.post("/api/whatsapp/bulk-quick-send", json=CAMPAIGN) as answer:
            made = await answer.json()
        if answer.status != 201:
            return [f"a campaign afterwards is refused: {made}"]
        job: dict[str, Any] = {}
        try:
            async with asyncio.timeout(SECONDS):
                while job.get("state") != "completed":
                    await asyncio.sleep(0.2)
                    async with http.get(f"/api/bulk/jobs/{made['jobId']}") as answer:
                        job = await answer.json()
        except TimeoutError:
            return [f"a campaign afterwards gets nowhere: {job}"]
        return [] if job["sent"] == 3 else [f"a campaign afterwards reaches not everybody: {job}"]
