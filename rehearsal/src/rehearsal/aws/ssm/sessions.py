"""Sessions of SSM's Session Manager, which ministack has none of: who is connected, and the ends.

What a session carries is session-manager-plugin's and the agent's; here stand the calls that come
before and after, with AWS's errors.
"""

from __future__ import annotations

import functools
import json
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

Handle = Callable[..., Awaitable[Any]]
Dict = dict[str, Any]

ACTIONS = ("StartSession", "TerminateSession", "DescribeSessions")
PARAMETERS = {
    "AWS-StartPortForwardingSessionToRemoteHost": {
        "host": re.compile(r"[^,$^&\\(){}\[\]*?<>|;'\"`\s]{3,256}"),
        "portNumber": re.compile(r"[1-9]\d{0,4}"),
        "localPortNumber": re.compile(r"\d{1,5}"),
    },
}
"""The documents that are known, and what each of their parameters takes."""

MANAGED = "AmazonSSMManagedInstanceCore"


class Refusal(Exception):
    """An error of AWS. Its first argument is the code, its second the message."""


def adjust(ssm: Any, ec2: Any, iam: Any) -> None:
    """Add the calls. ssm, ec2, iam: ministack's modules."""
    sessions = Sessions(ec2, iam)
    ssm.handle_request = functools.partial(with_sessions, ssm, sessions, ssm.handle_request)


async def with_sessions(
    ssm: Any,
    sessions: Sessions,
    handle: Handle,
    method: str,
    path: str,
    headers: Any,
    body: bytes,
    query: Any,
) -> Any:
    """Answer a call of sessions, or let ministack answer."""
    action = str(headers.get("x-amz-target", "")).rsplit(".", 1)[-1]
    if action not in ACTIONS:
        return await handle(method, path, headers, body, query)
    try:
        return ssm.json_response(getattr(sessions, action)(json.loads(body or b"{}")))
    except Refusal as refusal:
        return ssm.error_response_json(*refusal.args, 400)


class Sessions:
    """The sessions of an account. ec2, iam: ministack's modules."""

    def __init__(self, ec2: Any, iam: Any) -> None:
        self._ec2, self._iam = ec2, iam
        self._open: dict[str, Dict] = {}

    def StartSession(self, asked: Dict) -> Dict:
        """Start a session on an instance that SSM hears of."""
        target, document = asked["Target"], asked.get("DocumentName", "SSM-SessionManagerRunShell")
        if not self._connected(target):
            raise Refusal("TargetNotConnected", f"{target} is not connected.")
        if document not in PARAMETERS:
            raise Refusal("InvalidDocument", f"Document with name {document} does not exist.")
        given = asked.get("Parameters") or {}
        for name, pattern in PARAMETERS[document].items():
            for value in given.get(name, []):
                if pattern.fullmatch(value) is None:
                    raise Refusal("InvalidParameters", f"Invalid value for parameter {name}")
        for name in given.keys() - PARAMETERS[document].keys():
            raise Refusal("InvalidParameters", f"Parameter {name} is not in the document")
        session = f"operator-{secrets.token_hex(9)[:17]}"
        self._open[session] = {"SessionId": session, "Target": target, "Status": "Connected"}
        return {
            "SessionId": session,
            "TokenValue": secrets.token_urlsafe(48),
            "StreamUrl": f"wss://ssmmessages.us-east-1.amazonaws.com/v1/data-channel/{session}",
        }

    def TerminateSession(self, asked: Dict) -> Dict:
        """End a session; one that is over is no error."""
        session = asked["SessionId"]
        self._open.pop(session, None)
        return {"SessionId": session}

    def DescribeSessions(self, asked: Dict) -> Dict:
        """List the sessions that are open, or none of those that are over."""
        return {"Sessions": list(self._open.values()) if asked["State"] == "Active" else []}

    def _connected(self, target: str) -> bool:
        """Whether an agent with the rights that it needs has spoken to SSM."""
        instance = self._ec2._instances.get(target)
        if instance is None or instance["State"]["Name"] != "running":
            return False
        profile = (instance.get("IamInstanceProfile") or {}).get("Arn", "").rpartition("/")[2]
        roles = (self._iam._instance_profiles.get(profile) or {}).get("Roles") or []
        return any(self._managed(role) for role in roles)

    def _managed(self, role: Any) -> bool:
        name = role if isinstance(role, str) else role.get("RoleName", "")
        attached = (self._iam._roles.get(name) or {}).get("AttachedPolicies") or []
        return any(MANAGED in str(each) for each in attached)
