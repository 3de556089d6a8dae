"""The examples of the description are requests that work."""

from typing import Any

import pytest
from tests.support.api import Api

from vcci.api.app import api as routes

Example = tuple[str, str, Any]


def examples() -> list[Example]:
    """Return method, path and body of every example in the description."""
    found = []
    for path, methods in routes(None).openapi()["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            found += [(method, path, body) for body in content.get("schema", {}).get("examples", [])]
    return found


async def made(api: Api, path: str) -> dict[str, str]:
    """Make what a path with an id needs, and return what to ask with."""
    async with api.client(await api.key()) as client:
        if "{file_id}" in path:
            files = {"file": ("ledger.csv", b"Supplier,Account,Date,Amount\nA,Paper,2024-01-02,1.50\n")}
            answer = await client.post("/api/v1/intake/files", files=files)
            return {"{file_id}": answer.json()["file_id"]}
        parent, _, name = path.removesuffix("/merge").rpartition("/")
        body = next(body for method, other, body in examples() if (method, other) == ("post", parent))
        answer = await client.post(parent, json=body)
        return {name: answer.headers["Location"].rpartition("/")[2]}


@pytest.mark.parametrize("example", examples(), ids=lambda example: f"{example[0]} {example[1]}")
async def test_example_is_accepted(api: Api, example: Example) -> None:
    method, path, body = example
    ids = await made(api, path) if "{" in path else {}
    for name, one in ids.items():
        path = path.replace(name, one)
    async with api.client(await api.key()) as client:
        if path.endswith("/merge"):
            other = await client.post("/api/v1/suppliers", json={"supplier_name": "Another"})
            body = {"into": other.json()["id"]}
        answer = await client.request(method, path, json=body, headers={"If-Match": "*"} if ids else {})
    assert 200 <= answer.status_code < 300, answer.text


def test_every_operation_with_a_body_has_an_example() -> None:
    shown = {(method, path) for method, path, _ in examples()}
    missing = [
        (method, path)
        for path, methods in routes(None).openapi()["paths"].items()
        for method, operation in methods.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
        and (method, path) not in shown
    ]
    assert missing == []
