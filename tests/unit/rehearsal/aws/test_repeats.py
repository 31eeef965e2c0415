"""Calls with a client token that AWS has seen."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from rehearsal.aws.wire.repeats import Repeats

FORM = "application/x-www-form-urlencoded; charset=utf-8"


class Counting:
    """An application that numbers its answers. status: of all of them."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.count = 0

    async def __call__(self, _: Any, receive: Any, send: Any) -> None:
        await receive()
        self.count += 1
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": str(self.count).encode()})


def ask(repeats: Repeats, body: str, kind: str = FORM, path: str = "/") -> str:
    """The answer's body to one call of EC2."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": [
            (b"content-type", kind.encode()),
            (b"authorization", b"AWS4-HMAC-SHA256 Credential=k/20260101/x/ec2/aws4_request"),
        ],
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body.encode()}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(repeats(scope, receive, send))
    return sent[-1]["body"].decode()


NAT = "Action=CreateNatGateway&SubnetId=s&ClientToken="
CLUSTER = {"name": "c", "clientRequestToken": "t"}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((NAT + "a",), (NAT + "a",), ["1", "1"]),
        ((NAT + "a",), (NAT + "b",), ["1", "2"]),
        ((NAT + "a",), ("Action=CreateRouteTable&ClientToken=a",), ["1", "2"]),
        (("Action=CreateVpc",), ("Action=CreateVpc",), ["1", "2"]),
        (
            (json.dumps(CLUSTER), "application/json", "/clusters"),
            (json.dumps(CLUSTER), "application/json", "/clusters"),
            ["1", "1"],
        ),
        (("[1]", "application/json"), ("[1]", "application/json"), ["1", "2"]),
        (("not JSON", "application/json"), ("not JSON", "application/json"), ["1", "2"]),
        ((NAT + "a", "text/plain"), (NAT + "a", "text/plain"), ["1", "2"]),
    ],
)
def test_a_token_is_answered_once(
    first: tuple[str, ...], second: tuple[str, ...], expected: list[str]
) -> None:
    repeats = Repeats(Counting())
    assert [ask(repeats, *first), ask(repeats, *second)] == expected


def test_a_refusal_is_not_kept() -> None:
    application = Counting(status=503)
    repeats = Repeats(application)
    ask(repeats, NAT + "a")
    application.status = 200
    assert ask(repeats, NAT + "a") == "2"
