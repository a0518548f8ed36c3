"""The states of a message, a loop and a job, and the only moves between them.

PostgreSQL agrees: the CHECKs of `sql/0001_ledger.sql` list the same states (a test holds them
together), and every UPDATE names the state that it moves from.
"""

from enum import StrEnum


class MessageState(StrEnum):
    """What has become of one recipient's message. Each says who moves it on."""

    QUEUED = "queued"  # the daemon claims it, or cancels it with its job
    SENDING = "sending"  # claimed: the daemon that holds the turn records its outcome
    SENT = "sent"  # accepted by Meta: receipts move it on
    DELIVERED = "delivered"  # on the phone: a receipt may still say read
    READ = "read"  # final
    FAILED = "failed"  # final, but for a receipt which says that it arrived after all
    UNKNOWN = "unknown"  # may have left, nobody knows: a receipt settles it, or time does
    SKIPPED = "skipped"  # final: opted out before it was sent, or deferred: Meta held it back
    CANCELED = "canceled"  # final: the job was canceled before it was sent


class LoopState(StrEnum):
    """How far one loop of a job is; the daemon that holds the turn moves it."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    CANCELED = "canceled"  # its job was: what was left of it is not sent


class JobState(StrEnum):
    """How far a job is. The daemon moves it; the gateway only says what people want."""

    QUEUED = "queued"  # no message has been sent: the first turn starts it
    RUNNING = "running"
    PAUSED = "paused"  # a person or a verdict stopped it; a person resumes it
    SETTLING = "settling"  # all is sent, messages in doubt await their receipt, or its time is over
    COMPLETED = "completed"  # final
    FAILED = "failed"  # final: nothing was sent and something failed
    CANCELED = "canceled"  # final


class Wanted(StrEnum):
    """What people want of a job; the gateway writes it, the daemon follows."""

    RUN = "run"
    PAUSE = "pause"
    CANCEL = "cancel"


_M = MessageState
MESSAGE_MOVES: frozenset[tuple[MessageState, MessageState]] = frozenset(
    {
        (_M.QUEUED, _M.SENDING),  # claim
        (_M.QUEUED, _M.SKIPPED),
        (_M.QUEUED, _M.CANCELED),
        (_M.SENDING, _M.SENT),  # record: accepted
        (_M.SENDING, _M.FAILED),  # record: refused
        (_M.SENDING, _M.SKIPPED),  # record: deferred
        (_M.SENDING, _M.QUEUED),  # record: throttled, retryable, or never written
        (_M.SENDING, _M.UNKNOWN),  # record: no answer; settle: the holder died
        (_M.UNKNOWN, _M.SENT),  # a late answer, or a receipt
        (_M.UNKNOWN, _M.DELIVERED),
        (_M.UNKNOWN, _M.READ),
        (_M.UNKNOWN, _M.FAILED),
        (_M.UNKNOWN, _M.SKIPPED),  # deferred, by a late answer or a receipt
        (_M.UNKNOWN, _M.CANCELED),  # a late answer says that it was not accepted; its job is over
        (_M.UNKNOWN, _M.QUEUED),  # a late answer proves that it was not accepted; or: resend
        (_M.QUEUED, _M.SENT),  # a receipt for what is about to be sent again: it had been accepted
        (_M.QUEUED, _M.DELIVERED),
        (_M.QUEUED, _M.READ),
        (_M.SENT, _M.DELIVERED),
        (_M.SENT, _M.READ),
        (_M.SENT, _M.FAILED),
        (_M.SENT, _M.SKIPPED),  # deferred
        (_M.FAILED, _M.DELIVERED),  # receipts come in any order: it arrived all the same
        (_M.FAILED, _M.READ),
        (_M.SKIPPED, _M.DELIVERED),
        (_M.SKIPPED, _M.READ),
        (_M.DELIVERED, _M.READ),
    }
)

_J = JobState
JOB_MOVES: frozenset[tuple[JobState, JobState]] = frozenset(
    {
        (_J.QUEUED, _J.RUNNING),
        (_J.QUEUED, _J.PAUSED),
        (_J.QUEUED, _J.CANCELED),
        (_J.RUNNING, _J.PAUSED),
        (_J.PAUSED, _J.RUNNING),
        (_J.PAUSED, _J.CANCELED),
        (_J.RUNNING, _J.SETTLING),
        (_J.RUNNING, _J.COMPLETED),
        (_J.RUNNING, _J.FAILED),
        (_J.RUNNING, _J.CANCELED),
        (_J.SETTLING, _J.RUNNING),  # a message in doubt is to be sent again
        (_J.SETTLING, _J.COMPLETED),
        (_J.SETTLING, _J.FAILED),
    }
)

LOOP_MOVES: frozenset[tuple[LoopState, LoopState]] = frozenset(
    {
        (LoopState.QUEUED, LoopState.RUNNING),
        (LoopState.RUNNING, LoopState.COMPLETED),
        (LoopState.QUEUED, LoopState.CANCELED),
        (LoopState.RUNNING, LoopState.CANCELED),
        (LoopState.COMPLETED, LoopState.RUNNING),  # a message of it is to be sent again
    }
)

FINISHED_JOB_STATES = frozenset({_J.COMPLETED, _J.FAILED, _J.CANCELED})
RUNNABLE_JOB_STATES = frozenset({_J.QUEUED, _J.RUNNING})
