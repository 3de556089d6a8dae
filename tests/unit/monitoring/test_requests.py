"""Requests are measured by the template of their route, whatever the address."""

import pytest
from prometheus_client import generate_latest

from vcci.monitoring.metrics import REGISTRY
from vcci.monitoring.requests import CLIENT_GONE, UNMATCHED, MeasuredRequests, Templates

TEMPLATES = Templates(["/", "/lines", "/lines/{id}", "/lines/{id}/versions", "/factors/{pack}/{code:path}"])


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/", "/"),
        ("/lines", "/lines"),
        ("/lines/7", "/lines/{id}"),
        ("/lines/7/versions", "/lines/{id}/versions"),
        ("/lines/7/other", UNMATCHED),
        ("/factors/epa/541511/purchaser", "/factors/{pack}/{code:path}"),
        ("/factors/epa", UNMATCHED),
        ("/wp-login.php", UNMATCHED),
        ("/" * 10_000, UNMATCHED),
    ],
)
def test_address_is_counted_under_its_template(path: str, template: str) -> None:
    assert TEMPLATES.of(path) == template


def counted(route: str, status: int) -> float:
    told = {"route": route, "method": "GET", "status": str(status)}
    return REGISTRY.get_sample_value("greenlang_http_requests_total", told) or 0.0


async def test_answer_is_counted_with_its_status_and_a_client_that_went_with_499() -> None:
    async def answering(_scope: object, _receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 201, "headers": []})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]

    async def gone(_message: object) -> None:
        raise OSError("the client went")

    async def taken(_message: object) -> None:
        pass

    measured = MeasuredRequests(answering, TEMPLATES.of)
    scope = {"type": "http", "method": "GET", "path": "/lines/7"}
    before = [counted("/lines/{id}", status) for status in (201, CLIENT_GONE)]
    await measured(scope, None, taken)  # type: ignore[arg-type]
    with pytest.raises(OSError, match="went"):
        await measured(scope, None, gone)  # type: ignore[arg-type]
    after = [counted("/lines/{id}", status) for status in (201, CLIENT_GONE)]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1]
    assert b"/lines/7" not in generate_latest(REGISTRY)
