"""Every route with every role: what the table of permissions says is what happens."""

from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI
from tests.support.api import Api

from vcci.api.app import api as routes
from vcci.api.permission_page import permission_page
from vcci.domain.access import PERMISSIONS, Permission, Role
from vcci.edge.permissions import permission_of, routes_of
from vcci.errors import ConfigurationError
from vcci.monitoring.table import TABLE

DOCS = Path(__file__).parents[3] / "docs"


def cells() -> list[tuple[str, str, Permission | None]]:
    """Each route's address with ids that nothing has, its methods, and its permission."""
    return [
        (_filled(route.path or ""), method, permission_of(route))
        for route in routes_of(routes(None))
        for method in sorted(route.methods or ())
    ]


def _filled(path: str) -> str:
    parts = path.split("/")
    return "/".join(str(uuid4()) if part.startswith("{") else part for part in parts)


def _is_refused(answer: httpx2.Response) -> bool:
    """Programs are refused; a page leads to where one signs in."""
    return answer.status_code == 401 or answer.headers.get("location", "").startswith("/sign-in?next=")


def test_page_of_permissions_is_what_the_routes_declare() -> None:
    assert (DOCS / "permissions.md").read_text(encoding="utf-8") == permission_page()


def test_metrics_have_room_for_every_route_with_its_methods() -> None:
    """Beyond their bound requests are counted as `other`, and no longer by route."""
    by_name = {one.name: one.most_series for one in TABLE}
    routes = len({(method, path) for path, method, _ in cells()})
    assert 2 * routes <= by_name["greenlang_http_requests_active"]
    assert 4 * routes <= by_name["greenlang_http_request_duration_seconds"]


async def test_role_without_the_permission_is_refused_and_with_it_is_not(api: Api) -> None:
    wrong = []
    for role in Role:
        async with api.client(await api.key(role=role)) as client:
            for path, method, permission in cells():
                status = (await client.request(method, path)).status_code
                allowed = permission is None or permission in PERMISSIONS[role]
                if (status == 403) == allowed or status in (401, 500):
                    wrong.append((role, method, path, status))
    assert wrong == []


async def test_without_a_key_only_what_answers_to_everybody_answers(api: Api) -> None:
    async with api.client() as client:
        statuses = [
            (path, _is_refused(await client.request(method, path)), permission is not None)
            for path, method, permission in cells()
        ]
    assert [path for path, is_refused, is_protected in statuses if is_refused != is_protected] == []


def test_route_that_declares_nothing_keeps_the_application_from_starting() -> None:
    app = FastAPI()
    app.get("/open-to-all")(lambda: "secrets")
    (route,) = routes_of(app)
    with pytest.raises(ConfigurationError) as refused:
        permission_of(route)
    assert refused.value.code == "route_without_permission"
