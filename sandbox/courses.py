"""The course of an accepted message: how far it comes, when that is told, what is answered."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from random import Random
from typing import Final

import msgspec

from sandbox.faults import drawn_code, is_drawn, log_normal_seconds
from sandbox.rules import Inbound, Receipts

PAUSED_TEMPLATE: Final = 132015  # what a held message fails with when its template is paused
STOPPED: Final = 131050  # what a marketing message fails with, to a person who stopped them
_REPEATED_AFTER_SECONDS: Final = 0.5
_EARLIER_SECONDS: Final = 0.1  # between statuses that are told at once


class Status(StrEnum):
    """How far a message came."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


class Voice(StrEnum):
    """How a person answers."""

    TEXT = "text"
    BUTTON = "button"  # a quick reply of the template
    REPLY = "reply"  # a button of an interactive message
    STOP = "stop"  # marketing messages, in WhatsApp's own menu
    RESUME = "resume"


class Echo(msgspec.Struct, frozen=True):
    """What a person does when the message has come."""

    voice: Voice
    text: str = "STOP"


class Hold(StrEnum):
    """Why an accepted message does not go out at once."""

    RELEASED = "released"  # held for quality, and let go after a while
    DROPPED = "dropped"  # held for quality, and its template is paused then
    PAUSED = "paused"  # never delivered


class Course(msgspec.Struct, frozen=True):
    """What becomes of a message."""

    reaches: tuple[str, ...] = (Status.SENT, Status.DELIVERED, Status.READ)
    code: int = 0  # of `failed`
    hold: Hold | None = None
    at_once: bool = False
    twice: bool = False
    lost: bool = False
    backwards: bool = False
    milliseconds: bool = False
    echoes: tuple[Echo, ...] = ()


class Told(msgspec.Struct, frozen=True):
    """A status: when it is posted, and when it says that it was, in seconds after acceptance."""

    status: str
    posted_after: float
    was_after: float


def failing(code: int) -> Course:
    """The course of a message that fails with `code`."""
    return Course(reaches=(Status.FAILED,), code=code)


def drawn(receipts: Receipts, inbound: Inbound, dice: Random) -> Course:
    """The course that chance picks."""
    code = drawn_code(receipts.failed, dice)
    backwards = is_drawn(receipts.reordered, dice)
    milliseconds = is_drawn(receipts.milliseconds, dice)
    if code is not None:
        return Course((Status.FAILED,), code, backwards=backwards, milliseconds=milliseconds)
    reaches = _reaches(receipts, dice)
    echo = _echo(inbound, dice) if len(reaches) > 1 else None
    return Course(
        reaches, backwards=backwards, milliseconds=milliseconds, echoes=(echo,) if echo else ()
    )


def told(course: Course, receipts: Receipts, dice: Random) -> list[Told]:
    """The statuses that are posted, in the order in which they are to be planned."""
    if course.lost:
        return []
    whens = list(_whens(course, receipts, dice))
    last = whens[-1][1] if whens else 0.0
    if course.backwards:
        posts = [Told(status, last, was) for status, was in reversed(whens)]
    else:
        posts = [Told(status, was, was) for status, was in whens]
    return [each for post in posts for each in _copies(post, course, receipts, dice)]


def further(posted: str, status: str) -> str:
    """What a receiver knows who knew `posted` and is told `status`; receipts come in any order."""
    known = ("", Status.SENT, Status.DELIVERED, Status.READ, Status.FAILED)
    if status not in known or posted not in known:
        return posted
    return str(max(posted, status, key=known.index))


def furthest(posted: Iterable[Told]) -> str:
    """What a receiver of all these statuses knows in the end; "" when there are none."""
    statuses = {each.status for each in posted}
    order = (Status.FAILED, Status.READ, Status.DELIVERED, Status.SENT)
    return next((str(status) for status in order if status in statuses), "")


def come_seconds(course: Course, receipts: Receipts) -> float:
    """When the last status has usually come, in seconds after acceptance."""
    return sum(_medians_ms(course, receipts).values()) / 1000


def _reaches(receipts: Receipts, dice: Random) -> tuple[str, ...]:
    if not is_drawn(receipts.delivered, dice):
        return (Status.SENT,)
    if not is_drawn(receipts.read, dice):
        return (Status.SENT, Status.DELIVERED)
    if is_drawn(receipts.read_alone, dice):
        return (Status.SENT, Status.READ)
    return (Status.SENT, Status.DELIVERED, Status.READ)


def _echo(inbound: Inbound, dice: Random) -> Echo | None:
    shares = {
        Voice.TEXT: inbound.text, Voice.BUTTON: inbound.button,
        Voice.REPLY: inbound.reply, Voice.STOP: inbound.preference,
    }  # fmt: skip
    if not any(shares.values()):
        return None
    left = dice.random()
    for voice, share in shares.items():
        left -= share
        if left < 0:
            return Echo(voice, dice.choice(inbound.words))
    return None


def _whens(course: Course, receipts: Receipts, dice: Random) -> Iterator[tuple[str, float]]:
    """When each status came, each after the one before."""
    was = 0.0
    for status, median_ms in _medians_ms(course, receipts).items():
        if course.at_once:
            yield status, was
            was += _EARLIER_SECONDS
        else:
            was += log_normal_seconds(median_ms, receipts.spread, dice)
            yield status, was


def _medians_ms(course: Course, receipts: Receipts) -> dict[str, float]:
    """Of each status after the one before; `failed`, and what is unknown, comes as `sent` does."""
    medians = {Status.DELIVERED.value: receipts.delivered_ms, Status.READ.value: receipts.read_ms}
    return {status: medians.get(status, receipts.sent_ms) for status in course.reaches}


def _copies(post: Told, course: Course, receipts: Receipts, dice: Random) -> Iterator[Told]:
    if is_drawn(receipts.lost, dice):
        return
    yield post
    if course.twice or is_drawn(receipts.duplicated, dice):
        yield Told(post.status, post.posted_after + _REPEATED_AFTER_SECONDS, post.was_after)
