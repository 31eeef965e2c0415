"""A server that speaks OpenAI's Chat Completions API, streaming or not, with faults on demand."""

import contextlib
import json
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import servers


class ModelServer(ThreadingHTTPServer):
    """What it says, and what it was asked.

    `text`: the answer; `pieces`: how it is cut (by default at blanks); `pause`: seconds between two
    of them; `cut_after`: so many pieces are sent before the connection breaks; `finish`: the
    reason with which it ends; `failures`: statuses that the next requests get, in turn; `status`:
    what every request gets; `standalone`: the answer to a request without a stream; `unknown`: a
    field that it refuses.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", servers.free_port()), _Handler)
        self.seen: list[tuple[str, dict]] = []
        self.text = "NO ANSWER"
        self.pieces: list[str] | None = None
        self.pause = 0.0
        self.cut_after: int | None = None
        self.finish = "stop"
        self.failures: list[int] = []
        self.status = 200
        self.standalone = ""
        self.unknown = ""
        self.left = threading.Event()
        self.sent = 0

    @property
    def url(self) -> str:
        """For OPENAI_BASE_URL."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    def variables(self, **more: str) -> dict[str, str]:
        """The environment of a backend whose answers this server writes."""
        given = {"OPENAI_API_KEY": "sk-secret-key", "OPENAI_BASE_URL": self.url}
        return given | {"ANSWER_CACHE_SECONDS": "0"} | more

    def handle_error(self, *_args: object) -> None:
        """Clients that leave are no errors here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ModelServer

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        server = self.server
        server.seen.append((self.headers["authorization"], asked))
        status = server.failures.pop(0) if server.failures else server.status
        if server.unknown and server.unknown in asked:
            message = f"Unrecognized request argument supplied: {server.unknown}"
            self._whole(400, {"error": {"message": message, "type": "x", "code": None}})
        elif status != 200:
            self._whole(status, {"error": {"message": "no", "type": "x", "code": "x"}})
        elif asked.get("stream"):
            self._stream(asked)
        else:
            message = {"role": "assistant", "content": server.standalone}
            choice = {"index": 0, "finish_reason": "stop", "message": message}
            usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
            self._whole(200, {**_base("chat.completion"), "choices": [choice], "usage": usage})

    def _whole(self, status: int, body: dict) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, asked: dict) -> None:
        server = self.server
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        pieces = server.pieces or re.findall(r"\s*\S+", server.text)
        try:
            self._choice({"role": "assistant", "content": ""})
            for number, piece in enumerate(pieces):
                if number == server.cut_after:
                    self.close_connection = True
                    return
                self._choice({"content": piece})
                server.sent = number + 1
                time.sleep(server.pause)
            self._choice({}, server.finish)
            if asked.get("stream_options", {}).get("include_usage"):
                usage = {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150}
                self._event({**_base("chat.completion.chunk"), "choices": [], "usage": usage})
            self._send(b"data: [DONE]\n\n")
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.close_connection = True
            server.left.set()

    def _choice(self, delta: dict, finish: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        self._event({**_base("chat.completion.chunk"), "choices": [choice]})

    def _event(self, body: dict) -> None:
        self._send(f"data: {json.dumps(body)}\n\n".encode())

    def _send(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def log_message(self, *_args: object) -> None:
        """Nothing."""


def _base(kind: str) -> dict:
    return {"id": "c", "object": kind, "created": 0, "model": "m"}


@contextlib.contextmanager
def running() -> Iterator[ModelServer]:
    """A server until the block ends."""
    server = ModelServer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
