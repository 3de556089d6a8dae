"""A ledger whose texts need a review, and what its runs come to."""

from typing import Any

import httpx2
from tests.support.jobs import ended, uploaded

RULES = "accounts:\n  - {account: Software licences, commodity: '511210'}\nregion: GB\n"
LEDGER = """Supplier,Expense type,Invoice date,Amount GBP
Alpha,Software licences,2022-03-01,1000
Beta,Taxi service,2022-03-04,200
Beta,Taxi service,2022-03-05,100
Gamma,Zzgrmpf,2022-03-04,70
Delta,Cement,2022-03-05,3000
"""
OTHER_LEDGER = "Supplier,Expense type,Invoice date,Amount GBP\nEps,TAXI  service.,2022-05-01,50\n"


async def run_of(client: httpx2.AsyncClient, ledger: str = LEDGER) -> dict[str, Any]:
    """Upload a ledger, and return what its job came to."""
    job = await ended(client, await uploaded(client, ledger.encode(), mapping=RULES))
    assert job["state"] == "completed", job
    return dict(job["outcome"]) | {"file_id": job["file_id"]}


async def rows_of(client: httpx2.AsyncClient, run_id: str, rows: int = 5) -> list[dict[str, Any]]:
    """Return the derivation of each row of a run."""
    return [(await client.get(f"/api/v1/runs/{run_id}/rows/{row}")).json() for row in range(1, rows + 1)]


async def queue_of(browser: httpx2.AsyncClient, **asked: Any) -> dict[str, dict[str, Any]]:
    """Return the texts of the review queue by account."""
    found = (await browser.get("/review.json", params=asked)).json()
    return {text["account"]: text for text in found["texts"]}
