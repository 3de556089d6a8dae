"""The pages that the service draws: the first one, the description of the API, one for each problem."""

import re
from pathlib import Path

import pytest
from benchmarks.api_pages import ERROR_PAGES, error_pages, problems_page
from tests.support.api import Api

from vcci.edge.problems import KINDS
from vcci.runtime.sessions import one_time_token

DOCS = Path(__file__).parents[3] / "docs"


def test_pages_of_problems_and_errors_are_what_the_documentation_says() -> None:
    assert (DOCS / "problems.md").read_text("utf-8") == problems_page()
    assert ERROR_PAGES.read_text("utf-8") == error_pages((DOCS / "errors.md").read_text("utf-8"))


async def test_token_becomes_a_session_once(api: Api) -> None:
    token = await one_time_token(api.service.settings)
    async with api.client() as client:
        first = await client.get("/", params={"token": token})
        assert (first.status_code, first.headers["location"]) == (303, "/")
        assert "HttpOnly" in first.headers["set-cookie"]
        assert "Runs" in (await client.get("/")).text
    async with api.client() as other:
        assert (await other.get("/", params={"token": token})).status_code == 403
        assert "Runs" not in (await other.get("/")).text


async def test_session_of_a_page_elsewhere_writes_nothing(api: Api) -> None:
    token = await one_time_token(api.service.settings)
    body = {"category": 1, "quantity": 1, "unit": "kg"}
    async with api.client() as client:
        await client.get("/", params={"token": token})
        for origin, status in ((None, 401), ("http://evil.example", 401), ("http://127.0.0.1", 200)):
            headers = {"Origin": origin} if origin else {}
            answer = await client.post("/api/v1/calculator/calculate", json=body, headers=headers)
            assert answer.status_code == status, origin


@pytest.mark.parametrize("path", ["/", "/docs", "/problems/not_found", "/problems/port_taken"])
async def test_page_runs_no_script_and_loads_nothing_from_elsewhere(api: Api, path: str) -> None:
    async with api.client() as client:
        answer = await client.get(path)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert set(re.findall(r'<link[^>]+href="([^"]+)"', answer.text)) == {
        "/assets/pages.css",
        "/assets/mark.svg",
    }
    assert re.search(r'<html lang="en">', answer.text)


async def test_every_kind_of_problem_has_a_page(api: Api) -> None:
    async with api.client() as client:
        for code, kind in KINDS.items():
            assert kind.title.split("'")[0] in (await client.get(f"/problems/{code}")).text
        assert (await client.get("/problems/none_such")).status_code == 404


async def test_description_shows_every_operation_with_what_it_needs(api: Api) -> None:
    async with api.client() as client:
        document = (await client.get("/openapi.json")).json()
        text = (await client.get("/docs")).text
    assert document["openapi"].startswith("3.1")
    assert all(path in text for path in document["paths"])
    assert "Needs <code>calculate</code>" in text
    assert "&#34;category&#34;: 6" in text
