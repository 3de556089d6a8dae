"""The one secret of the service, and the keys that are made of it."""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Final

FILE: Final = "service-secret"


def secret_in(folder: Path) -> bytes:
    """Return the secret that a data folder keeps; made there, readable by its owner only, if it has none."""
    path = folder / FILE
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode=0o600)
    except FileExistsError:
        return bytes.fromhex(path.read_text())
    with os.fdopen(descriptor, "w") as file:
        made = secrets.token_bytes(32)
        file.write(made.hex())
    return made


def derived(secret: bytes, *, purpose: str) -> bytes:
    """Return the key for one purpose: what one of them gives away says nothing of another."""
    return hashlib.blake2b(purpose.encode(), key=hashlib.sha512(secret).digest(), digest_size=32).digest()
