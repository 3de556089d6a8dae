"""Spans of requests, for whoever configures OpenTelemetry; without a tracer provider there are none.

A caller's trace is taken up from `traceparent` (W3C Trace Context) if there is exactly one and it is valid.
What an exception says stays out of spans: it may name what is private.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vcci import __version__

TRACEPARENT: Final = b"traceparent"
TRACESTATE: Final = b"tracestate"
UNCONFIGURED: Final = (trace.ProxyTracerProvider, trace.NoOpTracerProvider)

_PROPAGATOR: Final = TraceContextTextMapPropagator()


@dataclass(frozen=True, slots=True)
class TracedRequests:
    """ASGI: opens a span named METHOD and template around the rest; no `provider` means the global one."""

    app: ASGIApp
    route_of: Callable[[str], str]
    provider: trace.TracerProvider | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request on, inside a span if somebody takes spans."""
        provider = self.provider or trace.get_tracer_provider()
        if scope["type"] != "http" or isinstance(provider, UNCONFIGURED):
            await self.app(scope, receive, send)
            return
        endpoint = self.route_of(scope["path"])
        with provider.get_tracer("vcci", __version__).start_as_current_span(
            f"{scope['method']} {endpoint}",
            context=taken_up(scope["headers"]),
            kind=trace.SpanKind.SERVER,
            attributes={"http.request.method": scope["method"], "http.route": endpoint},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                await self.app(scope, receive, _noting(send, span))
            except BaseException as error:
                span.set_attribute("error.type", type(error).__qualname__)
                span.set_status(trace.StatusCode.ERROR)
                raise


def taken_up(headers: Iterable[tuple[bytes, bytes]]) -> Context:
    """Return the context that a caller's trace goes on in; an empty one without a single valid header."""
    found: dict[str, list[str]] = {"traceparent": [], "tracestate": []}
    for name, value in headers:
        if name in (TRACEPARENT, TRACESTATE):
            found[name.decode()].append(value.decode("latin-1"))
    if len(found["traceparent"]) != 1:
        return Context()
    return _PROPAGATOR.extract(found, Context())


def trace_headers() -> Mapping[str, str]:
    """Return the headers that hand the trace under way on to another service; none without one."""
    headers: dict[str, str] = {}
    _PROPAGATOR.inject(headers)
    return headers


def _noting(send: Send, span: trace.Span) -> Send:
    async def noting(message: Message | Any) -> None:
        if message["type"] == "http.response.start":
            span.set_attribute("http.response.status_code", message["status"])
            if message["status"] >= 500:
                span.set_attribute("error.type", str(message["status"]))
                span.set_status(trace.StatusCode.ERROR)
        await send(message)

    return noting
