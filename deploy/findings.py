"""What a recount can find wrong, each in a sentence that says what to do where anything can be."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias
from uuid import UUID

_NAMED: Final = 5  # of the rows that share a message id


@dataclass(frozen=True)
class Place:
    """A job, or one of its loops."""

    job_id: UUID
    loop: int | None = None

    def __str__(self) -> str:
        return (
            f"Job {self.job_id}" if self.loop is None else f"Loop {self.loop} of job {self.job_id}"
        )

    def update(self, assignments: str) -> str:
        """The statement that sets columns of it."""
        table, row = "jobs", f"id = '{self.job_id}'"
        if self.loop is not None:
            table, row = "loops", f"job_id = '{self.job_id}' AND loop = {self.loop}"
        return f"UPDATE {table} SET {assignments} WHERE {row};"  # noqa: S608 - people run it


@dataclass(frozen=True)
class Count:
    """How many messages are in a state: as it is told, and as the rows have it."""

    name: str
    told: int
    counted: int


@dataclass(frozen=True)
class CountersDiffer:
    """Counters of a job or a loop that are not what its rows are."""

    place: Place
    counts: tuple[Count, ...]
    can_be_set: bool  # PostgreSQL refuses counters that do not sum to the total

    @property
    def remedy(self) -> str:
        assignments = ", ".join(f"{count.name} = {count.counted}" for count in self.counts)
        return self.place.update(assignments) if self.can_be_set else ""

    @property
    def sentence(self) -> str:
        told = _listed(f"{count.told:,} {count.name}" for count in self.counts)
        counted = _listed(f"{count.counted:,} {count.name}" for count in self.counts)
        fact = f"{self.place} counts {told}, its rows are {counted}."
        return _with_remedy(fact, "To count what is there", self.remedy)


@dataclass(frozen=True)
class RowsDiffer:
    """A job that has not as many rows as its total."""

    job_id: UUID
    total: int
    rows: int

    @property
    def sentence(self) -> str:
        fact = f"Job {self.job_id} has a total of {self.total:,} and {self.rows:,} rows"
        if self.rows < self.total:
            return f"{fact}: {self.total - self.rows:,} lost, and only a backup has them."
        return (
            f"{fact}: {self.rows - self.total:,} too many, which nobody sends where their seq is"
            f" above {self.total}."
        )


@dataclass(frozen=True)
class SumDiffers:
    """A job whose counters do not sum to its total, which a constraint should have refused."""

    job_id: UUID
    total: int
    sum: int

    @property
    def sentence(self) -> str:
        return (
            f"Job {self.job_id} has a total of {self.total:,} and counters that sum to"
            f" {self.sum:,}; PostgreSQL refuses that while jobs_conservation is there."
        )


@dataclass(frozen=True)
class LeftOver:
    """Messages that are not through, of a finished job or a completed loop."""

    place: Place
    state: str
    counts: tuple[Count, ...]

    @property
    def remedy(self) -> str:
        if self.state == "canceled":
            return ""
        told_anew = ", completion_told = false" if self.place.loop is None else ""
        return self.place.update(f"state = 'running', finished_at = NULL{told_anew}")

    @property
    def sentence(self) -> str:
        left = _listed(f"{count.counted:,} {count.name}" for count in self.counts)
        fact = (
            f"{self.place} is {self.state}, where no message may be queued or sending, and has"
            f" {left}: nobody sends them."
        )
        return _with_remedy(fact, "To go on with them", self.remedy)


@dataclass(frozen=True)
class Gap:
    """Messages that are in no loop."""

    job_id: UUID
    first_seq: int
    last_seq: int

    @property
    def sentence(self) -> str:
        return (
            f"Messages {self.first_seq:,} to {self.last_seq:,} of job {self.job_id} are in no loop:"
            " nobody sends them. Give them one, a row in loops with this first_seq and last_seq."
        )


@dataclass(frozen=True)
class Overlap:
    """A loop that begins before the ones before it end."""

    place: Place
    first_seq: int
    ends: int

    @property
    def sentence(self) -> str:
        return (
            f"{self.place} begins with message {self.first_seq:,}, and those before it end with"
            f" {self.ends:,}: they overlap. No message is sent twice by that, but the counts of"
            " these loops cannot agree; correct their first_seq and last_seq."
        )


@dataclass(frozen=True)
class Overrun:
    """Loops that go on beyond the last message."""

    job_id: UUID
    total: int
    ends: int

    @property
    def sentence(self) -> str:
        return (
            f"The loops of job {self.job_id} end with message {self.ends:,}, and its total is"
            f" {self.total:,}: correct the last_seq of its last loop."
        )


@dataclass(frozen=True)
class RepeatedMessageId:
    """One id of Meta's on several messages, each a job and a seq."""

    message_id: str
    messages: tuple[tuple[UUID, int], ...]

    @property
    def sentence(self) -> str:
        named = [f"number {seq:,} of job {job_id}" for job_id, seq in self.messages[:_NAMED]]
        more = len(self.messages) - len(named)
        where = _listed([*named, f"{more:,} more"] if more else named)
        return (
            f"Meta's id {self.message_id} is on {len(self.messages):,} messages: {where}. Meta took"
            " one message under it, so its receipts are true of one of them only; nobody knows"
            " whether the others were sent."
        )


@dataclass(frozen=True)
class ConservationMissing:
    """PostgreSQL has stopped to check the sum."""

    @property
    def remedy(self) -> str:
        return (
            "ALTER TABLE jobs ADD CONSTRAINT jobs_conservation CHECK"
            " (total = queued + sending + sent + failed + unknown + skipped + canceled);"
        )

    @property
    def sentence(self) -> str:
        fact = (
            "The constraint jobs_conservation is missing, so PostgreSQL takes counters that do not"
            " sum to their job's total."
        )
        return f"{fact} Make it again: {self.remedy}"


@dataclass(frozen=True)
class LosesClaims:
    """A setting of the server that was turned off, and where."""

    setting: str
    source: str

    @property
    def said(self) -> str:
        return (
            f"PostgreSQL runs with {self.setting} off (by: {self.source}): a crash may lose claims"
            " that it has confirmed, and a claim that is lost is a message sent twice."
        )

    @property
    def do(self) -> str:
        return f"Set {self.setting} = on there, or in postgresql.conf, and reload."

    @property
    def sentence(self) -> str:
        return f"{self.said} {self.do}"


Difference: TypeAlias = (
    CountersDiffer | RowsDiffer | SumDiffers | LeftOver | Gap | Overlap | Overrun
    | RepeatedMessageId | ConservationMissing
)  # fmt: skip


def _with_remedy(fact: str, aim: str, remedy: str) -> str:
    return f"{fact} {aim}, stop the daemons and run: {remedy}" if remedy else fact


def _listed(parts: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *others, last = parts
    return f"{', '.join(others)} and {last}" if others else last
