"""A request that works for every operation of the API, over a tenant that has something of every kind."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import httpx2
from tests.support.api import Api
from tests.support.jobs import FILES, ended, uploaded

from vcci.api.app import api as routes

Client = httpx2.AsyncClient
Operation = tuple[str, str]
Asked = dict[str, Any]
"""What httpx2 builds a request from, beside its method: `url`, `json`, `files`, `headers`."""

LEDGER: Final = (
    b"Supplier,Expense type,Invoice date,Amount GBP\n"
    b"Alpha,Software licences,2022-04-03,10\nBeta,Software licences,no day,20\n"
)
MAPPING: Final = "accounts:\n  - {account: Software licences, commodity: '511210'}\nregion: GB\n"
BOUGHT: Final[dict[str, Any]] = {
    "category": 1, "quantity": "12.5", "unit": "kg", "date": "2024-05-06",
    "factor": {"value": "2", "unit": "kg", "source": "a supplier"},
}  # fmt: skip
RECALCULATIONS: Final = "/api/v1/recalculations"
PACKS: Final = "epa-supply-chain-1.2.0,ecb-rates,bea-price-index,us-cpi,naics-2017-titles"
REPORT_JOBS: Final = "/api/v1/reporting/jobs"
PAGES: Final = ("/docs", "/problems/pool_busy", "/static/vcci.css", "/static/mark.svg", "/openapi.json")
"""Pages that the description does not have."""


@dataclass(frozen=True)
class World:
    """What a furnished tenant has: its key, and the ids that stand in addresses."""

    key: str
    ids: dict[str, str]


def described() -> list[Operation]:
    """Return method and address of every operation that the description has, and of every page."""
    paths = routes(None).openapi()["paths"]
    found = [(method.upper(), path) for path, methods in paths.items() for method in methods]
    return found + [("GET", page) for page in PAGES]


def examples() -> list[tuple[Operation, Any]]:
    """Return every example of a body that the description has for an address without ids."""
    paths = routes(None).openapi()["paths"]
    return [
        ((method.upper(), path), body)
        for path, methods in paths.items()
        for method, operation in methods.items()
        for body in _schema(operation).get("examples", [])
        if "{" not in path
    ]


def _schema(operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    found: dict[str, Any] = content.get("schema", {})
    return found


async def furnished(api: Api) -> World:
    """Leave one of everything behind; a ledger with a rejected row is run to its end."""
    key = await api.key()
    async with api.client(key) as client:
        queued = await uploaded(client, LEDGER, mapping=MAPPING)
        job = await ended(client, queued)
        assert job["state"] == "completed", job
        (changed,) = (await client.post(RECALCULATIONS, json={"packs": PACKS})).json()["runs"]
        newer = await ended(client, changed)
        assert newer["state"] == "completed", newer
        report = (await client.post(REPORT_JOBS, json={})).json()
        assert (await ended(client, report))["state"] == "completed"
        booked = (await client.post("/api/v1/emissions", json=BOOKED)).json()
        made = (await client.post("/api/v1/calculator/calculate", json=BOUGHT)).json()
        ids = {
            "file_id": queued["file_id"],
            "job_id": report["job_id"],
            "run_id": newer["outcome"]["run_id"],
            "row": "1",
            "line_id": booked["lines"][0]["id"],
            "calculation_id": made["calculation_id"],
            "supplier_id": await added_supplier(client, "Kept works"),
            "category": "diesel",
            "pack": "epa-supply-chain-1.3.0",
            "code": "541511/purchaser",
        }
    return World(key, ids)


BOOKED: Final = BOUGHT | {"supplier_name": "Booked works"}


async def added_supplier(client: Client, name: str) -> str:
    """Add a supplier, and return its id."""
    answer = await client.post("/api/v1/suppliers", json={"supplier_name": name})
    found: str = answer.json()["id"]
    return found


async def asked(client: Client, world: World, operation: Operation, *, anew: str = "") -> Asked:
    """Return a request of an operation; a write has an effect each time: `anew` names what it makes."""
    method, template = operation
    make = _WRITES.get((method, template.replace("/intake/suppliers", "/suppliers")))
    ids = world.ids
    told: Asked = {} if make is None else await make(client, anew or uuid4().hex)
    url = template
    for name, value in (ids | told.pop("ids", {})).items():
        url = url.replace(f"{{{name}}}", value)
    return {"url": url, "params": _QUERIES.get(template), **told}


async def _calculation(_: Client, __: str) -> Asked:
    return {"json": BOUGHT}


async def _batch(_: Client, anew: str) -> Asked:
    return {"json": {"records": [BOUGHT | {"id": f"{anew}-{place}"} for place in range(3)]}}


async def _entry(_: Client, anew: str) -> Asked:
    return {"json": BOOKED | {"id": anew}}


async def _correction(_: Client, anew: str) -> Asked:
    return {"json": BOOKED | {"id": anew}, "headers": {"If-Match": "*"}}


async def _supplier(_: Client, anew: str) -> Asked:
    return {"json": {"supplier_name": f"Works {anew}"}}


async def _suppliers(_: Client, anew: str) -> Asked:
    return {"json": {"suppliers": [{"supplier_name": f"Works {anew} {place}"} for place in range(3)]}}


async def _corrected_supplier(client: Client, anew: str) -> Asked:
    made = await added_supplier(client, f"Works {anew}")
    body = {"supplier_name": f"Works {anew}", "country": "DE"}
    return {"ids": {"supplier_id": made}, "json": body, "headers": {"If-Match": "*"}}


async def _merge(client: Client, anew: str) -> Asked:
    one, other = [await added_supplier(client, f"Works {anew} {place}") for place in "ab"]
    return {"ids": {"supplier_id": one}, "json": {"into": other}}


async def _upload(_: Client, anew: str) -> Asked:
    return {"files": {"file": (f"{anew}.csv", LEDGER)}}


async def _recalculations(_: Client, __: str) -> Asked:
    return {"json": {"gwp": "", "dry_run": True}}


async def _run_again(_: Client, anew: str) -> Asked:
    return {"json": {"currency": "GBP", "title": anew}}


async def _repairs(_: Client, anew: str) -> Asked:
    return {"files": {"file": (f"{anew}.csv", b"file,line\n")}}


async def _new_key(_: Client, anew: str) -> Asked:
    return {"json": {"name": anew, "role": "viewer"}}


async def _revoked_key(client: Client, anew: str) -> Asked:
    answer = await client.post("/api/v1/keys", json={"name": anew, "role": "viewer"})
    return {"ids": {"key_id": answer.json()["id"]}}


async def _report(_: Client, __: str) -> Asked:
    return {"json": {"group_by": ["category", "year"]}}


async def _report_job(_: Client, __: str) -> Asked:
    return {"json": {"group_by": ["month"]}}


async def _cancelled_job(client: Client, _: str) -> Asked:
    queued = (await client.post(REPORT_JOBS, json={})).json()
    return {"ids": {"job_id": queued["job_id"]}}


async def _resumed_job(client: Client, _: str) -> Asked:
    while True:  # where there is a worker, it may be faster
        queued = (await client.post(REPORT_JOBS, json={})).json()
        await client.post(f"{queued['links']['job']}/cancel")
        if (await ended(client, queued))["state"] == "cancelled":
            return {"ids": {"job_id": queued["job_id"]}}


_QUERIES: Final = {"/api/v1/factors": {"q": "steel"}}
_WRITES: Final[dict[Operation, Callable[[Client, str], Awaitable[Asked]]]] = {
    ("POST", "/api/v1/calculator/calculate"): _calculation,
    ("POST", "/api/v1/calculator/batch"): _batch,
    ("POST", "/api/v1/emissions"): _entry,
    ("PUT", "/api/v1/emissions/{line_id}"): _correction,
    ("POST", "/api/v1/suppliers"): _supplier,
    ("POST", "/api/v1/suppliers/bulk"): _suppliers,
    ("PUT", "/api/v1/suppliers/{supplier_id}"): _corrected_supplier,
    ("POST", "/api/v1/suppliers/{supplier_id}/merge"): _merge,
    ("POST", FILES): _upload,
    ("POST", RECALCULATIONS): _recalculations,
    ("POST", f"{FILES}/{{file_id}}/runs"): _run_again,
    ("POST", f"{FILES}/{{file_id}}/repairs"): _repairs,
    ("POST", "/api/v1/reporting/emissions"): _report,
    ("POST", REPORT_JOBS): _report_job,
    ("POST", "/api/v1/jobs/{job_id}/cancel"): _cancelled_job,
    ("POST", "/api/v1/jobs/{job_id}/resume"): _resumed_job,
    ("POST", "/api/v1/keys"): _new_key,
    ("DELETE", "/api/v1/keys/{key_id}"): _revoked_key,
}

READS_BY_POST: Final = ("/api/v1/reporting/emissions", RECALCULATIONS)
"""A recalculation is asked for without an effect: with one, a file would have a job under way ever after."""


def is_write(operation: Operation) -> bool:
    """Say whether an operation changes something."""
    method, template = operation
    return method != "GET" and template not in READS_BY_POST
