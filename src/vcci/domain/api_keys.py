"""API keys: `vcci_` + tenant and key + secret + checksum. Shown once, and stored as a digest.

A key with a wrong checksum is refused without asking the database. The tenant stands in the key, so that even
its lookup goes through row security.
"""

import base64
import hashlib
import hmac
import secrets
import zlib
from dataclasses import dataclass
from typing import Final
from uuid import UUID

PREFIX: Final = "vcci_"
SECRET_BYTES: Final = 32
_LENGTH: Final = 16 + 16 + SECRET_BYTES + 4


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key, taken apart."""

    tenant_id: UUID
    key_id: UUID
    secret: bytes

    def text(self) -> str:
        """Return the key as its holder sends it."""
        body = self.tenant_id.bytes + self.key_id.bytes + self.secret
        return PREFIX + base64.urlsafe_b64encode(body + _checksum(body)).decode().rstrip("=")

    def digest(self, pepper: bytes) -> bytes:
        """Return what is stored: a digest of the secret, keyed by a secret of the service."""
        return hmac.new(pepper, self.key_id.bytes + self.secret, hashlib.sha256).digest()

    def has_digest(self, stored: bytes, pepper: bytes) -> bool:
        """Say whether a stored digest is that of the key."""
        return hmac.compare_digest(stored, self.digest(pepper))


def new_key(tenant_id: UUID, key_id: UUID) -> ApiKey:
    """Return a key with a secret of 256 random bits."""
    return ApiKey(tenant_id, key_id, secrets.token_bytes(SECRET_BYTES))


def parsed(text: str) -> ApiKey | None:
    """Return the key that a text is; None for any other text, or one with a wrong checksum."""
    if not text.startswith(PREFIX) or not text.isascii() or len(text) > 200:
        return None
    encoded = text.removeprefix(PREFIX)
    try:
        raw = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    body, checksum = raw[:-4], raw[-4:]
    if len(raw) != _LENGTH or not hmac.compare_digest(checksum, _checksum(body)):
        return None
    return ApiKey(UUID(bytes=body[:16]), UUID(bytes=body[16:32]), body[32:])


def _checksum(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(4)
