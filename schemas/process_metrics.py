"""The metrics that every process has: what it is, and how near it is to what it can do."""

from typing import Final

from schemas.metric import Kind, Metric, each
from schemas.version import VERSION

BUILD_INFO: Final = Metric(
    name="loopcast_build_info", kind=Kind.GAUGE, labels=("version",), values=each(VERSION),
    help="Always 1; the label says which Loopcast this is.",
)  # fmt: skip
EVENT_LOOP_LAG_SECONDS: Final = Metric(
    name="loopcast_event_loop_lag_seconds", kind=Kind.HISTOGRAM,
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
    help="How much later than asked a timer fired; looked at every quarter of a second.",
)  # fmt: skip
DATABASE_CONNECTIONS_IN_USE: Final = Metric(
    name="loopcast_database_connections_in_use", kind=Kind.GAUGE,
    help="Connections of the process's pool that are at work.",
)  # fmt: skip
DATABASE_CONNECTIONS_LIMIT: Final = Metric(
    name="loopcast_database_connections_limit", kind=Kind.GAUGE,
    help="The most connections that the pool opens.",
)  # fmt: skip
DEPENDENCY_UP: Final = Metric(
    name="loopcast_dependency_up", kind=Kind.GAUGE, labels=("dependency",),
    values=each("postgres", "nats"),
    help="1 when it answered the last question, which is asked every few seconds; else 0.",
)  # fmt: skip

PROCESS: Final = (
    BUILD_INFO, EVENT_LOOP_LAG_SECONDS, DATABASE_CONNECTIONS_IN_USE, DATABASE_CONNECTIONS_LIMIT,
    DEPENDENCY_UP,
)  # fmt: skip

# prometheus_client's own collectors, in the registry of each process (its multi-platform names;
# /proc is Linux's, so elsewhere there is only python_info).
COLLECTED: Final = {
    "process_cpu_seconds_total": "Processor time.",
    "process_resident_memory_bytes": "Memory in use.",
    "process_virtual_memory_bytes": "Memory that is mapped.",
    "process_open_fds": "Open files and sockets.",
    "process_max_fds": "How many may be open.",
    "process_start_time_seconds": "When the process started, as Unix time.",
    "python_info": "Always 1; the labels say which Python runs it.",
}
