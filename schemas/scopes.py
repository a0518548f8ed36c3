"""Scopes: what a key may. Each route needs one of them, or none."""

from enum import StrEnum


class Scope(StrEnum):
    """`ADMIN` has all others: whoever makes keys could make one with any scope."""

    READ = "read"  # jobs, messages, figures, lists
    SEND = "send"  # submissions and what belongs to them: uploads, dry runs, resends
    CONTROL = "control"  # pause, resume, cancel, plans of jobs, brakes, the suppression list
    ADMIN = "admin"  # keys and sending numbers


EVERY_SCOPE = frozenset(Scope)
