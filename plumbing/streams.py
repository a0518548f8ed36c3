"""The streams of JetStream: made where they are missing, with the replicas that are asked for."""

from typing import Final

import nats.js.errors
from nats.js import JetStreamContext, api

from plumbing.logs import Log
from schemas import subjects

NO_ROOM: Final = 10047  # insufficient storage resources available
WHAT_TO_DO: Final = {
    NO_ROOM: "give NATS a larger disk, or raise max_file in its settings",
    10074: "NATS_REPLICAS above 1 needs a cluster; set it to 1, or point NATS_URL at one",
    10005: "the cluster has fewer servers than NATS_REPLICAS; start them, or lower it",
    10008: "the cluster has no leader: more than half of its servers have to run",
}


async def ensure(js: JetStreamContext, replicas: int, log: Log) -> None:
    """Create the streams that are missing; give those with fewer the replicas that are asked.

    Replicas are never taken away: one process whose NATS_REPLICAS was forgotten would take them
    from the whole fleet. Raises nats.errors.Error or TimeoutError.
    """
    for definition in subjects.STREAMS:
        try:
            info = await js.stream_info(definition.name)
        except nats.js.errors.NotFoundError:
            await _create(js, definition, replicas, log)
            continue
        has = info.config.num_replicas or 1
        if has < replicas:
            await js.update_stream(info.config, num_replicas=replicas)
            log.info("stream has other replicas now", stream=definition.name, replicas=replicas)
        elif has > replicas:
            log.warning(
                "a stream has more replicas than NATS_REPLICAS says; it keeps them",
                stream=definition.name, replicas=has, setting=replicas,
            )  # fmt: skip


def why(error: Exception) -> str:
    """What JetStream said; many of the client's errors print as nothing."""
    said = getattr(error, "description", None)
    return f"{said} ({error.err_code})" if said else str(error) or repr(error)  # type: ignore[attr-defined]


async def _create(
    js: JetStreamContext, definition: subjects.StreamDef, replicas: int, log: Log
) -> None:
    """JetStream reserves what a stream may take; where that is too much, it gets less."""
    config = stream_config(definition, replicas)
    while True:
        try:
            await js.add_stream(config)
        except nats.js.errors.APIError as error:
            if error.err_code != NO_ROOM or (config.max_bytes or 0) < subjects.LEAST_BYTES * 2:
                raise
            config.max_bytes = (config.max_bytes or 0) // 2
        else:
            break
    asked, given = definition.max_bytes, config.max_bytes
    log.info("stream created", stream=definition.name, max_bytes=given)
    if given != asked:
        log.warning(
            "the disk has little room for JetStream; a stream got less than it should",
            stream=definition.name, max_bytes=given, should_be=asked,
        )  # fmt: skip


def stream_config(definition: subjects.StreamDef, replicas: int) -> api.StreamConfig:
    return api.StreamConfig(
        name=definition.name,
        subjects=definition.subjects,
        retention=api.RetentionPolicy(definition.retention),
        discard=api.DiscardPolicy(definition.discard),
        max_msgs_per_subject=definition.max_msgs_per_subject,
        discard_new_per_subject=definition.discard_new_per_subject,
        max_age=definition.max_age_seconds,
        max_bytes=definition.max_bytes,
        max_consumers=definition.max_consumers,
        storage=api.StorageType.FILE,
        allow_direct=definition.allow_direct,
        allow_atomic=definition.allow_atomic or None,
        num_replicas=replicas,
    )
