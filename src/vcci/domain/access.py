"""Who may do what: roles, and the permissions that each route asks for."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID


class Permission(StrEnum):
    """What a route may ask for."""

    READ = "read"
    CALCULATE = "calculate"
    WRITE = "write"
    ADMINISTER = "administer"


class Role(StrEnum):
    """What a key may do."""

    ADMIN = "admin"
    EDITOR = "editor"
    VIEWER = "viewer"
    SUPPLIER = "supplier"


PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    Role.ADMIN: frozenset(Permission),
    Role.EDITOR: frozenset({Permission.READ, Permission.CALCULATE, Permission.WRITE}),
    Role.VIEWER: frozenset({Permission.READ, Permission.CALCULATE}),
    Role.SUPPLIER: frozenset({Permission.CALCULATE}),
}
"""What each role may do; what is not here is refused."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a key of a tenant, in a role. `narrowed_to` limits what the role may do, unless empty.

    `name` is the key's, and so that of the person whose session it is.
    """

    tenant_id: UUID
    key_id: UUID
    role: Role
    narrowed_to: frozenset[Permission] = frozenset()
    name: str = ""
    user_id: UUID | None = None

    @property
    def permissions(self) -> frozenset[Permission]:
        """What role and key both allow."""
        allowed = PERMISSIONS[self.role]
        return allowed & self.narrowed_to if self.narrowed_to else allowed

    def may(self, permission: Permission) -> bool:
        """Say whether the principal has a permission."""
        return permission in self.permissions
