"""A Kubernetes API that answers with recorded objects, over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Dict = dict[str, Any]


@dataclass
class Api:
    """What it answers. lists: by the last part of the path; answers: by whole path, an object or
    text, or a status for a refusal; look: called before each request.
    """

    lists: dict[str, list[Dict]] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    look: Callable[[], None] = lambda: None

    def answer(self, path: str) -> tuple[int, bytes]:
        """Return status and body for a path."""
        self.asked.append(path)
        self.look()
        found = self.answers.get(path, {"items": self.lists.get(path.rsplit("/", 1)[-1], [])})
        if isinstance(found, int):
            return found, json.dumps({"message": "refused by the test"}).encode()
        if isinstance(found, tuple):
            return found[0], found[1].encode()
        return 200, (found if isinstance(found, str) else json.dumps(found)).encode()


@contextmanager
def serving(api: Api) -> Iterator[Mapping[str, Any]]:
    """Serve until the block ends; yields a kubeconfig."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, body = api.answer(urlsplit(self.path).path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "x",
            "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
            "clusters": [
                {"name": "x", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}
            ],
            "users": [{"name": "x", "user": {"token": "recorded-token-0123456789"}}],
        }
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
