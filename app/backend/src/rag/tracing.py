"""Spans (OpenTelemetry). They carry names, numbers and ids: no text of a document, a question or
an error, whose message may quote one.

Only the API is known here. rag/telemetry.py decides whether spans are kept and where they go; until
it does, they cost next to nothing and their ids serve the log.
"""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

Value = str | int | float | bool
"""What an attribute may be."""

NAME = "rag"
_tracer = trace.get_tracer(NAME)
_propagator = TraceContextTextMapPropagator()
_ids = random.SystemRandom()
_HEADER = "traceparent"


@contextmanager
def serving(headers: Mapping[str, str]) -> Iterator[Span]:
    """The span of a request, within the trace that its headers name (W3C Trace Context)."""
    with _begun("HTTP", SpanKind.SERVER, {_HEADER: headers.get(_HEADER, "")}) as span:
        yield span


@contextmanager
def working(kind: str, carried: str | None, **attributes: Value) -> Iterator[Span]:
    """The span of a job's attempt, within the trace of the request that queued it (`carried`)."""
    with _begun(f"job {kind}", SpanKind.CONSUMER, {_HEADER: carried or ""}, **attributes) as span:
        yield span


@contextmanager
def stage(name: str) -> Iterator[None]:
    """A part of the work on a request or a job; nothing outside of one."""
    if not _traced():
        yield
        return
    with _current(_tracer.start_span(name)):
        yield


@contextmanager
def calling(system: str, operation: str, **attributes: Value) -> Iterator[Span]:
    """A call of another server, as a part of a request or a job; nothing outside of one.

    What looks every second whether there is work, or whether a server is up, makes no traces. The
    span is not the current one, so that a generator may hold it across what it yields.
    """
    if not _traced():
        yield trace.INVALID_SPAN
        return
    told: dict[str, Value] = {"peer.service": system, **attributes}
    span = _tracer.start_span(f"{system} {operation}", kind=SpanKind.CLIENT, attributes=told)
    with _ended(span):
        yield span


def carrier() -> str | None:
    """The current span as `traceparent`, for a job that goes on with the trace elsewhere."""
    carried: dict[str, str] = {}
    _propagator.inject(carried)
    return carried.get(_HEADER)


def ids() -> dict[str, str]:
    """trace_id and span_id of the current span, in hexadecimal digits; empty without one."""
    now = trace.get_current_span().get_span_context()
    if not now.is_valid:
        return {}
    return {
        "trace_id": trace.format_trace_id(now.trace_id),
        "span_id": trace.format_span_id(now.span_id),
    }


def answered(span: Span, method: str, route: str, status: int) -> None:
    """Name a request's span, and note how it was answered."""
    span.update_name(f"{method} {route}")
    span.set_attribute("http.request.method", method)
    span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", status)
    if status >= 500:
        span.set_status(Status(StatusCode.ERROR))


def worked(span: Span, outcome: str) -> None:
    """Note how an attempt of a job ended."""
    span.set_attribute("rag.job.outcome", outcome)
    if outcome != "succeeded":
        span.set_status(Status(StatusCode.ERROR))


def _traced() -> bool:
    now = trace.get_current_span().get_span_context()
    return now.is_valid and now.trace_flags.sampled


@contextmanager
def _begun(
    name: str, kind: SpanKind, headers: Mapping[str, str], **attributes: Value
) -> Iterator[Span]:
    """A span that begins here, whatever was current; a trace of its own without a valid header."""
    outside = _propagator.extract(headers, context.Context())
    span = _tracer.start_span(name, outside, kind, attributes)
    if not span.get_span_context().is_valid:
        # Nothing is kept. The ids tell apart what the log has of this request all the same.
        made = SpanContext(_ids.getrandbits(128) or 1, _ids.getrandbits(64) or 1, is_remote=False)
        span = NonRecordingSpan(made)
    with _current(span):
        yield span


@contextmanager
def _current(span: Span) -> Iterator[None]:
    token = context.attach(trace.set_span_in_context(span))
    try:
        with _ended(span):
            yield
    finally:
        context.detach(token)


@contextmanager
def _ended(span: Span) -> Iterator[None]:
    """End a span, also when its work fails; of the failure it has the name alone."""
    try:
        yield
    except Exception as error:
        span.set_attribute("error.type", type(error).__name__)
        span.set_status(Status(StatusCode.ERROR))
        raise
    finally:
        span.end()
