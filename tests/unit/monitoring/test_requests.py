"""Requests are measured by the template of their route, whatever the address."""

import asyncio
import re
from functools import partial
from typing import Any

import pytest
from prometheus_client import generate_latest
from starlette.requests import ClientDisconnect

from vcci.monitoring import timings
from vcci.monitoring.latency import Latencies
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


def counted(route: str, status: int, *, method: str = "GET") -> float:
    told = {"endpoint": route, "method": method, "status": str(status)}
    return REGISTRY.get_sample_value("greenlang_http_requests_total", told) or 0.0


def timed(kind: str) -> float:
    told = {"endpoint": "/lines/{id}", "method": "GET", "status": kind}
    return REGISTRY.get_sample_value("greenlang_http_request_duration_seconds_count", told) or 0.0


async def answering(_scope: Any, _receive: Any, send: Any, status: int = 201) -> None:
    headers = [(b"cache-status", b"vcci; hit; ttl=5")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def taken(_message: Any = None) -> Any:
    pass


async def gone(_message: Any) -> None:
    raise OSError("the client went")


async def failing(scope: Any, receive: Any, send: Any, *, error: BaseException, after: str = "") -> None:
    if after:
        await send({"type": "http.response.start", "status": 200, "headers": []})
    if after == "whole":
        await send({"type": "http.response.body", "body": b""})
    raise error


def scope(method: str = "GET") -> dict[str, Any]:
    return {"type": "http", "method": method, "path": "/lines/7", "headers": []}


async def asked(app: Any, send: Any = taken, **options: Any) -> None:
    await MeasuredRequests(app, TEMPLATES.of, **options)(scope(), taken, send)


async def test_answer_is_counted_with_its_status_and_a_client_that_went_with_499() -> None:
    before = [counted("/lines/{id}", status) for status in (201, CLIENT_GONE)]
    await asked(answering)
    with pytest.raises(OSError, match="went"):
        await asked(answering, gone)
    after = [counted("/lines/{id}", status) for status in (201, CLIENT_GONE)]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1]
    assert b"/lines/7" not in generate_latest(REGISTRY)


@pytest.mark.parametrize(
    ("error", "after", "status", "kind"),
    [
        (ValueError(), "", 500, "5xx"),
        (OSError(), "", 500, "5xx"),
        (ValueError(), "head", 500, "5xx"),
        (ValueError(), "whole", 200, "2xx"),
        (asyncio.CancelledError(), "", 499, "499"),
        (asyncio.CancelledError(), "head", 499, "499"),
        (ClientDisconnect(), "whole", 499, "499"),
    ],
)
async def test_what_a_failure_comes_to_is_the_true_status(
    error: BaseException, after: str, status: int, kind: str
) -> None:
    before = counted("/lines/{id}", status), timed(kind)
    with pytest.raises(type(error)):
        await asked(partial(failing, error=error, after=after))
    assert (counted("/lines/{id}", status) - before[0], timed(kind) - before[1]) == (1, 1)


async def test_request_is_active_while_it_is_answered_and_not_afterwards() -> None:
    told = {"endpoint": "/lines/{id}", "method": "GET"}
    seen: list[float | None] = []

    async def looking(*_: Any) -> None:
        seen.append(REGISTRY.get_sample_value("greenlang_http_requests_active", told))
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        await asked(looking)
    assert [*seen, REGISTRY.get_sample_value("greenlang_http_requests_active", told)] == [1, 0]


async def test_methods_that_nobody_knows_are_one() -> None:
    before = counted("/lines/{id}", 201, method="OTHER")
    for number in range(3):
        await MeasuredRequests(answering, TEMPLATES.of)(scope(f"BREW{number}"), taken, taken)
    assert counted("/lines/{id}", 201, method="OTHER") - before == 3


async def test_answer_says_where_its_time_went_if_it_is_to() -> None:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        with timings.timed("db"):
            pass
        await answering(scope, receive, send)

    async def keep(message: Any) -> None:
        sent.append(message)

    await asked(app, keep, tells_timings=True)
    await asked(app, keep)
    told = dict(sent[0]["headers"])[b"server-timing"].decode()
    assert re.fullmatch(r'total;dur=[\d.]+, db;dur=[\d.]+, cache;desc="hit"', told)
    assert b"server-timing" not in dict(sent[2]["headers"])


async def test_times_of_this_process_are_kept_for_its_report() -> None:
    latencies = Latencies()
    for _ in range(3):
        await asked(answering, latencies=latencies)
    assert latencies["GET", "/lines/{id}"].count == 3
