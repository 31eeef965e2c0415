"""A receiver of what Sentry's library sends: envelopes with events."""

import contextlib
import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import servers

KEY = "5e57e2kee9"


class Receiver(ThreadingHTTPServer):
    """What was sent to it; `silent`: it takes requests and never answers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", servers.free_port()), _Handler)
        self.bodies: list[bytes] = []
        self.silent = threading.Event()
        self.end = threading.Event()

    @property
    def dsn(self) -> str:
        """For SENTRY_DSN."""
        return f"http://{KEY}@127.0.0.1:{self.server_port}/42"

    def events(self) -> list[dict]:
        """All events so far."""
        return [event for body in list(self.bodies) for event in _events(body)]

    def handle_error(self, *_args: object) -> None:
        """Clients that leave are no errors here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.server.silent.is_set():
            self.server.end.wait(60)
            self.close_connection = True
            return
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        assert self.path == "/api/42/envelope/"
        assert KEY in self.headers["x-sentry-auth"]
        self.server.bodies.append(body)
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_args: object) -> None:
        """Nothing."""


def _events(body: bytes) -> Iterator[dict]:
    lines = body.split(b"\n")
    for head, payload in zip(lines[1::2], lines[2::2], strict=False):
        if json.loads(head).get("type") == "event":
            yield json.loads(payload)


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
