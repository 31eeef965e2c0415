# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""HTTP requests that end in time, whatever the other side does, and errors that name the cause."""

from __future__ import annotations

import json
import queue
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

MOST_BYTES = 4 * 1024 * 1024
"""No answer that this module reads is larger; a longer one is cut."""


class WebError(Exception):
    """No answer came: the text names address and cause."""


@dataclass(frozen=True)
class Reply:
    """An answer: HTTP status, body, and the milliseconds it took."""

    status: int
    body: bytes
    duration_ms: float

    def json(self) -> dict[str, Any]:
        """Return the body as an object; empty if it isn't one."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    def problem(self) -> str:
        """Return status and what the body says about it (problem details), for a message."""
        body = self.json()
        text = body.get("detail") or body.get("title") or self.body.decode(errors="replace")
        return f"HTTP {self.status}: {' '.join(str(text).split())[:300]}"


class Clock:
    """The time that is left until a deadline, with some of it kept back for clean-up.

    Args:
        timeout: seconds for everything.
        reserve: seconds of these that only `left(final=True)` may use.
    """

    def __init__(self, timeout: float, reserve: float) -> None:
        self.started = time.monotonic()
        self.timeout = timeout
        self.reserve = reserve

    def left(self, final: bool = False) -> float:
        """Return the seconds left; with `final` those kept back count too."""
        spent = time.monotonic() - self.started
        return self.timeout - spent - (0 if final else self.reserve)

    def elapsed(self) -> float:
        """Return the seconds spent."""
        return time.monotonic() - self.started


class Client:
    """Talks to one base address within a clock's time.

    Args:
        base: such as `https://rag.example.com`.
        clock: the time there is.
        request_timeout: seconds for one request at most.
        proxies: whether proxies of the environment are used; not for a relayed loopback port.
        causes: errors seen by a relay behind the address; the last one is quoted.
        api_key: what the backend is told of who asks; empty for nothing.
    """

    def __init__(
        self,
        base: str,
        clock: Clock,
        request_timeout: float,
        proxies: bool = True,
        causes: list[str] | None = None,
        api_key: str = "",
    ) -> None:
        self.base = base.rstrip("/")
        self.clock = clock
        self.request_timeout = request_timeout
        self.causes = causes if causes is not None else []
        self._key = f"Bearer {api_key}" if api_key else ""
        handlers = [] if proxies else [urllib.request.ProxyHandler({})]
        self.opener = urllib.request.build_opener(*handlers)

    def get(self, path: str, **options: Any) -> Reply:
        """Send GET; see `request`."""
        return self.request("GET", path, **options)

    def post_json(self, path: str, value: Mapping[str, Any]) -> Reply:
        """Send an object as JSON; see `request`."""
        headers = {"Content-Type": "application/json"}
        return self.request("POST", path, json.dumps(value).encode(), headers)

    def post_file(self, path: str, name: str, content: bytes) -> Reply:
        """Send a text file as the multipart field `file`; see `request`."""
        boundary = uuid.uuid4().hex
        head = (
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: text/plain; charset=utf-8\r\n\r\n"
        )
        body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self.request("POST", path, body, headers)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        final: bool = False,
    ) -> Reply:
        """Send a request and return its answer, whatever its status.

        Args:
            method: HTTP method.
            path: path with its leading slash.
            body: what to send.
            headers: HTTP headers.
            final: whether the time kept back for clean-up may be used.

        Raises:
            WebError: no answer, with the cause.
        """
        limit = min(self.request_timeout, self.clock.left(final))
        if limit <= 0:
            raise WebError(f"{method} {path}: not sent, because the timeout had ended")
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked by the caller
            self.base + path, data=body, headers=dict(headers or {}), method=method
        )
        if self._key:
            # Not to wherever a redirect leads.
            request.add_unredirected_header("Authorization", self._key)
        return self._within(request, f"{method} {path}", limit)

    def _within(self, request: urllib.request.Request, what: str, limit: float) -> Reply:
        # A thread of its own: neither a name that isn't resolved nor an answer that drips in
        # byte by byte is ended by a socket's time-out. As a daemon it outlives nothing.
        answers: queue.Queue[Reply | Exception] = queue.Queue()

        def work() -> None:
            started = time.monotonic()
            try:
                status, content = self._send(request, limit)
            except Exception as error:  # handed to the waiting side, which knows what to say
                answers.put(error)
            else:
                answers.put(Reply(status, content, _milliseconds(started)))

        threading.Thread(target=work, daemon=True).start()
        try:
            answer = answers.get(timeout=limit)
        except queue.Empty:
            answer = TimeoutError()
        if isinstance(answer, Reply):
            return answer
        raise WebError(f"{what}: {self._cause(answer, limit)}") from answer

    def _send(self, request: urllib.request.Request, limit: float) -> tuple[int, bytes]:
        try:
            with self.opener.open(request, timeout=limit) as response:
                return int(response.status), response.read(MOST_BYTES)
        except urllib.error.HTTPError as error:
            with error:
                return int(error.code), error.read(MOST_BYTES)

    def _cause(self, error: Exception, limit: float) -> str:
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            text = f"no answer within {limit:.1f} s"
        elif isinstance(reason, ssl.SSLCertVerificationError):
            text = f"certificate not trusted: {reason.verify_message}"
        else:
            text = f"no connection: {reason}"
        return text + (f" ({self.causes[-1]})" if self.causes else "")


def tcp_problem(base: str, limit: float) -> str:
    """Return why no TCP connection to a base address opens, or nothing if one does."""
    address = urlsplit(base)
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        socket.create_connection((address.hostname or "", port), timeout=max(limit, 0.1)).close()
    except OSError as error:
        return f"no TCP connection to {address.hostname}:{port}: {error}"
    return ""


def _milliseconds(started: float) -> float:
    return round((time.monotonic() - started) * 1000, 1)
