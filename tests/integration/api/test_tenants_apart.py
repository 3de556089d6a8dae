"""What one tenant has, another never sees: by no id, list, cursor or kept answer."""

from typing import Any
from uuid import uuid4

import httpx2
from tests.support.api import Api
from tests.support.tenants import BOOKED, MARKER, furnish, ids_seen

from vcci.api.app import api as routes
from vcci.edge.permissions import routes_of

ROUTES = [
    (route.path_format or "", method)
    for route in routes_of(routes(None))
    for method in sorted(route.methods or ())
]
LISTS = sorted(path for path, method in ROUTES if method == "GET" and "{" not in path and "/api/" in path)
BY_ID = sorted((path, method) for path, method in ROUTES if "{" in path and "/api/" in path)

ASKED = {"group_by": "supplier"}
"""Lists that know no groups leave it aside."""

BODIES: dict[str, dict[str, Any]] = {
    "/api/v1/emissions/{line_id}": BOOKED,
    "/api/v1/suppliers/{supplier_id}": {"supplier_name": "Ours"},
    "/api/v1/intake/suppliers/{supplier_id}": {"supplier_name": "Ours"},
}
"""Bodies that are valid, so that what is told apart is only the id."""


async def test_no_list_of_another_tenant_has_the_marker(api: Api) -> None:
    async with api.client(await api.key("theirs")) as theirs, api.client(await api.key("ours")) as ours:
        await furnish(theirs)
        shown = [path for path in LISTS if MARKER in (await theirs.get(path, params=ASKED)).text]
        seen = [path for path in LISTS if MARKER in (await ours.get(path, params=ASKED)).text]
    assert shown == sorted(
        [
            "/api/v1/calculator/history",
            "/api/v1/emissions",
            "/api/v1/intake/files",
            "/api/v1/intake/suppliers",
            "/api/v1/keys",
            "/api/v1/reporting/emissions",
            "/api/v1/suppliers",
        ]
    )
    assert seen == []


async def test_foreign_id_reads_exactly_like_one_that_is_not_there(api: Api) -> None:
    async with api.client(await api.key("theirs")) as theirs, api.client(await api.key("ours")) as ours:
        await furnish(theirs)
        foreign = await ids_seen(theirs, LISTS)
        mine = await own_ids(ours)
        different = []
        for path, method in BY_ID:
            unknown = await answer_of(ours, method, path, ids=(str(uuid4()), mine))
            for one in sorted(foreign):
                if await answer_of(ours, method, path, ids=(one, mine)) != unknown:
                    different.append((method, path, one))
    assert len(foreign) >= 6
    assert different == []


async def test_cursor_of_another_tenant_is_refused(api: Api) -> None:
    async with api.client(await api.key("theirs")) as theirs, api.client(await api.key("ours")) as ours:
        for number in range(2):
            await theirs.post("/api/v1/suppliers", json={"supplier_name": f"{MARKER} {number}"})
        page = (await theirs.get("/api/v1/suppliers", params={"limit": 1})).json()
        foreign = await ours.get(page["links"]["next"])
    assert (foreign.status_code, foreign.json()["code"]) == (400, "cursor_refused")


async def own_ids(client: httpx2.AsyncClient) -> str:
    """Return the id of a supplier of one's own, to be merged into what is not."""
    answer = await client.post("/api/v1/suppliers", json={"supplier_name": "Ours"})
    found: str = answer.json()["id"]
    return found


async def answer_of(
    client: httpx2.AsyncClient, method: str, path: str, *, ids: tuple[str, str]
) -> tuple[int, bytes]:
    """Ask with an id in the address; one's own supplier is what another is to be merged into."""
    one, mine = ids
    body: dict[str, Any] = BODIES.get(path, {"into": mine} if path.endswith("/merge") else {})
    filled = "/".join(one if part.startswith("{") else part for part in path.split("/"))
    told: dict[str, Any] = {"json": body}
    if path.endswith("/repairs"):
        told = {"files": {"file": ("rejects.csv", b"source,line\n")}}
    answer = await client.request(method, filled, headers={"If-Match": '"1"'}, **told)
    return answer.status_code, answer.content.replace(one.encode(), b"ID")
