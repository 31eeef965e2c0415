"""AWS answers over TLS. The world's wire is its own, and its AWS API speaks plain HTTP."""

from __future__ import annotations

from typing import Any

from rehearsal.aws.wire.answers import Receive, Scope, Send


class AsOverTls:
    """An ASGI application that lets another one take its requests as come over TLS.

    Policies that refuse what is not (`aws:SecureTransport`) would refuse every pod otherwise.
    """

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        secure = {**scope, "scheme": "https"} if scope["type"] == "http" else scope
        await self._application(secure, receive, send)
