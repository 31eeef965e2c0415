# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The Kubernetes API as plain JSON: for objects of any kind, by several threads at a time.

The typed models of the library know the kinds of one Kubernetes version only, and cost more time
than the requests. Connection, trust and credentials are the library's.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

Dict = dict[str, Any]

TIMEOUT = 15.0
"""Seconds that one request may take."""

RENEWAL = 1.0
"""Seconds after which a request whose token was rejected is sent once more."""

METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""Media type of a list without what its objects hold."""


class KubeError(Exception):
    """The API refused or didn't answer. status: HTTP status, 0 without an answer."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Kube:
    """Requests to one cluster.

    Args:
        kubeconfig: path or content of a kubeconfig; None: the usual places.
        context: its context; None: the current one.

    Raises:
        KubeError: there is no usable kubeconfig.
    """

    def __init__(self, kubeconfig: Any = None, context: str | None = None) -> None:
        # Loading the library takes longer than a request: only who connects pays for it.
        from .port_forward import PortForwardError, api_client

        try:
            self._client = api_client(kubeconfig, context)
        except PortForwardError as error:
            raise KubeError(str(error)) from error
        self._pool = self._client.rest_client.pool_manager
        self._host = self._client.configuration.host.rstrip("/")

    def get(self, path: str, **query: str) -> Dict:
        """Return what a path holds.

        Raises:
            KubeError: it can't be read; its status is 404 if there is nothing.
        """
        return self._json("GET", path, query)

    def find(self, path: str, **query: str) -> Dict | None:
        """Return what a path holds, None if there is nothing."""
        try:
            return self.get(path, **query)
        except KubeError as error:
            if error.status == 404:
                return None
            raise

    def items(self, path: str, **query: str) -> list[Dict]:
        """Return the items of a list."""
        found: list[Dict] = self.get(path, **query).get("items") or []
        return found

    def metadata(self, path: str, **query: str) -> list[Dict]:
        """Return the metadata alone of the items of a list: what Secrets hold is never sent."""
        answer: Dict = json.loads(self._send("GET", path, query, accept=METADATA))
        return [item["metadata"] for item in answer.get("items") or []]

    def text(self, path: str, **query: str) -> str:
        """Return what a path holds as text, such as a log."""
        return self._send("GET", path, query).decode(errors="replace")

    def replace(self, path: str, item: Mapping[str, Any], **query: str) -> Dict:
        """Put an object in the place of the one that is there, and return it as it is then.

        Raises:
            KubeError: it is refused, or was changed since it was read (409).
        """
        return self._json("PUT", path, query, item, "application/json")

    def _json(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Any = None,
        content_type: str = "",
    ) -> Dict:
        answer: Dict = json.loads(self._send(method, path, query, body, content_type))
        return answer

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Any = None,
        content_type: str = "",
        accept: str = "application/json, */*",
    ) -> bytes:
        headers = {"Accept": accept}
        if body is not None:
            headers["Content-Type"] = content_type
        url = f"{self._host}{path}" + (f"?{urlencode(query)}" if query else "")
        payload = None if body is None else json.dumps(body)
        response = self._request(method, url, payload, headers)
        if response.status == 401:
            # The token may have ended on its way; now there is a new one.
            time.sleep(RENEWAL)
            response = self._request(method, url, payload, headers)
        if response.status >= 400:
            raise _refusal(response.status, response.data, f"{method} {path}")
        return bytes(response.data)

    def _request(
        self, method: str, url: str, payload: str | None, headers: Mapping[str, str]
    ) -> Any:
        """Send a request with the token of this moment; return the answer, whatever its status."""
        sent = dict(headers)
        for setting in self._client.configuration.auth_settings().values():
            if setting.get("in") == "header" and setting.get("value"):
                sent[setting["key"]] = setting["value"]
        try:
            return self._pool.request(
                method, url, body=payload, headers=sent, timeout=TIMEOUT, retries=1
            )
        except Exception as error:  # urllib3's and ssl's errors have no common base worth naming
            raise KubeError(
                f"the Kubernetes API at {self._host} did not answer: {error}"
            ) from error


def _refusal(status: int, body: bytes, what: str) -> KubeError:
    text = body.decode(errors="replace")
    with contextlib.suppress(ValueError, KeyError, TypeError):  # no Status: told as it is
        text = json.loads(text)["message"]
    if status == 401:
        text = "the credentials were rejected"
    return KubeError(f"{what}: HTTP {status}: {' '.join(str(text).split())[:600]}", status)
