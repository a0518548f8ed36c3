"""Meta's side of the webhooks: signed bodies over 64 connections, at a rate or as fast as it goes.

`python -m bench.poster URL SECRET FILE RATE` posts each line of FILE and prints a `Posted` as JSON.
It writes and reads HTTP by hand, so that the machine is left to what is measured.
"""

import asyncio
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import uvloop

from gateway.signatures import signature

CONNECTIONS = 64


class Posted(msgspec.Struct, frozen=True):
    """What it took to have all answered with 200; times in seconds."""

    posts: int
    receipts: int
    seconds: float
    median: float  # from when a post was due to its answer
    p99: float
    slowest: float

    @property
    def per_second(self) -> float:
        return self.receipts / self.seconds


async def post_all(url: str, secret: str, bodies: list[bytes], rate: float) -> Posted:
    """Post them in order; `rate` is in receipts a second, 0: no limit."""
    parts = urlsplit(url)
    counts = [body.count(b'"status":') for body in bodies]
    requests = [_request(parts.netloc, parts.path, secret, body) for body in bodies]
    turns = iter(zip(requests, _due(counts, rate), strict=True))
    took: list[float] = []
    began = time.monotonic()

    async def work() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for request, due in turns:
            await asyncio.sleep(max(0.0, began + due - time.monotonic()))
            sent = began + due if rate else time.monotonic()
            writer.write(request)
            await _answered(reader)
            took.append(time.monotonic() - sent)
        writer.close()

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    seconds = time.monotonic() - began
    took.sort()
    median, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
    return Posted(len(bodies), sum(counts), seconds, median, p99, took[-1])


def _due(counts: list[int], rate: float) -> list[float]:
    """When each body is due, in seconds from the start."""
    due, so_far = [], 0
    for count in counts:
        due.append(so_far / rate if rate else 0.0)
        so_far += count
    return due


def _request(host: str, path: str, secret: str, body: bytes) -> bytes:
    lines = (
        f"POST {path} HTTP/1.1",
        f"Host: {host}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"X-Hub-Signature-256: {signature(secret, body)}",
    )
    return "\r\n".join((*lines, "", "")).encode() + body


async def _answered(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length))


def main() -> None:
    url, secret, file, rate = sys.argv[1:]
    bodies = Path(file).read_bytes().splitlines()
    posted = uvloop.run(post_all(url, secret, bodies, float(rate)))
    sys.stdout.buffer.write(msgspec.json.encode(posted))


if __name__ == "__main__":
    main()
