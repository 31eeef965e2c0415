"""Servers from which files are fetched: one that may be reached, and one that must not."""

import contextlib
import gzip
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import servers

OPEN, CLOSED = "127.0.0.2", "127.0.0.1"
"""Addresses of this machine: the tests let backends reach the first one alone."""
PAGE = b"<html><body><h1>Ferries</h1><p>The ferry to Luro leaves at seven.</p></body></html>"
BOMB = gzip.compress(bytes(64 << 20))


@dataclass
class Origin:
    """A server on a port of both addresses. seen: the paths that each was asked for."""

    port: int
    seen: dict[str, list[str]] = field(default_factory=lambda: {OPEN: [], CLOSED: []})
    files: dict[str, bytes] = field(default_factory=dict)

    def url(self, path: str, host: str = OPEN) -> str:
        """A URL of the server."""
        return f"http://{host}:{self.port}{path}"


@contextlib.contextmanager
def serving() -> Iterator[Origin]:
    """An origin that answers as paths say."""
    origin = Origin(servers.free_port())
    found = [_Server((host, origin.port), _Handler) for host in (OPEN, CLOSED)]
    for each in found:
        each.origin = origin
        threading.Thread(target=each.serve_forever, daemon=True).start()
    try:
        yield origin
    finally:
        for each in found:
            each.shutdown()
            each.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    origin: Origin


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.origin.seen[self.server.server_address[0]].append(self.path)
        path, _mark, query = self.path.partition("?")
        # A client that refuses an answer hangs up.
        with contextlib.suppress(OSError):
            getattr(self, f"_{path.split('/')[1].partition('.')[0]}", self._file)(query)

    def _file(self, _query: str) -> None:
        body = self.server.origin.files.get(self.path)
        if body is None:
            self._answer(404, b"")
        else:
            self._answer(200, body)

    def _page(self, _query: str) -> None:
        self._answer(200, PAGE, {"content-type": "text/html; charset=utf-8"})

    def _named(self, _query: str) -> None:
        headers = {"content-disposition": 'attachment; filename="../../tide table.txt"'}
        self._answer(200, b"High tide at Luro is at nine.", headers)

    def _status(self, query: str) -> None:
        self._answer(int(query), b"")

    def _to(self, query: str) -> None:
        self._answer(302, b"", {"location": unquote(query)})

    def _circle(self, _query: str) -> None:
        self._answer(302, b"", {"location": self.path})

    def _packed(self, _query: str) -> None:
        self._answer(200, gzip.compress(PAGE), {"content-encoding": "gzip"})

    def _bomb(self, _query: str) -> None:
        self._answer(200, BOMB, {"content-encoding": "gzip", "content-type": "text/plain"})

    def _brotli(self, _query: str) -> None:
        self._answer(200, b"x", {"content-encoding": "br"})

    def _endless(self, _query: str) -> None:
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b"x" * 65536)

    def _slow(self, _query: str) -> None:
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b"x")
            time.sleep(0.05)

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"content-length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""
