"""What no log line may show: phone numbers of people, and secrets of the settings.

The code that logs masks what it knows to be a number. This is the net below it: texts that come
from elsewhere (an error of PostgreSQL's names the row, a traceback its values) are searched too.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from structlog.typing import EventDict

from schemas.environment import ApiKey, Secret, fields_of
from schemas.messages import masked

SHORTEST_SECRET: Final = 8  # characters; shorter ones are words such as "sandbox"
HIDDEN: Final = "(secret)"

# Ids and names of ours, which are digits too and no secret: of Meta's objects, and of requests.
KEPT: Final = frozenset(
    ("at", "trace", "job_id", "phone_number_id", "waba_id", "display_number", "process", "level",
     "logger", "migration", "stream", "consumer")
)  # fmt: skip

# E.164: 7 to 15 digits, with a plus or not. Not within a word, an id or a fraction.
_NUMBER: Final = re.compile(r"(?<![\w.-])\+?(\d{7,15})(?![\w-])")

# Keys and sessions that were made here (gateway.keyring): nobody knows them when a process starts.
_TOKEN: Final = re.compile(r"\bl[cs]_[\w-]{20,}")


class Masking:
    """A structlog processor: hides `secrets` everywhere, and numbers in all but the fields KEPT."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        usable = sorted({s for s in secrets if len(s) >= SHORTEST_SECRET}, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, usable))) if usable else None

    def __call__(self, _logger: Any, _method: str, line: EventDict) -> EventDict:
        return {name: self._of(value, is_kept=name in KEPT) for name, value in line.items()}

    def _of(self, value: Any, *, is_kept: bool) -> Any:
        match value:
            case None | bool() | int() | float():
                return value
            case Mapping():
                return {str(key): self._of(each, is_kept=is_kept) for key, each in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self._of(each, is_kept=is_kept) for each in value]
            case _:
                return self._text(str(value), is_kept=is_kept)

    def _text(self, text: str, *, is_kept: bool) -> str:
        if self._secrets:
            text = self._secrets.sub(HIDDEN, text)
        text = _TOKEN.sub(HIDDEN, text)
        return text if is_kept else _NUMBER.sub(lambda found: masked(found[1]), text)


def secrets_of(settings: msgspec.Struct) -> list[str]:
    """Everything secret that the settings hold: keys, tokens, passwords within URLs."""
    found: list[str] = []
    for field, hint in fields_of(type(settings)).items():
        value = getattr(settings, field)
        for each in value if isinstance(value, tuple) else (value,):
            match each:
                case Secret():
                    found.append(str(each))
                case ApiKey(key=key):
                    found.append(key)
                case str() if hint.env.secret:
                    found.append(urlsplit(each).password or "")
    return found
