"""AWS's protocols as a proxy sees them: which call a request is, and errors in its own form."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from rehearsal.aws.wire.requestlog import action_of, is_mutating, service_of

QUERY = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Call:
    """One request to AWS. headers: with lower-case names; query: undecoded."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @cached_property
    def service(self) -> str:
        """The service that the request was signed for."""
        return service_of(self._raw_headers, self.query)

    @cached_property
    def action(self) -> str:
        """The action's name, or for REST protocols method and path."""
        form = self.headers.get("content-type", "").startswith(QUERY)
        body = self.body if form else b""
        return action_of(self.method, self.path, self._raw_headers, body, "")

    @property
    def mutating(self) -> bool:
        """Whether the call changes something."""
        return is_mutating(self.action)

    @cached_property
    def form(self) -> dict[str, str]:
        """Parameters of the query protocol."""
        return {key: values[0] for key, values in parse_qs(self.body.decode("latin-1")).items()}

    @cached_property
    def json(self) -> dict[str, Any]:
        """Body of the JSON protocols; empty when there is none."""
        content: dict[str, Any] = json.loads(self.body or b"{}")
        return content

    def __str__(self) -> str:
        """How reports name the call; S3's sub-resource tells its calls apart."""
        detail = f"?{self.query.split('=')[0]}" if self.service == "s3" and self.query else ""
        return f"{self.service}:{self.action}{detail}"

    @property
    def _raw_headers(self) -> dict[bytes, bytes]:
        return {key.encode(): value.encode("latin-1") for key, value in self.headers.items()}


@dataclass(frozen=True)
class Refusal:
    """An error of AWS. status: of HTTP."""

    status: int
    code: str
    message: str

    def answer(self, call: Call) -> tuple[int, dict[str, str], bytes]:
        """(status, headers, body) in the protocol that the call was made in."""
        if "x-amz-target" in call.headers:
            body = {"__type": self.code, "message": self.message}
            return self.status, _type("application/x-amz-json-1.1"), json.dumps(body).encode()
        if call.service == "ec2":
            return self._xml("<Response><Errors>{}</Errors><RequestID>r-1</RequestID></Response>")
        if call.service == "s3":
            return self._xml("{}")
        query = call.headers.get("content-type", "").startswith(QUERY)
        if query or call.service == "route53":
            return self._xml("<ErrorResponse>{}<RequestId>r-1</RequestId></ErrorResponse>")
        headers = {**_type("application/json"), "x-amzn-errortype": self.code}
        return self.status, headers, json.dumps({"message": self.message}).encode()

    def _xml(self, frame: str) -> tuple[int, dict[str, str], bytes]:
        inner = (
            f"<Error><Type>Sender</Type><Code>{self.code}</Code>"
            f"<Message>{escape(self.message)}</Message></Error>"
        )
        return self.status, _type("text/xml"), frame.format(inner).encode()


def _type(content: str) -> dict[str, str]:
    return {"content-type": content}


def throttled(call: Call) -> Refusal:
    """How this service says that there were too many calls."""
    if call.service == "ec2":
        return Refusal(503, "RequestLimitExceeded", "Request limit exceeded.")
    if call.service == "s3":
        return Refusal(503, "SlowDown", "Please reduce your request rate.")
    if "x-amz-target" in call.headers:
        return Refusal(400, "ThrottlingException", "Rate exceeded")
    if call.service == "eks":
        return Refusal(429, "TooManyRequestsException", "Too Many Requests")
    return Refusal(400, "Throttling", "Rate exceeded")


def broken(call: Call) -> Refusal:
    """How this service says that it failed."""
    if call.service in ("ec2", "s3"):
        return Refusal(500, "InternalError", "An internal error has occurred.")
    if call.service == "eks":
        return Refusal(500, "ServerException", "Internal server error.")
    return Refusal(500, "InternalFailure", "The request processing has failed.")
