"""Fail points: the named places at which a process can be told to die, for tests of its safety.

They exist only where `FAILPOINTS` is set, as `claimed:3`: the third time it comes by there. At
those that end in `hangs` it does not die: the part that comes by stands still for ever, and all
others go on.
"""

from enum import StrEnum


class FailPoint(StrEnum):
    """Where a process dies, in the order of a message's way."""

    # gateway
    JOB_COMMITTED = "job_committed"  # the job is in PostgreSQL, its lane not yet woken

    # daemon: the turn
    TURN_DELIVERED = "turn_delivered"  # it has come, and PostgreSQL does not know of it
    LANE_TAKEN = "lane_taken"  # the epoch is raised, nothing is settled yet
    LANE_SETTLED = "lane_settled"  # what the predecessor left has its state

    # daemon: a message
    BEFORE_CLAIM = "before_claim"
    CLAIMED = "claimed"  # written down, its request not yet begun
    REQUEST_WRITTEN = "request_written"  # it has left
    ANSWER_READ = "answer_read"  # Meta has answered, and nothing is written down
    RECORDED = "recorded"  # the outcome is in PostgreSQL, nobody was told
    EVENT_PUBLISHED = "event_published"

    # daemon: the turn's end
    LOOP_COMPLETED = "loop_completed"  # in PostgreSQL, and with the last one its job
    LANE_RELEASED = "lane_released"  # in PostgreSQL; the turn is not given back yet
    TURN_GIVEN_BACK = "turn_given_back"  # the next turn is on the stream
    TURN_ACKED = "turn_acked"  # the lane has no turn, and nobody has looked once more

    # daemon, what Meta says later
    RECEIPTS_MERGED = "receipts_merged"  # in PostgreSQL, nobody was told, nothing is acked

    # daemon, parts that stand still
    LANE_HANGS = "lane_hangs"  # as LANE_SETTLED
    REQUEST_HANGS = "request_hangs"  # before it is written
    SWEEP_HANGS = "sweep_hangs"
