"""The desk: takes a send, decides what becomes of it, writes it down, says how to answer.

Sees the clock and the dice that it is given, and no socket.
"""

from collections.abc import Callable
from random import Random
from typing import Final

import msgspec

from sandbox import answers, checks
from sandbox.bodies import SEND, Send
from sandbox.errors import Refusal, envelope
from sandbox.fates import Fate, Manner, fate_of
from sandbox.faults import Faults, drawn_error, latency_seconds
from sandbox.ledger import Entry, Ledger
from sandbox.limits import Pairs, Throughput
from sandbox.templates import TEMPLATES, Shelf

_REMEMBERED: Final = 100_000  # numbers that wait for their second attempt


class Reply(msgspec.Struct, frozen=True, gc=False):
    """How to answer a request."""

    status: int
    body: bytes
    manner: Manner = Manner.PLAIN
    delay_seconds: float = 0
    content_type: str = "application/json"
    retry_after_seconds: int | None = None


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """When a request came."""

    monotonic_ns: int
    at: float  # seconds since 1970


class Desk:
    """All that a sandbox knows."""

    def __init__(
        self,
        faults: Faults,
        *,
        now: Callable[[], Arrival],
        dice: Random,
        run: str,
        shelf: Shelf = TEMPLATES,
    ) -> None:
        self.faults = faults
        self.shelf = shelf
        self.ledger = Ledger(run)
        self._now = now
        self._dice = dice
        self._throughput = Throughput()
        self._pairs = Pairs()
        self._refused_once: set[tuple[str, str]] = set()

    def take(self, phone_number_id: str, authorization: str | None, body: bytes) -> Reply:
        """Decide a send and write it down."""
        arrival = self._now()
        entry = self.ledger.enter(arrival.monotonic_ns, arrival.at, phone_number_id)
        refusal = self.refuse_at_the_door(phone_number_id, authorization, "post")
        if refusal:
            return self._refuse(entry, refusal)
        match _decoded(body):
            case Refusal() as refusal:
                return self._refuse(entry, refusal)
            case Send() as send:
                return self._take(entry, send)

    def refuse_at_the_door(
        self, object_id: str, authorization: str | None, verb: str
    ) -> Refusal | None:
        """What is refused whatever it asks: the API is down, no token, no such id."""
        if self.faults.down:
            return Refusal(2)
        return checks.check_token(authorization) or checks.check_object_id(object_id, verb)

    def refused(self, refusal: Refusal) -> Reply:
        """A refusal as the wire carries it."""
        return Reply(
            refusal.status,
            envelope(refusal, f"A{self._dice.getrandbits(88):022X}"),
            delay_seconds=latency_seconds(self.faults, self._dice),
            retry_after_seconds=refusal.retry_after_seconds,
        )

    def forget(self) -> int:
        """Empty the ledger, and let every fixed fate start anew; returns how many were there."""
        self._refused_once.clear()
        return self.ledger.forget()

    def _take(self, entry: Entry, send: Send) -> Reply:
        entry.to = (checks.wa_id(send.to or "") or send.to or send.recipient or "")[:140]
        entry.tag = (send.biz_opaque_callback_data or "")[: checks.TAG_CHARACTERS]
        refusal = checks.check(send, self.shelf) or self._limit(entry)
        if refusal:
            return self._refuse(entry, refusal)
        fate = fate_of(entry.to)
        if fate:
            return self._fulfil(fate, entry, send)
        code = drawn_error(self.faults, self._dice)
        if code is not None:
            return self._refuse(entry, Refusal(code))
        return self._accept(entry, send)

    def _limit(self, entry: Entry) -> Refusal | None:
        faults, sender, now_ns = self.faults, entry.phone_number_id, entry.monotonic_ns
        if faults.throughput_per_second and not self._throughput.admits(
            sender, now_ns, faults.throughput_per_second
        ):
            return Refusal(130429, retry_after_seconds=1)
        if faults.pair_burst and not self._pairs.admits(
            sender, entry.to, now_ns, faults.pair_burst
        ):
            return Refusal(131056)
        return None

    def _fulfil(self, fate: Fate, entry: Entry, send: Send) -> Reply:
        if fate.refusal and not (fate.once and self._is_second_attempt(entry)):
            return self._refuse(entry, fate.refusal)
        reply = self._accept(entry, send) if fate.accepted else Reply(500, b"")
        if fate.page:
            page = msgspec.structs.asdict(fate.page)
            reply = msgspec.structs.replace(reply, **page)
        entry.told = str(reply.status) if fate.manner is Manner.PLAIN else fate.manner
        delay_seconds = reply.delay_seconds + fate.delay_seconds
        return msgspec.structs.replace(reply, manner=fate.manner, delay_seconds=delay_seconds)

    def _is_second_attempt(self, entry: Entry) -> bool:
        """Whether the pair was refused before; then it is forgotten, and all starts anew."""
        pair = entry.phone_number_id, entry.to
        if pair in self._refused_once:
            self._refused_once.remove(pair)
            return True
        if len(self._refused_once) < _REMEMBERED:
            self._refused_once.add(pair)
        return False

    def _refuse(self, entry: Entry, refusal: Refusal) -> Reply:
        entry.told = str(refusal.code)
        return self.refused(refusal)

    def _accept(self, entry: Entry, send: Send) -> Reply:
        entry.accepted, entry.told = True, "200"
        if send.type == "template" and send.template and send.template.language:
            key = (send.template.name or "", send.template.language.code or "")
            entry.template = self.shelf[key]
            entry.values = checks.body_values(send.template, entry.template.form)
        elif send.text:
            entry.values = (send.text.body or "",)
        message = answers.message_id(self.ledger.run, entry.number, entry.to)
        if send.to:
            body = answers.accepted(send.to, entry.to, message)
        else:
            body = answers.accepted_user(entry.to, message)
        return Reply(200, body, delay_seconds=latency_seconds(self.faults, self._dice))


def _decoded(body: bytes) -> Send | Refusal:
    try:
        return SEND.decode(body)
    except msgspec.ValidationError as error:
        return Refusal(100, f"Invalid parameter: {error}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Refusal(100, f"The body is not valid JSON: {error}")
