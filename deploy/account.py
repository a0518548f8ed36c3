"""Who got what: the sandbox's ledger, PostgreSQL and the gateway's answer side by side. Pure."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

import msgspec

TAKEN: Final = frozenset(("sent", "delivered", "read"))
SHOWN: Final = 5  # recipients in one sentence


class Told(msgspec.Struct, frozen=True, rename="camel"):
    """What the gateway says of a job."""

    state: str
    total_recipients: int
    sent: int
    failed: int
    unknown: int


@dataclass(frozen=True)
class Account:
    """One job, as three witnesses saw it."""

    accepted: Mapping[str, int]  # times that Meta's stand-in took a message, by recipient
    rows: Mapping[str, str]  # the state of each recipient's message
    told: Told

    @property
    def in_doubt(self) -> list[str]:
        """Who may or may not have got it: claimed by a process that was killed, no receipt."""
        return sorted(to for to, state in self.rows.items() if state == "unknown")

    def what_is_wrong(self, recipients: frozenset[str]) -> list[str]:
        """Everything that does not add up for a job to `recipients`, as sentences."""
        accepted, rows, told = self.accepted, self.rows, self.told
        taken = {to for to, state in rows.items() if state in TAKEN}
        checks = {
            "got it twice or more": {to for to, times in accepted.items() if times > 1},
            "got it and are strangers": accepted.keys() - recipients,
            "have no row": recipients - rows.keys(),
            "have a row and are strangers": rows.keys() - recipients,
            "have sent rows and got nothing": taken - accepted.keys(),
            "got it and have rows that say otherwise": accepted.keys() - taken - {*self.in_doubt},
            "are neither sent to nor in doubt": rows.keys() - taken - {*self.in_doubt},
        }
        wrong = [_sentence(who, what) for what, who in checks.items() if who]
        counted = (len(rows), len(taken), len(self.in_doubt))
        if counted != (told.total_recipients, told.sent, told.unknown):
            wrong.append(f"the gateway tells of {told}, and there are {counted} rows")
        if told.state != "completed":
            wrong.append(f"the job is {told.state}")
        return wrong


def _sentence(who: AbstractSet[str], what: str) -> str:
    shown = ", ".join(sorted(who)[:SHOWN]) + ("…" if len(who) > SHOWN else "")
    return f"{len(who)} {what}: {shown}"
