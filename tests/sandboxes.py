"""A sandbox without sockets: a desk with a clock that stands until it is moved."""

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from sandbox.desk import Arrival, Desk, Reply
from sandbox.faults import Faults
from sandbox.limits import SECOND_NS
from sandbox.outbox import TAKEN, Outbox
from sandbox.rules import Rules, changed
from sandbox.script import Script, read
from sandbox.stage import Stage
from sandbox.templates import TEMPLATES

NUMBER = "106540352242922"
PLAIN = "4915112345678"
RUN = "0123ABCD"
STARTED_AT = 1_800_000_000
Json = dict[str, Any]
# Everything certain: each message is sent after 1 s, delivered after 2 s, read after 3 s.
STEADY: dict[str, Json] = {
    "receipts": {"sentMs": 1000, "deliveredMs": 1000, "readMs": 1000, "spread": 0, "read": 1},
    "inbound": {"afterMs": 1000, "spread": 0},
}


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> Arrival:
        return Arrival(int(self.seconds * SECOND_NS), STARTED_AT + self.seconds)


class Call:
    """A call that a test makes when it likes."""

    def __init__(self, seconds: float, call: Callable[[], None]) -> None:
        self.seconds, self.call = seconds, call
        self.is_canceled = False

    def cancel(self) -> None:
        self.is_canceled = True


class Table:
    """A desk with an outbox that nobody empties but the test."""

    def __init__(self, changes: dict[str, Json] | None = None) -> None:
        self.clock = Clock()
        self.outbox = Outbox(RUN)
        rules = changed(Rules(no_faults()), STEADY)
        rules = changed(rules, changes or {})
        self.desk = Desk(rules, now=self.clock, dice=Random(7), run=RUN, outbox=self.outbox)

    def send(self, to: str = PLAIN, template: str = "hello_world", **more: Any) -> Reply:
        """A send of a template that needs no values but those in `more`."""
        return self.desk.take(NUMBER, "Bearer t", template_body(to, template, **more))

    def changes(self, until: float = 1000) -> list[Json]:
        """What is due within that many seconds from the start, and was not posted: the changes."""
        found = []
        while parcel := self.outbox.next(int(until * SECOND_NS), self.desk.rules):
            body = msgspec.json.decode(parcel.body)
            found += [change for entry in body["entry"] for change in entry["changes"]]
            self.outbox.answered(parcel, TAKEN, 0, self.desk.rules.webhooks)
        return found

    def statuses(self, until: float = 1000) -> list[Json]:
        """The statuses among them, in order."""
        return [status for change in self.changes(until) for status in change["value"]["statuses"]]


class Play:
    """A table with a stage; `calls` are the steps that wait for the clock."""

    def __init__(self, script: Json | None = None) -> None:
        self.calls: list[Call] = []
        self.table = Table()
        first = read(msgspec.json.encode(script), Script) if script else None
        self.stage = Stage(self.table.desk, self.later, first)

    def later(self, seconds: float, call: Callable[[], None]) -> Call:
        self.calls.append(Call(seconds, call))
        return self.calls[-1]

    def put(self, script: Json) -> None:
        self.stage.put(read(msgspec.json.encode(script), Script))

    def told(self, field: str) -> list[Json]:
        """The values of what is to be posted in a field."""
        return [each["value"] for each in self.table.changes() if each["field"] == field]


def no_faults(**faults: Any) -> Faults:
    none: Json = {
        "latency_ms": 0, "latency_spread": 0, "errors": {}, "throughput_per_second": 0,
        "pair_burst": 0,
    }  # fmt: skip
    return Faults(**(none | faults))


def template_body(to: str, template: str = "hello_world", **more: Any) -> bytes:
    """A send of a template; its body's values are made up."""
    code = more.pop("language", "en_US")
    form = TEMPLATES[template, code].form if (template, code) in TEMPLATES else None
    count = len(form.body) if form else 0
    components = more.pop("components", [])
    if count:
        values = [{"type": "text", "text": f"value {place}"} for place in range(count)]
        components = [{"type": "body", "parameters": values}, *components]
    return msgspec.json.encode(
        {
            "messaging_product": "whatsapp",
            "to": to,
            "type": "template",
            "template": {"name": template, "language": {"code": code}, "components": components},
            "biz_opaque_callback_data": f"tag of {to}",
            **more,
        }
    )


def text_body(to: str, text: str = "Hello") -> bytes:
    """A send of free text."""
    return msgspec.json.encode(
        {
            "messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": text},
            "biz_opaque_callback_data": "a tag",
        }
    )  # fmt: skip


def code_of(reply: Reply) -> int:
    code = msgspec.json.decode(reply.body)["error"]["code"]
    assert isinstance(code, int)
    return code


def message_of(reply: Reply) -> Json:
    """The message in a 200."""
    message: Json = msgspec.json.decode(reply.body)["messages"][0]
    return message
