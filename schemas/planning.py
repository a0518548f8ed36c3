"""What clients say of when and how fast a job goes; a part of each form of submission."""

from datetime import datetime

import msgspec


class GivenWindow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """At which hours, on which days, by whose clock; `gateway.plans` makes a Window of it."""

    opens: str | None = msgspec.field(default=None, name="from")
    closes: str | None = msgspec.field(default=None, name="to")
    days: list[str] | None = None
    zone: str | None = None


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """The same names in every form, whatever its own fields are called."""

    scheduled_at: str | None = msgspec.field(default=None, name="scheduledAt")
    window: GivenWindow | None = None
    messages_per_second: int | None = msgspec.field(default=None, name="messagesPerSecond")
    loop_size: int | None = msgspec.field(default=None, name="loopSize")
    loop_pause_ms: int | None = msgspec.field(default=None, name="loopPauseMs")


class NewStart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `PUT …/schedule`; null withdraws, as DELETE does."""

    scheduled_at: str | msgspec.UnsetType | None = msgspec.field(
        default=msgspec.UNSET, name="scheduledAt"
    )
    reason: str | None = None


class NewRate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `PATCH …/job/{jobId}`; null: as fast as the service goes."""

    messages_per_second: int | msgspec.UnsetType | None = msgspec.field(
        default=msgspec.UNSET, name="messagesPerSecond"
    )
    reason: str | None = None


class PlanFields(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an answer on a job says of its plan; absent where there is none."""

    scheduled_at: datetime | msgspec.UnsetType = msgspec.UNSET
    window: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    messages_per_second: int | msgspec.UnsetType = msgspec.UNSET
    loop_pause_ms: int | msgspec.UnsetType = msgspec.UNSET
    is_test: bool | msgspec.UnsetType = msgspec.UNSET
