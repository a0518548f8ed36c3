"""Streams and consumers as they are, against what is asked for in schemas/subjects.py. Pure."""

from collections.abc import Iterator
from typing import Final

from nats.js import api

from deploy.checks.result import Result, note, ok, warning, wrong
from schemas.subjects import STREAMS, ConsumerDef, StreamDef

FULL: Final = 0.8  # of what is given: time to look
NS: Final = 1e9


def of_account(account: api.AccountInfo, replicas: int) -> Iterator[Result]:
    """Whether JetStream has room for our streams, and how much is used."""
    limit, used = account.limits.max_storage, account.storage
    wanted = sum(stream.max_bytes for stream in STREAMS) * replicas
    if account.limits.max_streams not in (-1, 0) and account.limits.max_streams < len(STREAMS):
        yield wrong(
            f"JetStream allows this account {account.limits.max_streams} streams; Loopcast has"
            f" {len(STREAMS)}.",
            "Raise max_streams of the account.",
        )
    if limit <= 0:
        return
    if used > FULL * limit:
        yield warning(
            f"JetStream has used {_size(used)} of {_size(limit)}.",
            "Give it a larger disk, and raise max_file.",
        )
    elif limit < wanted:
        yield warning(
            f"JetStream may use {_size(limit)}, and our streams want {_size(wanted)}: they get"
            " less.",
            "Raise max_file (or the account's max_storage).",
        )


def missing(name: str) -> Result:
    """One that does not exist."""
    return wrong(
        f"The stream {name} does not exist.",
        "Start a gateway or a daemon: either makes it. One that runs and does not says why in its"
        " log.",
    )


def of_stream(info: api.StreamInfo, asked: StreamDef, replicas: int) -> Iterator[Result]:
    """One that exists."""
    config, is_well = info.config, True
    if differing := list(differences(config, asked)):
        is_well = False
        yield wrong(
            f"The stream {asked.name} is not as it should be: {'; '.join(differing)}.",
            "Another program made or changed it. Stop ours, delete it (nats stream rm"
            f" {asked.name}) and start them: it is made anew, and jobs are in PostgreSQL.",
        )
    if config.num_replicas != replicas:
        is_well = False
        yield warning(
            f"The stream {asked.name} has {config.num_replicas} copies, and NATS_REPLICAS is"
            f" {replicas}.",
            "The next start of a process sets it; for more than 1 the cluster needs as many"
            " servers.",
        )
    for result in _of_peers(info, asked.name):
        is_well = False
        yield result
    yield from _of_use(info, asked, is_well=is_well)


def differences(config: api.StreamConfig, asked: StreamDef) -> Iterator[str]:
    """What differs, each in a few words. It may have less room: a small disk gives it less."""
    pairs = {
        "subjects": (config.subjects, asked.subjects),
        "retention": (_value(config.retention), asked.retention),
        "discard": (_value(config.discard), asked.discard),
        "storage": (_value(config.storage), "file"),
        "max_msgs_per_subject": (config.max_msgs_per_subject, asked.max_msgs_per_subject),
        "discard_new_per_subject": (
            bool(config.discard_new_per_subject), asked.discard_new_per_subject,
        ),
        "max_age": (config.max_age or 0, asked.max_age_seconds),
        "max_consumers": (config.max_consumers, asked.max_consumers),
        "allow_direct": (bool(config.allow_direct), asked.allow_direct),
        "allow_atomic": (bool(config.allow_atomic), asked.allow_atomic),
    }  # fmt: skip
    for name, (given, wanted) in pairs.items():
        if given != wanted:
            yield f"{name} is {given}, not {wanted}"


def no_consumer(asked: ConsumerDef) -> Result:
    """One that does not exist."""
    return warning(
        f"The consumer {asked.name} of {asked.stream} does not exist.",
        "Start a daemon, which makes it.",
    )


def of_consumer(
    info: api.ConsumerInfo, asked: ConsumerDef, ack_wait_seconds: float | None
) -> Result:
    """One that exists; any `ack_wait` will do where none is known."""
    config = info.config
    pairs = {
        "ack_wait": (config.ack_wait, ack_wait_seconds or config.ack_wait),
        "filter_subject": (config.filter_subject, asked.filter_subject),
        "max_ack_pending": (config.max_ack_pending, asked.max_ack_pending),
        "max_deliver": (config.max_deliver, -1),
    }
    differing = [f"{name} is {a}, not {b}" for name, (a, b) in pairs.items() if a != b]
    if differing:
        return warning(
            f"The consumer {asked.name} is not as these settings ask: {'; '.join(differing)}.",
            "Give all daemons the same settings; the next that starts brings it up to date.",
        )
    pulls, pending = info.num_waiting or 0, info.num_pending or 0
    if not pulls and pending:
        return warning(
            f"The consumer {asked.name} has {pending:,} messages waiting, and nobody pulls.",
            "Start a daemon.",
        )
    return ok(f"Consumer {asked.name}: {info.num_ack_pending or 0:,} out, {pending:,} waiting.")


def _of_peers(info: api.StreamInfo, name: str) -> Iterator[Result]:
    for peer in (info.cluster and info.cluster.replicas) or []:
        if peer.offline or not peer.current:
            state = "offline" if peer.offline else "behind"
            yield warning(
                f"The copy of {name} on {peer.name} is {state}.",
                "Look at that server; a copy that comes back catches up by itself.",
            )


def _of_use(info: api.StreamInfo, asked: StreamDef, *, is_well: bool) -> Iterator[Result]:
    state, most = info.state, info.config.max_bytes or 0
    share = state.bytes / most if most > 0 else 0.0
    use = f"{state.messages:,} messages, {_size(state.bytes)} of {_size(most)}"
    if share > FULL and asked.discard == "new":
        yield warning(
            f"The stream {asked.name} is {share:.0%} full ({use}); full, it takes no more.",
            "Are daemons running? They empty it. Or give JetStream a larger disk.",
        )
    elif 0 < most < asked.max_bytes:
        yield note(
            f"Stream {asked.name}: {use}; it should have {_size(asked.max_bytes)}, and the disk had"
            " no room."
        )
    elif is_well:
        yield ok(f"Stream {asked.name}: {use}.")


def _value(given: object) -> object:
    return getattr(given, "value", given)


def _size(amount: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1024 or unit == "GB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.3g} {unit}"
        amount /= 1024
    raise AssertionError
