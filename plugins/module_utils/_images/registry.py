# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Questions to a container registry over HTTPS (API version 2 of the OCI distribution spec)."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from .source import ImageError

T = TypeVar("T")

MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
REPOSITORY = re.compile(
    r"^(?P<host>(?:[a-zA-Z0-9-]+\.)+[a-zA-Z0-9-]+(?::\d+)?|[a-zA-Z0-9-]+:\d+|localhost)"
    r"/(?P<path>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)$"
)


def split_repository(repository: str) -> tuple[str, str]:
    """Return host and path of a repository.

    Raises:
        ImageError: it isn't written as HOST/PATH.
    """
    match = REPOSITORY.match(repository)
    if not match:
        raise ImageError(
            f"repository {repository!r} must be a registry host, a slash and a path in lower case, "
            "without tag, such as registry.example.com/team/backend"
        )
    return match["host"], match["path"]


@dataclass(frozen=True)
class Registry:
    """Access to the registries of a module run.

    Args:
        username: user or empty.
        password: password or empty.
        timeout: seconds for one request.
    """

    username: str = ""
    password: str = ""
    timeout: float = 30

    def digest(self, repository: str, tag: str) -> str | None:
        """Return the digest of a tag, None if the registry has no such tag.

        Raises:
            ImageError: the registry can't be reached, isn't trusted or refuses.
        """
        try:
            return self._ask(repository, tag, self._digest)
        except KeyError:
            return None

    def size_mib(self, repository: str, digest: str) -> float | None:
        """Return the MiB of an image's compressed layers, None for an index of several images.

        Raises:
            ImageError: the registry can't be reached, isn't trusted or refuses.
        """
        layers = self._ask(repository, digest, self._document).get("layers")
        if layers is None:
            return None
        return round(sum(int(layer["size"]) for layer in layers) / 2**20, 1)

    def _ask(self, repository: str, which: str, question: Callable[[str, str], T]) -> T:
        """Put a question about a tag or digest, with a token if the registry wants one.

        Raises:
            KeyError: there is no such tag or digest.
            ImageError: see `digest`.
        """
        host, path = split_repository(repository)
        server = "registry-1.docker.io" if host == "docker.io" else host
        url = f"https://{server}/v2/{path}/manifests/{which}"
        basic = self._basic()
        try:
            try:
                return question(url, f"Basic {basic}" if basic else "")
            except urllib.error.HTTPError as error:
                challenge = error.headers.get("WWW-Authenticate", "")
                if error.code != 401 or not challenge.lower().startswith("bearer "):
                    raise
                return question(url, f"Bearer {self._bearer(challenge)}")
        except urllib.error.HTTPError as error:
            if error.code == 404:
                raise KeyError(which) from error
            raise ImageError(self._refusal(host, repository, error)) from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise ImageError(
                f"registry {host} cannot be read for {repository}:{which}: {reason}"
            ) from error

    def _basic(self) -> str:
        if not self.username:
            return ""
        return base64.b64encode(f"{self.username}:{self.password}".encode()).decode()

    def _digest(self, url: str, authorization: str) -> str:
        headers = {"Accept": MANIFESTS}
        found = self._send(url, "HEAD", headers, authorization)[0].get("docker-content-digest")
        if found:
            return str(found)
        body = self._send(url, "GET", headers, authorization)[1]
        return f"sha256:{hashlib.sha256(body).hexdigest()}"

    def _document(self, url: str, authorization: str) -> dict[str, Any]:
        body = self._send(url, "GET", {"Accept": MANIFESTS}, authorization)[1]
        document: dict[str, Any] = json.loads(body)
        return document

    def _bearer(self, challenge: str) -> str:
        """Get a token from the service that the registry names; the password goes by TLS only."""
        values = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        realm = values.pop("realm", "")
        if not realm.startswith("https://"):
            raise ValueError(f"its address for tokens is not https: {realm!r}")
        query = urllib.parse.urlencode({k: v for k, v in values.items() if k != "error"})
        basic = self._basic()
        body = self._send(f"{realm}?{query}", "GET", {}, f"Basic {basic}" if basic else "")[1]
        answer = json.loads(body)
        return str(answer.get("token") or answer.get("access_token") or "")

    def _send(
        self, url: str, method: str, headers: Mapping[str, str], authorization: str
    ) -> tuple[Mapping[str, str], bytes]:
        request = urllib.request.Request(url, headers=dict(headers), method=method)  # noqa: S310
        if authorization:  # never sent on to where a redirect leads
            request.add_unredirected_header("Authorization", authorization)
        with urllib.request.urlopen(request, timeout=self.timeout) as response:  # noqa: S310
            names = {name.lower(): value for name, value in response.headers.items()}
            return names, response.read()

    def _refusal(self, host: str, repository: str, error: urllib.error.HTTPError) -> str:
        if error.code in (401, 403):
            remedy = "check username and password" if self.username else "set username and password"
            return f"registry {host} refuses access to {repository} (HTTP {error.code}); {remedy}"
        return f"registry {host} answers HTTP {error.code} for {repository}"
