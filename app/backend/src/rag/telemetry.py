"""Where traces go: a collector that speaks OTLP, if OTEL_EXPORTER_OTLP_ENDPOINT names one.

Spans are sent by a thread of their own, from a queue that drops what is too much: a collector that
is down, slow or silent delays no request.
"""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from opentelemetry import trace

from rag import tracing
from rag.settings import EX_CONFIG, Settings

_CLOSE_SECONDS = 2.0
"""How long the end of the process waits for what is not sent yet."""
_QUIET_SECONDS = 60.0
_LOGGERS = (
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.sdk._shared_internal",
)


def install(settings: Settings, service: str) -> Callable[[], None]:
    """Send the spans of this process, whose name is `service` unless OTEL_SERVICE_NAME has another.

    Returns what ends that, within seconds. The standard variables of OpenTelemetry count, such as
    OTEL_TRACES_SAMPLER.
    """
    if not settings.otel_exporter_otlp_endpoint:
        return lambda: None
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.ERROR)
        logger.addFilter(_Seldom())
    try:
        return _sending(settings, service)
    except ValueError as error:
        # Before anything else is logged, as for the variables of our own.
        print(f"configuration error: OTEL_...: {error}", file=sys.stderr)  # noqa: T201
        raise SystemExit(EX_CONFIG) from None


def _sending(settings: Settings, service: str) -> Callable[[], None]:
    # Only now: without a collector its libraries are not loaded.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from rag.adapters.requests import trusting_session

    given = settings.otel_exporter_otlp_headers
    resource = Resource.create(
        {
            "service.name": os.environ.get("OTEL_SERVICE_NAME") or service,
            "service.version": settings.app_version,
        }
    )

    class Ours(TracerProvider):
        """Makes spans for this program alone: those of libraries quote errors and addresses."""

        def get_tracer(
            self, instrumenting_module_name: str, *args: Any, **more: Any
        ) -> trace.Tracer:
            if instrumenting_module_name != tracing.NAME:
                return trace.NoOpTracer()
            return super().get_tracer(instrumenting_module_name, *args, **more)

    # Ended below, in bounded time, and not by the interpreter's exit.
    provider = Ours(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(
        headers=_headers(given.get_secret_value()) if given else None,
        session=trusting_session(),
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return lambda: _in_time(provider.shutdown)


def _in_time(close: Callable[[], None]) -> None:
    """Run `close` for so long; a process that ends does not wait for its thread."""
    closing = threading.Thread(target=close, daemon=True)
    closing.start()
    closing.join(_CLOSE_SECONDS)


def _headers(text: str) -> dict[str, str]:
    """Names and values of `name=value,...`, percent-encoded as the standard has it."""
    pairs = (item.partition("=") for item in text.split(","))
    return {name.strip().lower(): unquote(value.strip()) for name, is_, value in pairs if is_}


class _Seldom(logging.Filter):
    """Lets a record through once a minute: a collector may be down for hours."""

    def __init__(self) -> None:
        super().__init__()
        self._quiet_until = 0.0

    def filter(self, _record: logging.LogRecord) -> bool:
        """Whether the record is logged."""
        if (now := time.monotonic()) < self._quiet_until:
            return False
        self._quiet_until = now + _QUIET_SECONDS
        return True
