"""An EventSource as a browser has it: it remembers the last id and comes back with it."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp


@dataclass
class Watcher:
    """Reads `/api/bulk/realtime/{job}`; `seen` holds every frame with its id, in order."""

    http: aiohttp.ClientSession
    url: str
    seen: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def types(self) -> list[str]:
        return [frame["type"] for _, frame in self.seen]

    async def read(self) -> AsyncIterator[dict[str, Any]]:
        """Frames until the gateway ends the stream; raises when the connection breaks."""
        headers = {"Last-Event-ID": self.seen[-1][0]} if self.seen else {}
        async with self.http.get(self.url, headers=headers) as answer:
            event_id = ""
            async for raw in answer.content:
                line = raw.decode().rstrip("\n")
                if line.startswith("id:"):
                    event_id = line[3:].strip()
                elif line.startswith("data:"):
                    frame = json.loads(line[5:])
                    self.seen.append((event_id, frame))
                    yield frame

    async def read_to_the_end(self) -> None:
        async for _ in self.read():
            pass
