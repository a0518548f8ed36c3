"""The bare minimum: the same bodies to the same peer by the same client, nothing written down.

`python -m bench.bare URL MESSAGES` prints the seconds that it took.
"""

import asyncio
import sys
import time
from uuid import uuid4

import aiohttp
import uvloop

from schemas.jobs import Template
from schemas.messages import MessageTag
from schemas.meta import request_body

CONCURRENCY = 64  # what the daemon uses where nothing limits it
TEMPLATE = Template(name="order_update", variables={"1": "Ann", "2": "A-1042"})


def recipient(seq: int) -> str:
    return f"4915{100_000_000 + seq}"


async def send_all(url: str, messages: int) -> float:
    """Seconds for `messages` sends, CONCURRENCY at once."""
    job_id, seqs = uuid4(), iter(range(1, messages + 1))
    headers = {"Authorization": "Bearer bench", "Content-Type": "application/json"}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as http:

        async def send() -> None:
            for seq in seqs:
                tag = MessageTag(job_id, seq, 1).encode()
                body = request_body(TEMPLATE, recipient(seq), {}, tag)
                async with http.post(url, data=body) as answer:
                    assert answer.status == 200, await answer.text()
                    await answer.read()

        began = time.monotonic()
        await asyncio.gather(*(send() for _ in range(CONCURRENCY)))
        return time.monotonic() - began


if __name__ == "__main__":
    sys.stdout.write(f"{uvloop.run(send_all(sys.argv[1], int(sys.argv[2])))}\n")
