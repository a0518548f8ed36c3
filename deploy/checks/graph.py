"""What Meta says to a question: an answer, or a no that says whose fault it is. Pure."""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from deploy.checks.http import Answer, NoAnswer
from deploy.checks.result import Result, warning, wrong

TOKEN_IS_DEAD: Final = frozenset((0, 190))  # support/error-codes; also 104: none was given
NO_PERMISSION: Final = frozenset((3, 10, 131005, *range(200, 300)))
NO_OBJECT: Final = 100  # with subcode 33; a number that is deleted: 33
BUSY: Final = frozenset((1, 2, 4, 80007, 80008, 131000, 131016))
PROOF: Final = "appsecret_proof"


class _Error(msgspec.Struct):
    code: int | None = None
    error_subcode: int | None = None
    message: str = ""


class _Meta(msgspec.Struct):
    developer_message: str = ""


class _Failure(msgspec.Struct):
    error: _Error | None = None
    meta: _Meta | None = None  # 360dialog's own


@dataclass(frozen=True)
class No:
    """Not answered, or refused."""

    code: int | None
    status: int | None
    reason: str

    @property
    def is_token(self) -> bool:
        return self.code in TOKEN_IS_DEAD or self.code == 104 or self.status == 401

    @property
    def is_proof(self) -> bool:
        return self.code == NO_OBJECT and PROOF in self.reason


def read(answer: Answer | NoAnswer, kind: type[Any]) -> Any:
    """The answer as `kind`, or No."""
    if isinstance(answer, NoAnswer):
        return No(None, None, answer.reason)
    if answer.status != 200:
        return _no(answer)
    try:
        return msgspec.json.decode(answer.body, type=kind, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return No(None, None, f"the answer cannot be read: {error}")


def result_of(no: No, asked: str, setting: str) -> Result:
    """A no as a line: `asked` is what was asked for, `setting` what names it."""
    if no.status is None:
        return wrong(f"Meta could not be asked: {no.reason}.", "Is there a way out to it?")
    said = no.reason.rstrip(".")
    if no.is_token:
        return wrong(
            f"META_ACCESS_TOKEN is not taken: {said}. Nothing can be sent.",
            "Make a new one (a system user's does not expire), give it to gateway and daemons, and"
            " restart them.",
        )
    if no.code in NO_PERMISSION:
        return wrong(
            f"{asked}: the token may not ask ({said}).",
            "Give its user the account, with whatsapp_business_messaging and"
            " whatsapp_business_management.",
        )
    if no.code in (NO_OBJECT, 33):
        return wrong(
            f"{asked}: there is none of this id, or the token may not see it ({said}).",
            f"Correct {setting}, or give the token's user the account.",
        )
    if no.code in BUSY or no.status >= 500 or no.status == 429:
        return warning(f"{asked}: Meta cannot say just now ({said}).", "Ask again in a while.")
    return wrong(f"{asked}: {said}.", f"Is {setting} right?")


def _no(answer: Answer) -> No:
    try:
        failure = msgspec.json.decode(answer.body, type=_Failure, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        failure = _Failure()
    if failure.error and failure.error.code is not None:
        error = failure.error
        return No(error.code, answer.status, f"{error.code} {error.message}"[:300])
    said = failure.meta.developer_message if failure.meta else ""
    return No(None, answer.status, f"HTTP {answer.status} {said}"[:300].rstrip())
