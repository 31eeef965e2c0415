"""The keys of CloudWatch log groups, which ministack takes at creation only."""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Callable
from typing import Any

Handle = Callable[..., Awaitable[Any]]
ACTIONS = ("AssociateKmsKey", "DisassociateKmsKey")


def adjust(logs: Any) -> None:
    """Add the calls. logs: ministack's module."""
    logs.handle_request = functools.partial(with_keys, logs, logs.handle_request)


async def with_keys(
    logs: Any, handle: Handle, method: str, path: str, headers: Any, body: bytes, query: Any
) -> Any:
    """AWS: AssociateKmsKey and DisassociateKmsKey change the key of a group. ministack: neither."""
    action = str(headers.get("x-amz-target", "")).rsplit(".", 1)[-1]
    if action not in ACTIONS:
        return await handle(method, path, headers, body, query)
    wanted = json.loads(body or b"{}")
    name = wanted.get("logGroupName", "")
    group = logs._log_groups.get(name)
    if group is None:
        text = f"The specified log group does not exist: {name}"
        return logs.error_response_json("ResourceNotFoundException", text, 400)
    group["kmsKeyId"] = wanted.get("kmsKeyId") if action == "AssociateKmsKey" else None
    return logs.json_response({})
