"""A receiver of OTLP over HTTP with the official messages, and what can be said of a trace."""

import contextlib
import gzip
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import servers
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass
class Seen:
    """A span as it arrived. kind: 2 for a server's, 3 for a client's, 5 for a consumer's."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    kind: int
    failed: bool
    attributes: dict[str, object] = field(default_factory=dict)


class Receiver(ThreadingHTTPServer):
    """What was sent to it; `silent`: it takes requests and never answers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", servers.free_port()), _Handler)
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.silent = threading.Event()
        self.end = threading.Event()

    @property
    def url(self) -> str:
        """For OTEL_EXPORTER_OTLP_ENDPOINT."""
        return f"http://127.0.0.1:{self.server_port}"

    def variables(self, **more: str) -> dict[str, str]:
        """The environment of a process that sends its spans here, and soon."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.url, "OTEL_BSP_SCHEDULE_DELAY": "200"} | more

    def spans(self) -> list[Seen]:
        """All spans so far."""
        return [span for body in list(self.bodies) for span in _spans(body)]

    def trace(self, trace: str) -> list[Seen]:
        """The spans of one trace."""
        return [span for span in self.spans() if span.trace == trace]

    def handle_error(self, *_args: object) -> None:
        """Clients that leave are no errors here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Receiver

    def do_POST(self) -> None:
        if self.headers.get("transfer-encoding", "") == "chunked":
            body = self._chunks()
        else:
            body = self.rfile.read(int(self.headers["content-length"]))
        if self.server.silent.is_set():
            self.server.end.wait(60)
            self.close_connection = True
            return
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        assert self.path == "/v1/traces"
        self.server.headers.append(dict(self.headers))
        self.server.bodies.append(body)
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *_args: object) -> None:
        """Nothing."""


def _spans(body: bytes) -> Iterator[Seen]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        about = _plain(resource.resource.attributes)
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Seen(
                    service=str(about["service.name"]),
                    name=span.name,
                    trace=span.trace_id.hex(),
                    id=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    kind=span.kind,
                    failed=span.status.code == 2,
                    attributes=_plain(span.attributes),
                )


def _plain(attributes: Iterable[Any]) -> dict[str, object]:
    return {
        item.key: getattr(item.value, item.value.WhichOneof("value") or "string_value")
        for item in attributes
    }


def connected(spans: list[Seen], root: str = "") -> bool:
    """Whether all spans are one tree whose root has this parent."""
    ids = {span.id for span in spans}
    roots = [span for span in spans if span.parent not in ids]
    return len(roots) == 1 and roots[0].parent == root and len(ids) == len(spans)


@contextlib.contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver until the block ends."""
    server = Receiver()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.end.set()
        server.shutdown()
        server.server_close()
