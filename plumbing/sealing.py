"""Secrets that are kept where others can read: sealed with SECRET_KEY, each for one use.

AES-256-GCM (NIST SP 800-38D) with a random nonce. What the secret is for goes in as associated
data, so that one number's token, copied into another's row, does not open. Of several keys the
first seals and any opens: that is how a key is changed.
"""

import secrets
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.environment import Secret

VERSION: Final = b"\x01"
NONCE_BYTES: Final = 12


class CannotOpen(Exception):
    """No key opens this: SECRET_KEY is another one, or what was kept was changed."""


class NoSecretKey(Exception):
    """There is nothing to seal with."""


class Sealer:
    """Seals and opens. Without a key it can do neither."""

    def __init__(self, keys: Sequence[Secret]) -> None:
        # SECRET_KEY is random text of any length (settings ask for 32 characters): one round of
        # SHA-256 makes the 256 bits of it that AES wants.
        self._ciphers = [AESGCM(sha256(b"loopcast seal" + key.encode()).digest()) for key in keys]

    def __bool__(self) -> bool:
        return bool(self._ciphers)

    def seal(self, secret: str, use: str) -> bytes:
        """The secret, for this use alone. Raises NoSecretKey."""
        if not self._ciphers:
            raise NoSecretKey
        nonce = secrets.token_bytes(NONCE_BYTES)
        return VERSION + nonce + self._ciphers[0].encrypt(nonce, secret.encode(), use.encode())

    def open(self, sealed: bytes, use: str) -> Secret:
        """What was sealed for this use. Raises CannotOpen."""
        if sealed[:1] != VERSION:
            raise CannotOpen
        nonce, rest = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        for cipher in self._ciphers:
            try:
                return Secret(cipher.decrypt(nonce, rest, use.encode()).decode())
            except (InvalidTag, ValueError):
                continue
        raise CannotOpen


def use_of_token(phone_number_id: str) -> str:
    """What a number's token is sealed for."""
    return f"token {phone_number_id}"


def use_of_app_secret(phone_number_id: str) -> str:
    """What the secret of a number's app is sealed for."""
    return f"app secret {phone_number_id}"
