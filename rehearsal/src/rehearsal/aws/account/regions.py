"""AWS refuses whoever calls a region that their account has not enabled; ministack takes all calls.

It does not say so: credentials are unknown there, in each service's own words.
"""

from __future__ import annotations

import re
from typing import Any

from rehearsal.aws.account.facts import Account
from rehearsal.aws.spread.calls import Call, Refusal
from rehearsal.aws.wire.requestlog import Application, Receive, Send

REFUSALS = {
    "ec2": Refusal(
        401, "AuthFailure", "AWS was not able to validate the provided access credentials"
    ),
    "s3": Refusal(
        403, "IllegalLocationConstraintException", "The region-specific location is not enabled"
    ),
    "sts": Refusal(
        403, "InvalidClientTokenId", "The security token included in the request is invalid"
    ),
}
OTHERS = Refusal(
    403, "UnrecognizedClientException", "The security token included in the request is invalid."
)
GLOBAL = ("iam",)
"""Services that are the same wherever they are asked."""


class DisabledRegions:
    """An ASGI application that lets another one take calls of enabled regions only."""

    def __init__(self, application: Application, account: Account) -> None:
        self._application = application
        self._account = account

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Refuse the call, or pass it on."""
        headers: dict[bytes, bytes] = dict(scope.get("headers", ()))
        call = Call(scope.get("method", ""), scope.get("path", ""), "", headers, b"")
        if self._account.disabled(region_of(headers)) and call.service not in GLOBAL:
            for message in REFUSALS.get(call.service, OTHERS).messages(call):
                await send(message)
            return
        await self._application(scope, receive, send)


def region_of(headers: dict[bytes, bytes]) -> str:
    """The region that a request was signed for, or an empty string."""
    signature = headers.get(b"authorization", b"").decode("latin-1")
    found = re.search(r"Credential=[^/,\s]+/\d+/([a-z0-9-]+)/", signature)
    return found.group(1) if found else ""
