"""Two tenants: one with a marker in everything that it has."""

import re
from typing import Any, Final

import httpx2

MARKER: Final = "zqmarkerzq"
UUIDS: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

BOOKED: Final[dict[str, Any]] = {
    "id": f"{MARKER}-1",
    "category": 1,
    "quantity": "12.5",
    "unit": "kg",
    "date": "2024-05-06",
    "factor": {"value": "2", "unit": "kg", "source": f"{MARKER} works"},
    "supplier_name": f"{MARKER} supplies",
}


async def furnish(client: httpx2.AsyncClient) -> None:
    """Leave something with the marker behind every kind of route."""
    plain = {name: value for name, value in BOOKED.items() if name != "supplier_name"}
    answers = [
        await client.post("/api/v1/emissions", json=BOOKED),
        await client.post("/api/v1/calculator/calculate", json=plain),
        await client.post(
            "/api/v1/suppliers",
            json={"supplier_name": f"{MARKER} metals", "duns_number": "150483782", "country": "DE"},
        ),
        await client.post("/api/v1/keys", json={"name": f"{MARKER} key", "role": "viewer"}),
        await client.post(
            "/api/v1/intake/files",
            files={"file": (f"{MARKER}.csv", b"Date,Supplier,Account,Amount\n2024-05-06,A,Paper,12.50\n")},
        ),
    ]
    assert [answer.status_code for answer in answers if answer.status_code >= 300] == []


async def ids_seen(client: httpx2.AsyncClient, paths: list[str]) -> set[str]:
    """Return every id that a tenant's own lists show."""
    found: set[str] = set()
    for path in paths:
        found |= set(UUIDS.findall((await client.get(path)).text))
    return found
