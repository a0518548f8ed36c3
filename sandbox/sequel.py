"""What follows an accepted send: held or not, its receipts, and what its recipient does then.

Decides with the dice it is given; what is to be posted goes into the outbox, if there is one.
"""

from random import Random
from typing import Any, Final

import msgspec

from sandbox import inbound, notices
from sandbox.answers import MessageStatus, message_id
from sandbox.courses import (
    PAUSED_TEMPLATE,
    STOPPED,
    Course,
    Echo,
    Hold,
    Status,
    Voice,
    come_seconds,
    drawn,
    failing,
    furthest,
    told,
)
from sandbox.faults import log_normal_seconds
from sandbox.heard import Hearing
from sandbox.inbound import Message
from sandbox.ledger import Entry
from sandbox.limits import SECOND_NS
from sandbox.outbox import Outbox
from sandbox.parcels import News, Said, StatusDue
from sandbox.people import People
from sandbox.rules import Rules
from sandbox.shelf import Key, Shelf

_HELD: Final = "held"


class Moment(msgspec.Struct, frozen=True, gc=False):
    """Now, by the clocks: one that never jumps, the calendar's, and the limits'."""

    monotonic_ns: int
    at: float  # seconds since 1970
    limits_ns: int

    def after(self, seconds: float) -> "Moment":
        ns = int(seconds * SECOND_NS)
        return Moment(self.monotonic_ns + ns, self.at + seconds, self.limits_ns + ns)


class Sequel:
    """The part of the sandbox that acts after its answer."""

    def __init__(
        self, run: str, shelf: Shelf, people: People, outbox: Outbox | None, dice: Random
    ) -> None:
        self._run, self._shelf, self._people, self.outbox = run, shelf, people, outbox
        self._dice = dice
        self.heard = Hearing()
        self._messages = 0  # of people

    def follow(
        self, entry: Entry, rules: Rules, now: Moment, course: Course | None
    ) -> MessageStatus:
        """Decide what becomes of an accepted message; `course`: by fate. Returns its status."""
        if course is None and self._shelf.holds(entry):
            entry.becomes = _HELD
            return MessageStatus.HELD
        if course is None and self.outbox is None:
            return MessageStatus.ACCEPTED
        course = self._course(entry, rules, now, course)
        if course.hold is Hold.PAUSED:
            entry.becomes = str(Hold.PAUSED)
            return MessageStatus.PAUSED
        if course.hold:
            held = now.after(rules.receipts.held_ms / 1000)
            dropped = course.hold is Hold.DROPPED
            self._plan(entry, rules, held, failing(PAUSED_TEMPLATE) if dropped else course)
            return MessageStatus.HELD
        self._plan(entry, rules, now, course)
        return MessageStatus.ACCEPTED

    def release(self, key: Key, rules: Rules, now: Moment) -> int:
        """Let the held messages of a template go; returns how many there were."""
        held = self._shelf.unpace(key)
        for entry in held:
            self._plan(entry, rules, now, self._course(entry, rules, now, None))
        return len(held)

    def drop(self, key: Key, rules: Rules, now: Moment) -> int:
        """Fail the held messages of a template; returns how many there were."""
        held = self._shelf.unpace(key)
        for entry in held:
            self._plan(entry, rules, now, failing(PAUSED_TEMPLATE))
        return len(held)

    def say(self, message: Message, sender: str, number: str, now: Moment) -> None:
        """A person writes, taps a button, stops or resumes marketing messages."""
        self.heard.add(sender, number, message, now.at)
        match message.voice:
            case Voice.STOP | Voice.RESUME:
                stopped = message.voice is Voice.STOP
                self._people.prefer(sender, stopped=stopped, at_ns=now.limits_ns)
                value = inbound.preference_value(message.voice, sender, number, now.at)
                self.tell(notices.PREFERENCES, value, now)
            case _:
                self._people.write(number, sender, now.limits_ns)
                self._messages += 1
                identity = inbound.message_id(self._run, self._messages, sender)
                shown = inbound.message_json(message, sender, identity, now.at)
                self._post(now, Said(number, inbound.contact(sender), shown))

    def tell(self, field: str, value: dict[str, Any], now: Moment) -> None:
        """Post news of the account."""
        self._post(now, News(field, value, now.at))

    def _course(self, entry: Entry, rules: Rules, now: Moment, course: Course | None) -> Course:
        """The fate's or chance's, unless the person has stopped what is marketing."""
        is_marketing = entry.template is not None and entry.template.category == "MARKETING"
        if is_marketing and self._people.has_stopped(entry.to, now.limits_ns):
            return failing(STOPPED)
        return course or drawn(rules.receipts, rules.inbound, self._dice)

    def _plan(self, entry: Entry, rules: Rules, now: Moment, course: Course) -> None:
        receipts, is_priced_late = rules.receipts, Status.DELIVERED not in course.reaches
        if self.outbox is not None:
            posted = told(course, receipts, self._dice)
            entry.becomes = furthest(posted)
            entry.failed_with = course.code if entry.becomes == Status.FAILED else 0
            for each in posted:
                due = StatusDue(
                    entry,
                    each.status,
                    now.at + each.was_after,
                    code=course.code if each.status == Status.FAILED else 0,
                    priced=each.status in (Status.SENT, Status.DELIVERED)
                    or (is_priced_late and each.status == Status.READ),
                    milliseconds=course.milliseconds,
                )
                self._post(now.after(each.posted_after), due)
        then, answering = now.after(come_seconds(course, receipts)), rules.inbound
        for echo in course.echoes:
            wait = log_normal_seconds(answering.after_ms, answering.spread, self._dice)
            then = then.after(wait)
            self._echo(echo, entry, then)

    def _echo(self, echo: Echo, entry: Entry, then: Moment) -> None:
        if not entry.to.isdecimal():
            return  # known by a user id alone
        answers = message_id(self._run, entry.number, entry.to)
        message = _message(echo, entry, answers)
        self.say(message, entry.to, entry.phone_number_id, then)

    def _post(self, due: Moment, update: StatusDue | Said | News) -> None:
        if self.outbox is not None:
            self.outbox.plan(due.monotonic_ns, update)


def _message(echo: Echo, entry: Entry, answers: str) -> Message:
    """What the person says; who has no button to tap writes."""
    if echo.voice is not Voice.BUTTON:
        return Message(echo.voice, echo.text, answers=answers)
    buttons = entry.template.form.buttons if entry.template else ()
    for index, button in enumerate(buttons):
        if button.kind == "quick_reply":
            payload = (entry.payloads or {}).get(index, "")
            return Message(Voice.BUTTON, button.text, payload, answers)
    return Message(Voice.TEXT, echo.text, answers=answers)
