"""What proves that a webhook comes from Meta: a signature over its bytes, and a word at the start.

After webhooks/overview. Everything secret is compared in constant time. Pure.
"""

import re
from collections.abc import Iterable
from hashlib import sha256
from hmac import compare_digest, digest
from typing import Final

_SIGNATURE: Final = re.compile(r"sha256=([0-9a-f]{64})", re.ASCII)


def signature(secret: str, body: bytes) -> str:
    """The value of `X-Hub-Signature-256`."""
    return f"sha256={digest(secret.encode(), body, 'sha256').hex()}"


def is_readable(header: str) -> bool:
    """Whether a header can be a signature at all: if not, the body need not be read."""
    return _SIGNATURE.fullmatch(header) is not None


def is_signed(body: bytes, header: str, secrets: Iterable[str]) -> bool:
    """Whether one of the secrets signed these bytes. All are tried, whichever fits."""
    if not is_readable(header):
        return False
    fits = [compare_digest(signature(secret, body), header) for secret in secrets]
    return any(fits)


def is_same(given: str, secret: str) -> bool:
    """Whether a word is the secret one; its length does not show."""
    asked, known = (sha256(text.encode(errors="surrogatepass")) for text in (given, secret))
    return compare_digest(asked.digest(), known.digest())
