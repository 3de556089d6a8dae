"""The pages that the service draws: the first one, the description of the API, one for each problem."""

import hashlib
import re
from pathlib import Path

import pytest
from benchmarks.api_pages import ERROR_PAGES, error_pages, problems_page
from tests.support.api import Api

from vcci.edge.problems import KINDS
from vcci.web.pages import static_address

DOCS = Path(__file__).parents[3] / "docs"


def test_pages_of_problems_and_errors_are_what_the_documentation_says() -> None:
    assert (DOCS / "problems.md").read_text("utf-8") == problems_page()
    assert ERROR_PAGES.read_text("utf-8") == error_pages((DOCS / "errors.md").read_text("utf-8"))


async def test_session_of_a_page_elsewhere_writes_nothing(api: Api) -> None:
    body = {"category": 1, "quantity": 1, "unit": "kg"}
    async with api.browser(await api.key()) as client:
        for origin, status in ((None, 401), ("http://evil.example", 401), ("https://127.0.0.1", 200)):
            headers = {"Origin": origin} if origin else {}
            answer = await client.post("/api/v1/calculator/calculate", json=body, headers=headers)
            assert answer.status_code == status, origin


@pytest.mark.parametrize("path", ["/docs", "/problems/not_found", "/problems/port_taken"])
@pytest.mark.parametrize("is_known", [False, True])
async def test_page_has_nothing_inline_and_nothing_from_elsewhere(
    api: Api, path: str, *, is_known: bool
) -> None:
    async with api.browser(await api.key() if is_known else "") as client:
        answer = await client.get(path)
        loaded = re.findall(r'<(?:link|script)[^>]+(?:href|src)="([^"]+)"', answer.text)
        statuses = [(await client.get(address)).status_code for address in loaded]
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert all(address.startswith("/static/") for address in loaded)
    assert len(statuses) >= 2
    assert set(statuses) == {200}
    assert not re.search(r"<style|<script>| style=| on[a-z]+=", answer.text)
    assert re.search(r'<html lang="en"', answer.text)


async def test_static_file_is_kept_for_ever_under_the_address_of_its_content(api: Api) -> None:
    async with api.client() as client:
        answer = await client.get(static_address("vcci.css"))
        missing = await client.get("/static/none.css")
    assert "immutable" in answer.headers["cache-control"]
    assert static_address("vcci.css").partition("?v=")[2] == hashlib.sha256(answer.content).hexdigest()[:16]
    assert missing.status_code == 404


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
