"""Signing in by name and password; what becomes of it is a session, a key with a short life.

Passwords are hashed by argon2id as RFC 9106 recommends where memory is scarce (64 MiB, three passes). Who
fails again and again waits longer each time; a name that there is not costs as much as a wrong password.
"""

import asyncio
from functools import cache
from typing import Final
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from vcci.database.api_keys import KeyTerms, mint_key, revoke_key
from vcci.database.connections import Connection
from vcci.database.tenants import Role as DatabaseRole
from vcci.database.tenants import tenant_named
from vcci.database.users import User, change_user, count_failure, held_user
from vcci.domain.access import Principal
from vcci.errors import InputError
from vcci.runtime.service import Service
from vcci.runtime.sessions import SESSION_LIFE

LEAST_CHARACTERS: Final = 12
MOST_CHARACTERS: Final = 200
"""A longer password would only cost time."""

_HASHER: Final = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


def password_hash(password: str) -> str:
    """Return the hash of a new password; raises `InputError` for one that is too short or too long."""
    if not LEAST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
        raise InputError(
            f"A password has {LEAST_CHARACTERS} to {MOST_CHARACTERS} characters.",
            remedy="Choose another; several words are easy to remember.",
            code="password_unfit",
        )
    return _HASHER.hash(password)


async def session_by_password(service: Service, *, tenant: str, name: str, password: str) -> str | None:
    """Return the key of a new session; None if there is no such user, or the password is another's.

    Raises `InputError` (sign_in_too_often) where too many attempts have failed.
    """
    tenant_id = await _tenant_id(service, tenant)
    if tenant_id is None:
        await asyncio.to_thread(_is_right, _no_hash(), password)
        return None
    async with service.pool.transaction(tenant_id, role=DatabaseRole.LOADER) as tx:
        user = await _proven(tx, tenant_id, name, password=password)
        if user is None:
            return None
        terms = KeyTerms(user.name, user.role, life=SESSION_LIFE, user_id=user.id)
        key, _ = await mint_key(tx, tenant_id, terms, pepper=service.pepper)
    return key.text()


async def change_password(service: Service, principal: Principal, *, old: str, new: str) -> bool:
    """Give the person whose session it is another password; false where the old one is not theirs.

    All their sessions end. Raises `InputError` for a new one that is unfit, and for too many wrong ones.
    """
    hashed = await asyncio.to_thread(password_hash, new)
    tenant_id, name = principal.tenant_id, principal.name
    async with service.pool.transaction(tenant_id, role=DatabaseRole.LOADER) as tx:
        user = await _proven(tx, tenant_id, name, password=old)
        if user is None or user.id != principal.user_id:
            return False
        return await change_user(tx, tenant_id, name, password_hash=hashed)


async def _proven(tx: Connection, tenant_id: UUID, name: str, *, password: str) -> User | None:
    """Return who has this name and password; a wrong one is counted, and costs as much as a right one."""
    held = await held_user(tx, tenant_id, name)
    if held is not None and held.waits_s > 0:
        raise InputError(
            "The password was wrong too often.",
            remedy=f"Wait {held.waits_s:.0f} seconds, or let an administrator set another password.",
            code="sign_in_too_often",
        )
    is_right = await asyncio.to_thread(_is_right, held.password_hash if held else _no_hash(), password)
    if held is None:
        return None
    await count_failure(tx, tenant_id, held.user.id, is_over=is_right)
    return held.user if is_right else None


async def end_session(service: Service, principal: Principal) -> None:
    """Revoke the key of a session."""
    async with service.pool.transaction(principal.tenant_id, role=DatabaseRole.LOADER) as tx:
        await revoke_key(tx, principal.tenant_id, principal.key_id)


async def _tenant_id(service: Service, tenant: str) -> UUID | None:
    async with service.pool.transaction(None, role=DatabaseRole.LOADER) as tx:
        return await tenant_named(tx, tenant)


def _is_right(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password[: MOST_CHARACTERS + 1])
    except VerificationError:
        return False


@cache
def _no_hash() -> str:
    return _HASHER.hash("the password of nobody")
