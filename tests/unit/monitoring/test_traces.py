"""A span per request, in the trace of the caller if that is told once and well."""

from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode, get_current_span

from vcci.monitoring.traces import TracedRequests, trace_headers

TRACE = "0af7651916cd43dd8448eb211c80319c"
GOOD = f"00-{TRACE}-b7ad6b7169203331-01"


class Spans:
    """A provider that keeps what ends, and requests through the middleware."""

    def __init__(self) -> None:
        self.kept = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.kept))

    async def of(self, *traceparents: str, status: int = 200, app: Any = None) -> Any:
        async def answering(_scope: Any, _receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": status, "headers": []})

        traced = TracedRequests(app or answering, lambda _path: "/lines/{id}", self.provider)
        headers = [(b"traceparent", one.encode()) for one in traceparents]
        scope = {"type": "http", "method": "GET", "path": "/lines/7", "headers": headers}
        await traced(scope, taken, taken)  # type: ignore[arg-type]
        return self.kept.get_finished_spans()[-1]


async def taken(*_: Any) -> None:
    pass


async def test_a_span_is_named_by_method_and_template_and_has_the_status() -> None:
    span = await Spans().of(status=201)
    assert (span.name, span.attributes["http.response.status_code"]) == ("GET /lines/{id}", 201)
    assert "/lines/7" not in span.to_json()


async def test_a_callers_trace_goes_on() -> None:
    span = await Spans().of(GOOD)
    assert (f"{span.context.trace_id:032x}", span.parent.is_remote) == (TRACE, True)


@pytest.mark.parametrize(
    "traceparents",
    [
        (),
        (GOOD, GOOD),
        (GOOD.upper(),),
        (GOOD[:-1],),
        (f"00-{'0' * 32}-b7ad6b7169203331-01",),
        (f"00-{TRACE}-{'0' * 16}-01",),
        (f"ff-{TRACE}-b7ad6b7169203331-01",),
        (f"{GOOD}-more",),
        ("\xff",),
    ],
)
async def test_what_is_missing_malformed_or_doubled_begins_a_trace_of_its_own(
    traceparents: tuple[str, ...],
) -> None:
    span = await Spans().of(*traceparents)
    assert span.parent is None
    assert f"{span.context.trace_id:032x}" != TRACE


async def test_a_failure_is_told_by_its_class_and_not_by_its_text() -> None:
    async def failing(*_: Any) -> None:
        raise LookupError("what is private")

    spans = Spans()
    with pytest.raises(LookupError):
        await spans.of(app=failing)
    span = spans.kept.get_finished_spans()[0]
    assert (span.status.status_code, dict(span.attributes or {})["error.type"]) == (
        StatusCode.ERROR,
        "LookupError",
    )
    assert "private" not in span.to_json()


@pytest.mark.parametrize(("status", "code"), [(404, StatusCode.UNSET), (503, StatusCode.ERROR)])
async def test_only_a_server_error_is_an_error_of_the_span(status: int, code: StatusCode) -> None:
    assert (await Spans().of(status=status)).status.status_code is code


async def test_another_service_is_told_the_trace_under_way() -> None:
    told: list[Any] = []

    async def calling(*_: Any) -> None:
        told.append((trace_headers()["traceparent"], get_current_span().get_span_context()))

    await Spans().of(GOOD, app=calling)
    header, span = told[0]
    assert header == f"00-{TRACE}-{span.span_id:016x}-01"


async def test_there_are_no_spans_where_nobody_takes_them() -> None:
    seen: list[bool] = []

    async def looking(*_: Any) -> None:
        seen.append(get_current_span().get_span_context().is_valid)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"traceparent", GOOD.encode())]}
    await TracedRequests(looking, str)(scope, taken, taken)  # type: ignore[arg-type]
    assert (seen, trace_headers()) == ([False], {})
