"""A small HTTP server that keeps the backend's contract, and breaks it where told to."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DEPENDENCIES = ("postgres", "redis", "s3", "milvus")


@dataclass
class Backend:
    """What the server does; a test changes the faults while it runs.

    Attributes:
        down: dependencies that fail, with their causes.
        hang: path prefixes (with method) that never answer.
        slow: seconds before each answer to /version.
        faults: of `no_citations`, `answers_all`, `keeps_deleted`, `delete_fails`, `never_ready`.
        key: what it asks for, but for probes and its version; empty for nothing.
        redirects: where it sends who asks for /v1; empty for nowhere.
        heals_after: number of /readyz answers after which `down` no longer counts.
    """

    url: str = ""
    version: str = "1.4.2"
    down: dict[str, str] = field(default_factory=dict)
    hang: tuple[str, ...] = ()
    slow: float = 0.0
    faults: frozenset[str] = frozenset()
    heals_after: int | None = None
    key: str = ""
    redirects: str = ""
    keys: list[str | None] = field(default_factory=list)
    documents: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def readyz(self) -> tuple[int, dict[str, Any]]:
        """Return status and body of /readyz."""
        looks = self.requests.count("GET /readyz")
        down = {} if self.heals_after is not None and looks > self.heals_after else self.down
        checks = {
            name: {
                "status": "fail" if name in down else "pass",
                "latency": 1000.0 if name in down else 1.5,
                "output": down.get(name, ""),
            }
            for name in DEPENDENCIES
        }
        body = {"status": "fail" if down else "pass", "checks": checks}
        body["output"] = f"failed: {', '.join(down)}" if down else ""
        return (503 if down else 200), body

    def upload(self, text: str) -> tuple[int, dict[str, Any]]:
        """Store a document."""
        token = re.search(r"hx[0-9a-f]{12}", text)
        identity = f"{len(self.requests):x}ab"
        self.documents[identity] = token[0] if token else ""
        job = {"id": "1f", "state": "queued"}
        return 202, {"id": identity, "status": "processing", "job": job}

    def ask(self, question: str) -> tuple[int, dict[str, Any]]:
        """Answer from the documents, or refuse."""
        found = [(i, t) for i, t in self.documents.items() if t and t in question]
        if found:
            identity, token = found[0]
            cited = [{"document_id": identity, "excerpt": f"the code is {token}", "page": 1}]
            cited = [] if "no_citations" in self.faults else cited
            return 200, {"answer": f"It is {token}.", "citations": cited, "refused": False}
        refused = "answers_all" not in self.faults
        return 200, {"answer": "Stradivari, surely.", "citations": [], "refused": refused}

    def document(self, method: str, identity: str) -> tuple[int, dict[str, Any]]:
        """Show or delete a document."""
        if identity not in self.documents:
            return 404, {"title": "Not found", "detail": f"no document {identity}"}
        if method == "GET":
            ready = "never_ready" not in self.faults
            return 200, {"id": identity, "status": "ready" if ready else "processing"}
        if "delete_fails" in self.faults:
            return 503, {"detail": "s3: access denied"}
        if "keeps_deleted" not in self.faults:
            del self.documents[identity]
        return 204, {}

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Return status and body for a request."""
        if path == "/livez":
            return 200, {"status": "pass"}
        if path == "/readyz":
            return self.readyz()
        if path == "/version":
            time.sleep(self.slow)
            return 200, {"version": self.version, "git_sha": "8c1f2e7"}
        if path == "/v1/documents":
            return self.upload(body.decode())
        if path == "/v1/ask":
            return self.ask(json.loads(body)["question"])
        return self.document(method, path.rsplit("/", 1)[-1])


@contextlib.contextmanager
def backend(**settings: Any) -> Iterator[Backend]:
    """Run a backend on a free loopback port."""
    state = Backend(**settings)

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            line = f"{self.command} {self.path}"
            state.requests.append(line)
            if any(line.startswith(prefix) for prefix in state.hang):
                released.wait(60)
                return
            given = self.headers.get("Authorization")
            state.keys.append(given)
            if state.redirects and self.path.startswith("/v1"):
                self.send_response(302)
                self.send_header("Location", state.redirects + self.path)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if state.key and self.path.startswith("/v1") and given != f"Bearer {state.key}":
                status, value = 401, {"detail": "there is no such API key"}
            else:
                status, value = state.answer(self.command, self.path, body)
            content = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with contextlib.suppress(BrokenPipeError):
                self.wfile.write(b"" if status == 204 else content)

        do_GET = do_POST = do_DELETE = _serve

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    released = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield state
    finally:
        released.set()
        server.shutdown()
        server.server_close()
