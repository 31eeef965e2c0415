"""The log of AWS requests says what changes something, and holds no secret."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from rehearsal.aws.wire.answers import Receive, Send
from rehearsal.aws.wire.requestlog import RequestLog, action_of, is_mutating, service_of
from rehearsal.aws.wire.transport import AsOverTls

SIGNED = b"AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/rds/aws4_request, Signature=x"


@pytest.mark.parametrize(
    ("action", "mutating"),
    [
        ("DescribeDBInstances", False),
        ("GetSecretValue", False),
        ("ListTagsForResource", False),
        ("AssumeRoleWithWebIdentity", False),
        ("GET /clusters/x", False),
        ("HEAD /bucket", False),
        ("CreateDBInstance", True),
        ("TagResource", True),
        ("DeleteBucket", True),
        ("PUT /bucket/key", True),
        ("POST /clusters", True),
    ],
)
def test_what_changes_something_is_told_by_its_name_or_method(action: str, mutating: bool) -> None:
    assert is_mutating(action) is mutating


def test_the_service_is_the_one_that_was_signed_for() -> None:
    assert service_of({b"authorization": SIGNED}, "") == "rds"
    assert service_of({}, "X-Amz-Credential=a%2F20261122%2Fus-east-1%2Fs3%2Faws4_request") == "s3"
    assert service_of({}, "") == ""


def test_each_protocol_names_its_action() -> None:
    target = {b"x-amz-target": b"secretsmanager.GetSecretValue"}
    assert action_of("POST", "/", target, b"", "") == "GetSecretValue"
    assert action_of("POST", "/", {}, b"Action=CreateDBInstance&X=1", "") == "CreateDBInstance"
    assert action_of("DELETE", "/clusters/x", {}, b"", "") == "DELETE /clusters/x"


def test_a_request_goes_through_whole_and_its_secret_stays_out_of_the_log(tmp_path: Path) -> None:
    body = b"Action=CreateDBInstance&MasterUserPassword=hunter2"
    seen: list[bytes] = []

    async def application(_scope: dict[str, Any], receive: Any, send: Any) -> None:
        message = await receive()
        seen.append(message["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    parts = iter(
        [
            {"type": "http.request", "body": body[:10], "more_body": True},
            {"type": "http.request", "body": body[10:], "more_body": False},
        ]
    )

    async def receive() -> dict[str, Any]:
        return next(parts)

    async def send(_message: dict[str, Any]) -> None:
        return None

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": [
            (b"content-type", b"application/x-www-form-urlencoded; charset=utf-8"),
            (b"authorization", SIGNED),
        ],
    }
    log = tmp_path / "requests.jsonl"
    asyncio.run(RequestLog(application, log)(scope, receive, send))
    assert seen == [body[:10]]
    line = json.loads(log.read_text())
    assert (line["service"], line["action"]) == ("rds", "CreateDBInstance")
    assert line["mutating"] is True
    assert line["status"] == 200
    assert "hunter2" not in log.read_text()


def test_requests_count_as_come_over_tls() -> None:
    """Bucket policies that demand TLS are met, though the world's wire is plain."""
    seen: list[str] = []

    async def application(scope: dict[str, Any], _: Receive, __: Send) -> None:
        seen.append(scope.get("scheme", ""))

    async def nothing(*_: Any) -> Any:
        return {}

    for scope in ({"type": "http", "scheme": "http"}, {"type": "lifespan"}):
        asyncio.run(AsOverTls(application)(scope, nothing, nothing))
    assert seen == ["https", ""]
