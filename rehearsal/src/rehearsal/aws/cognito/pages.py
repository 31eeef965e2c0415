"""The address of Cognito's user pools, which sign people in by OpenID Connect."""

from __future__ import annotations

from typing import Any

from rehearsal.aws.wire.answers import Receive, Scope, Send, answer

_PAGES = ("/oauth2/", "/login", "/logout")
_DOCUMENTS = "/.well-known/"


class UserPools:
    """An ASGI application: what Cognito serves without keys, of another's, ministack's.

    AWS serves the sign-in pages at a domain of each pool; here they are at the issuer's own.
    """

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        path = scope["path"]
        if not path.startswith(_PAGES) and _DOCUMENTS not in path:
            await answer(send, 404, {"message": "Not Found"})
            return
        # By this it writes https:// into its discovery documents.
        headers = [*scope["headers"], (b"x-forwarded-proto", b"https")]
        await self._application({**scope, "headers": headers}, receive, send)
