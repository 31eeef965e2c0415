"""A server that speaks OpenAI's embeddings API and two kinds of /rerank, with faults.

Vectors and scores are made with the local model.
"""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import servers

from rag.adapters.embedder import OnnxEmbedder


class EmbeddingServer(ThreadingHTTPServer):
    """What it does, and what it was asked.

    `failures`: statuses that the next requests get, in turn; `retry_after`: seconds that goes with
    them; `status`: what every request gets; `hang`: seconds until an answer; `longest`: characters
    above which a text is refused; `fault`: `dimension`, `nan`, `zero`, `fewer` or `order`;
    `wanted`: what a passage must hold to be the best one of /rerank;
    `turned`: whether its vectors are those of another model, to which the local one's mean nothing.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", servers.free_port()), _Handler)
        self.model = OnnxEmbedder(1)
        self.seen: list[tuple[str, dict]] = []
        self.failures: list[int] = []
        self.retry_after = 0
        self.status = 200
        self.hang = 0.0
        self.longest = 0
        self.fault = ""
        self.turned = False
        self.wanted = ""
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """For EMBEDDING_BASE_URL."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    @property
    def rerank_url(self) -> str:
        """For RERANK_URL."""
        return f"http://127.0.0.1:{self.server_port}/rerank"

    def variables(self, **more: str) -> dict[str, str]:
        """The environment of a backend whose vectors this server makes."""
        given = {"EMBEDDINGS": "openai", "EMBEDDING_BASE_URL": self.url}
        given |= {"EMBEDDING_MODEL": "mini", "EMBEDDING_DIMENSION": "384"}
        return given | more

    def texts(self) -> list[str]:
        """All texts that it was asked for."""
        return [text for _key, asked in self.seen for text in asked["input"]]

    def vector(self, text: str) -> list[float]:
        """The local model's own; or, turned, what it is the other way round."""
        made = self.model._one(text)
        return (made[::-1] if self.turned else made).tolist()

    def handle_error(self, *_args: object) -> None:
        """Clients that leave are no errors here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: EmbeddingServer

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        server = self.server
        with server.lock:
            server.seen.append((self.headers["authorization"], asked))
            server.at_once += 1
            server.most_at_once = max(server.most_at_once, server.at_once)
            status = server.failures.pop(0) if server.failures else server.status
        try:
            time.sleep(server.hang)
            self._answer(asked, status)
        finally:
            with server.lock:
                server.at_once -= 1

    def _answer(self, asked: dict, status: int) -> None:
        if "input" not in asked:
            self._rerank(asked, status)
            return
        server, texts = self.server, asked["input"]
        if server.longest and max(map(len, texts)) > server.longest:
            status = 400
        if status != 200:
            self._send(status, {"error": {"message": "no", "type": "x", "code": "x"}})
            return
        data = [
            {"object": "embedding", "index": place, "embedding": server.vector(text)}
            for place, text in enumerate(texts)
        ]
        first = data[0]["embedding"]
        if server.fault == "dimension":
            first.append(0.5)
        elif server.fault == "nan":
            first[7] = float("nan")
        elif server.fault == "zero":
            first[:] = [0.0] * len(first)
        elif server.fault == "fewer":
            data.pop()
        elif server.fault == "order":
            data.reverse()
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        self._send(200, {"object": "list", "model": "mini", "data": data, "usage": usage})

    def _rerank(self, asked: dict, status: int) -> None:
        server, tei = self.server, "texts" in asked
        texts = asked["texts" if tei else "documents"]
        named = "score" if tei else "relevance_score"
        found = [
            {"index": place, named: float(server.wanted in text)}
            for place, text in enumerate(texts)
        ]
        found.sort(key=lambda item: -item[named])
        if server.fault == "fewer":
            found.pop()
        self._send(status, found if tei else {"results": found})

    def _send(self, status: int, body: dict) -> None:
        data = json.dumps(body).encode()
        with contextlib.suppress(OSError):  # who waited may have left
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            if status == 429 and self.server.retry_after:
                self.send_header("retry-after", str(self.server.retry_after))
            self.end_headers()
            self.wfile.write(data)

    def log_message(self, *_args: object) -> None:
        """Nothing."""


@contextlib.contextmanager
def running() -> Iterator[EmbeddingServer]:
    """A server until the block ends."""
    server = EmbeddingServer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
