"""AWS answers a call with a client token that it knows as it answered the first such call.

So a call can be sent again when its answer got lost. ministack takes each one for a new call, and
makes a second NAT gateway or says that the cluster exists.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

from rehearsal.aws.wire.requestlog import (
    FORM,
    Application,
    Message,
    Receive,
    Send,
    action_of,
    read_body,
    service_of,
)

TOKENS = ("ClientToken", "ClientRequestToken", "clientRequestToken", "clientToken")
JSON = (b"application/json", b"application/x-amz-json")


class Repeats:
    """An ASGI application that keeps another one's answers to calls with a token."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._answers: dict[tuple[str, str, str], list[Message]] = {}

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer from what is known, or pass the call on."""
        headers: dict[bytes, bytes] = dict(scope.get("headers", ()))
        # Anything else is no call with parameters: an object of gigabytes, say.
        kind = headers.get(b"content-type", b"")
        if scope["type"] != "http" or not kind.startswith((FORM, *JSON)):
            await self._application(scope, receive, send)
            return
        body, receive = await read_body(receive)
        token = token_of(kind, body)
        if not token:
            await self._application(scope, receive, send)
            return
        action = action_of(scope["method"], scope["path"], headers, body, "")
        key = (service_of(headers, ""), action, token)
        if key in self._answers:
            for message in self._answers[key]:
                await send(message)
            return
        sent: list[Message] = []

        async def keeping(message: Message) -> None:
            sent.append(message)
            await send(message)

        try:
            await self._application(scope, receive, keeping)
        finally:
            # Kept even if the caller is gone: that is who asks again.
            if sent and sent[0].get("status", 500) < 300 and not sent[-1].get("more_body"):
                self._answers[key] = sent


def token_of(kind: bytes, body: bytes) -> str:
    """The client token in a call's parameters, or an empty string."""
    try:
        text = body.decode()
        parameters: Any = parse_qs(text) if kind.startswith(FORM) else json.loads(text or "{}")
    except ValueError:
        return ""
    if not isinstance(parameters, dict):
        return ""
    found = next((parameters[name] for name in TOKENS if parameters.get(name)), "")
    return str(found[0] if isinstance(found, list) else found)
