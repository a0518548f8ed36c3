"""The desk: takes a send, decides what becomes of it, writes it down, says how to answer.

Sees the clock and the dice that it is given, and no socket.
"""

from collections.abc import Callable
from random import Random
from typing import Final

import msgspec

from sandbox import answers, checks
from sandbox.bodies import SEND, Send
from sandbox.brought import keep
from sandbox.courses import Course, failing
from sandbox.errors import Refusal, envelope
from sandbox.fates import Fate, Manner, fate_of
from sandbox.faults import THROTTLING, drawn_code, is_drawn, latency_seconds, throttled
from sandbox.ledger import Entry, Ledger
from sandbox.limits import SECOND_NS, Pairs, Reach, Throughput
from sandbox.outbox import Outbox
from sandbox.people import People
from sandbox.rules import Rules
from sandbox.sequel import Moment, Sequel
from sandbox.shelf import Shelf
from sandbox.templates import Template

_REMEMBERED: Final = 100_000  # numbers that wait for their second attempt


class Reply(msgspec.Struct, frozen=True, gc=False):
    """How to answer a request."""

    status: int
    body: bytes
    manner: Manner = Manner.PLAIN
    delay_seconds: float = 0
    content_type: str = "application/json"
    retry_after_seconds: int | None = None
    regain_minutes: int | None = None


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """When a request came."""

    monotonic_ns: int
    at: float  # seconds since 1970


class Desk:
    """All that a sandbox knows."""

    def __init__(
        self,
        rules: Rules,
        *,
        now: Callable[[], Arrival],
        dice: Random,
        run: str,
        outbox: Outbox | None = None,
    ) -> None:
        self.rules = rules
        self.shelf = Shelf()
        self.ledger = Ledger(run)
        self.people = People()
        self.sequel = Sequel(run, self.shelf, self.people, outbox, dice)
        self.on_accepted: Callable[[], None] | None = None  # told of each, after it is answered
        self._now = now
        self.dice = dice
        self._throughput = Throughput()
        self._pairs = Pairs()
        self._reach = Reach()
        self._advanced_seconds = 0.0
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
        """What is refused whatever it asks: the API is down, a dead token, no such id."""
        faults = self.rules.faults
        if faults.down:
            return Refusal(2)
        token = checks.DEAD if faults.token_dead else authorization
        return checks.check_token(token) or checks.check_object_id(object_id, verb)

    def refused(self, refusal: Refusal) -> Reply:
        """A refusal as the wire carries it."""
        return Reply(
            refusal.status,
            envelope(refusal, f"A{self.dice.getrandbits(88):022X}"),
            delay_seconds=latency_seconds(self.rules.faults, self.dice),
            retry_after_seconds=refusal.retry_after_seconds,
            regain_minutes=refusal.regain_minutes,
        )

    def forget(self) -> int:
        """Empty the ledger, and let every fixed fate start anew; returns how many were there."""
        self._refused_once.clear()
        self.sequel.heard.forget()
        return self.ledger.forget()

    def forget_people(self) -> None:
        """What people did, who was reached, how far the clock was moved: all as at the start."""
        self.people.forget()
        self._throughput, self._pairs, self._reach = Throughput(), Pairs(), Reach()
        self._advanced_seconds = 0.0

    def advance(self, seconds: float) -> None:
        """Move the clock of the limits and windows; no other clock moves."""
        self._advanced_seconds += seconds

    def moment(self, arrival: Arrival | None = None) -> Moment:
        """Now, or when a request arrived."""
        arrival = arrival or self._now()
        ahead_ns = int(self._advanced_seconds * SECOND_NS)
        return Moment(arrival.monotonic_ns, arrival.at, arrival.monotonic_ns + ahead_ns)

    def reach(self) -> dict[str, object]:
        """How many people were reached in 24 h, how far the clock was moved."""
        people = self._reach.people(self.moment().limits_ns)
        return {"people": people, "advancedSeconds": self._advanced_seconds}

    def _take(self, entry: Entry, send: Send) -> Reply:
        entry.to = (checks.wa_id(send.to or "") or send.to or send.recipient or "")[:140]
        entry.tag = (send.biz_opaque_callback_data or "")[: checks.TAG_CHARACTERS]
        moment = self.moment(Arrival(entry.monotonic_ns, entry.at))
        entry.template = self._named(send)
        refusal = (
            checks.check(send, self.shelf.templates)
            or self._limit(entry, moment)
            or self._check_window(entry, send, moment)
        )
        if refusal:
            return self._refuse(entry, refusal)
        fate = fate_of(entry.to)
        if fate:
            return self._fulfil(fate, entry, send, moment)
        faults = self.rules.faults
        code = drawn_code(faults.errors, self.dice)
        if code is not None:
            drawn = throttled(code, faults) if code in THROTTLING else Refusal(code)
            return self._refuse(entry, drawn)
        reply = self._accept(entry, send, moment)
        if entry.accepted and is_drawn(faults.lost_answers, self.dice):
            entry.told = Manner.SILENT
            return msgspec.structs.replace(reply, manner=Manner.SILENT)
        return reply

    def _named(self, send: Send) -> Template | None:
        """The template that a send names, whatever becomes of it."""
        named = send.template if send.type == "template" else None
        code = named.language.code if named and named.language else None
        return self.shelf.templates.get((named.name or "", code or "")) if named else None

    def _limit(self, entry: Entry, moment: Moment) -> Refusal | None:
        faults, sender, now_ns = self.rules.faults, entry.phone_number_id, moment.limits_ns
        if faults.throughput_per_second and not self._throughput.admits(
            sender, now_ns, faults.throughput_per_second
        ):
            return throttled(130429, faults)
        if faults.pair_burst and not self._pairs.admits(
            sender, entry.to, now_ns, faults.pair_burst
        ):
            return Refusal(131056)
        return None

    def _check_window(self, entry: Entry, send: Send, moment: Moment) -> Refusal | None:
        if self.rules.limits.always_open or send.type != "text":
            return None
        is_open = self.people.has_window(entry.phone_number_id, entry.to, moment.limits_ns)
        return None if is_open else Refusal(131047)

    def _fulfil(self, fate: Fate, entry: Entry, send: Send, moment: Moment) -> Reply:
        if fate.refusal and not (fate.once and self._is_second_attempt(entry)):
            return self._refuse(entry, fate.refusal)
        if fate.accepted:
            reply = self._accept(entry, send, moment, fate.course)
            if not entry.accepted:
                return reply
        else:
            reply = Reply(500, b"")
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

    def _accept(
        self, entry: Entry, send: Send, moment: Moment, course: Course | None = None
    ) -> Reply:
        limits = self.rules.limits
        if limits.messaging and not self._reaches(entry, send, moment):
            if not limits.beyond_later:
                return self._refuse(entry, Refusal(limits.beyond_code))
            course = failing(limits.beyond_code)
        entry.accepted, entry.told = True, "200"
        keep(entry, send)
        status = self.sequel.follow(entry, self.rules, moment, course)
        if self.on_accepted:
            self.on_accepted()
        message = answers.message_id(self.ledger.run, entry.number, entry.to)
        if send.to:
            body = answers.accepted(send.to, entry.to, message, status)
        else:
            body = answers.accepted_user(entry.to, message, status)
        return Reply(200, body, delay_seconds=latency_seconds(self.rules.faults, self.dice))

    def _reaches(self, entry: Entry, send: Send, moment: Moment) -> bool:
        """Whether the messaging limit leaves room; who has an open window does not count."""
        if send.type == "text" or self.people.has_window(
            entry.phone_number_id, entry.to, moment.limits_ns
        ):
            return True
        return self._reach.admits(entry.to, moment.limits_ns, self.rules.limits.messaging)


def _decoded(body: bytes) -> Send | Refusal:
    try:
        return SEND.decode(body)
    except msgspec.ValidationError as error:
        return Refusal(100, f"Invalid parameter: {error}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Refusal(100, f"The body is not valid JSON: {error}")
