"""One request to AWS with what it names, and errors in the form of its protocol."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import escape

from rehearsal.aws.wire.requestlog import (
    FORM,
    READING,
    READING_PATH,
    Message,
    action_of,
    service_of,
)

# EKS's operations by method and path; what the path names, in order.
_EKS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (r"GET /clusters", "ListClusters", ()),
    (r"POST /clusters", "CreateCluster", ()),
    (r"GET /clusters/([^/]+)", "DescribeCluster", ("name",)),
    (r"DELETE /clusters/([^/]+)", "DeleteCluster", ("name",)),
    (r"GET /clusters/([^/]+)/node-groups", "ListNodegroups", ("name",)),
    (r"POST /clusters/([^/]+)/node-groups", "CreateNodegroup", ("name",)),
    (
        r"GET /clusters/([^/]+)/node-groups/([^/]+)",
        "DescribeNodegroup",
        ("name", "nodegroupName"),
    ),
    (r"GET /clusters/([^/]+)/addons", "ListAddons", ("name",)),
    (r"POST /clusters/([^/]+)/addons", "CreateAddon", ("name",)),
    (r"GET /clusters/([^/]+)/addons/([^/]+)", "DescribeAddon", ("name", "addonName")),
    (r"POST /clusters/([^/]+)/access-entries", "CreateAccessEntry", ("name",)),
    (
        r"POST /clusters/([^/]+)/access-entries/([^/]+)/access-policies",
        "AssociateAccessPolicy",
        ("name", "principalArn"),
    ),
    (
        r"GET /clusters/([^/]+)/access-entries/([^/]+)",
        "DescribeAccessEntry",
        ("name", "principalArn"),
    ),
    (
        r"POST /clusters/([^/]+)/pod-identity-associations",
        "CreatePodIdentityAssociation",
        ("name",),
    ),
)


@dataclass(frozen=True)
class Call:
    """One request. body: empty where it streams through unread."""

    method: str
    path: str
    query: str
    headers: dict[bytes, bytes]
    body: bytes

    @cached_property
    def service(self) -> str:
        """The service that the request was signed for."""
        return service_of(self.headers, self.query)

    @cached_property
    def _rest(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """An EKS operation with what its path names; as method and path where it has no entry."""
        action = f"{self.method} {self.path}"
        for pattern, operation, names in _EKS:
            if found := re.fullmatch(pattern, action):
                values = (unquote(value) for value in found.groups())
                return operation, tuple(zip(names, values, strict=True))
        parts = [unquote(part) for part in self.path.split("/")[2:3]]
        return action, tuple(("name", part) for part in parts)

    @cached_property
    def action(self) -> str:
        """The operation's name; S3's: method and sub-resource, such as `PUT ?versioning`."""
        if self.service == "eks":
            return self._rest[0]
        if self.service == "s3":
            return (
                f"{self.method} ?{re.split('[=&]', self.query)[0]}" if self.query else self.method
            )
        form = self.headers.get(b"content-type", b"").startswith(FORM)
        return action_of(
            self.method, self.path, self.headers, self.body if form else b"", self.query
        )

    @property
    def mutating(self) -> bool:
        """Whether the call changes something."""
        if self.service in ("eks", "s3"):
            path = f"{self.method} {self.path}"
            return self.method not in ("GET", "HEAD") and not READING_PATH.fullmatch(path)
        return READING.match(self.action) is None

    @cached_property
    def values(self) -> tuple[tuple[str, str], ...]:
        """(name, value) of all parameters; those of lists under the list's name."""
        if self.service == "s3":
            return (("Bucket", unquote(self.path.split("/")[1])),)
        if self.headers.get(b"content-type", b"").startswith(FORM):
            pairs = parse_qsl(self.body.decode("latin-1"))
            return tuple((name.split(".")[0], value) for name, value in pairs)
        found = list(self._rest[1]) if self.service == "eks" else []
        try:
            content = json.loads(self.body or b"{}")
        except ValueError:
            return tuple(found)
        return (*found, *_leaves("", content))

    @property
    def form(self) -> dict[str, str]:
        """The query protocol's parameters under their whole names."""
        return dict(parse_qsl(self.body.decode("latin-1")))

    def value(self, name: str) -> str:
        """The first value of a parameter; empty without one."""
        return next((value for key, value in self.values if key == name), "")

    @cached_property
    def key(self) -> tuple[str, str, str, bytes]:
        """The same for two requests that ask the same.

        JSON's calls say in a header alone what they ask for: of one key or secret all have one
        body.
        """
        target = self.headers.get(b"x-amz-target", b"").decode("latin-1")
        return self.service, f"{self.method} {self.path} {target}", self.query, self.body


def _leaves(name: str, content: Any) -> Iterator[tuple[str, str]]:
    if isinstance(content, dict):
        for key, value in content.items():
            yield from _leaves(key, value)
    elif isinstance(content, list):
        for value in content:
            yield from _leaves(name, value)
    elif content is not None:
        yield name, str(content)


@dataclass(frozen=True)
class Refusal:
    """An error of AWS. status: of HTTP."""

    status: int
    code: str
    message: str

    def messages(self, call: Call) -> list[Message]:
        """The answer in the protocol that the call was made in."""
        kind, body = self._shaped(call)
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
        if kind == b"application/json":
            headers.append((b"x-amzn-errortype", self.code.encode()))
        return [
            {"type": "http.response.start", "status": self.status, "headers": headers},
            {"type": "http.response.body", "body": b"" if call.method == "HEAD" else body},
        ]

    def _shaped(self, call: Call) -> tuple[bytes, bytes]:
        text = escape(self.message)
        error = (
            f"<Error><Type>Sender</Type><Code>{self.code}</Code><Message>{text}</Message></Error>"
        )
        if b"x-amz-target" in call.headers:
            content = {"__type": self.code, "message": self.message}
            return b"application/x-amz-json-1.1", json.dumps(content).encode()
        if call.service == "s3":
            return b"application/xml", error.encode()
        if call.service == "ec2":
            return b"text/xml", f"<Response><Errors>{error}</Errors></Response>".encode()
        if call.headers.get(b"content-type", b"").startswith(FORM):
            return b"text/xml", f"<ErrorResponse>{error}</ErrorResponse>".encode()
        return b"application/json", json.dumps({"message": self.message}).encode()
