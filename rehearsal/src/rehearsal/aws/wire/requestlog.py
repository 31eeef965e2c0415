"""A line of JSON per AWS request: what was called and whether it changes anything.

No body, no query string, no header is written: none of them is free of secrets.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

READING = re.compile(
    r"(BatchGet|Check|Decode|Decrypt|Describe|Encrypt|Estimate|Filter|GenerateDataKey|Get|Head"
    r"|List|Lookup|Preview|Query|ReEncrypt|Scan|Search|Select|Sign|Simulate|Test|Validate|Verify"
    r"|AssumeRole)"
)
# EKS lists insights by POST, since the filter is a body.
READING_PATH = re.compile(r"POST /clusters/[\w-]+/insights")
FORM = b"application/x-www-form-urlencoded"


def service_of(headers: dict[bytes, bytes], query: str) -> str:
    """The service that the request was signed for, or an empty string."""
    signature = headers.get(b"authorization", b"").decode("latin-1")
    scope = re.search(r"Credential=[^,\s]*", signature) or re.search(
        r"X-Amz-Credential=[^&]*", query
    )
    parts = re.split(r"/|%2F", scope.group()) if scope else []
    return parts[3] if len(parts) > 3 else ""


def action_of(method: str, path: str, headers: dict[bytes, bytes], body: bytes, query: str) -> str:
    """The action's name (Query and JSON protocols), else the method and path (REST)."""
    if target := headers.get(b"x-amz-target", b"").decode("latin-1"):
        return target.rsplit(".", 1)[-1]
    for form in (body.decode("latin-1"), query):
        if names := parse_qs(form).get("Action"):
            return names[0]
    return f"{method} {path}"


def is_mutating(action: str) -> bool:
    """Whether an action changes something, as its name or its method says."""
    method, _, path = action.partition(" ")
    if path:
        return method not in {"GET", "HEAD", "OPTIONS"} and not READING_PATH.fullmatch(action)
    return READING.match(action) is None


class RequestLog:
    """An ASGI application that notes each AWS request of another one."""

    def __init__(self, application: Application, log: Path) -> None:
        self._application = application
        self._log = log.open("a", buffering=1, encoding="utf-8")

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Pass the request on; write the line when its status is known."""
        if scope["type"] != "http" or scope["path"].startswith("/_ministack/"):
            await self._application(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        body = b""
        # Only forms carry their action in the body; they are small. Anything
        # else (an object of gigabytes, say) streams through.
        if headers.get(b"content-type", b"").startswith(FORM):
            body, receive = await read_body(receive)
        query = scope.get("query_string", b"").decode("latin-1")
        action = action_of(scope["method"], scope["path"], headers, body, query)
        started = time.time()

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                line = {
                    "time": round(started, 3),
                    "seconds": round(time.time() - started, 3),
                    "service": service_of(headers, query),
                    "action": action,
                    "mutating": is_mutating(action),
                    "status": message["status"],
                }
                self._log.write(json.dumps(line) + "\n")
            await send(message)

        await self._application(scope, receive, noting)


async def read_body(receive: Receive) -> tuple[bytes, Receive]:
    """The whole body of a request, and a `receive` that hands it out once more."""
    messages: list[Message] = []
    body = b""
    while True:
        message = await receive()
        messages.append(message)
        body += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body"):
            break
    waiting = iter(messages)

    async def again() -> Message:
        return next(waiting, None) or await receive()

    return body, again
