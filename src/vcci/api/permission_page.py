"""The page of permissions: each route, what it asks for, and which roles have it."""

from typing import Final

from fastapi.routing import RouteContext

from vcci.api.app import api
from vcci.domain.access import PERMISSIONS, Permission, Role
from vcci.edge.permissions import permission_of, routes_of

HEAD: Final = """<!-- Made by `vcci bench api_pages`; a test holds it equal to the routes. -->
# Permissions

A key has a role, and may be narrowed to some of the role's permissions. Each route asks for exactly one
permission, or answers to everybody; a route that does not say keeps the service from starting. What another
tenant has reads exactly like what is not there.

"""


def permission_page() -> str:
    """Return the page in Markdown."""
    rows = [(route.path_format or "", method, permission_of(route)) for route, method in _methods()]
    head = f"| route | method | permission | {' | '.join(Role)} |\n|---|---|---|{'---|' * len(Role)}\n"
    return HEAD + head + "".join(_row(*row) for row in sorted(rows, key=lambda row: row[:2]))


def _methods() -> list[tuple[RouteContext, str]]:
    return [(route, method) for route in routes_of(api(None)) for method in route.methods or ()]


def _row(path: str, method: str, permission: Permission | None) -> str:
    marks = ("yes" if permission is None or permission in PERMISSIONS[role] else "" for role in Role)
    return f"| `{path}` | {method} | {permission or 'everybody'} | {' | '.join(marks)} |\n"
