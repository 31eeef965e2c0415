"""The few calls to the Kubernetes API that starting a cluster takes."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rehearsal.cluster.pki import Pair
from rehearsal.world import WorldError

Manifest = Mapping[str, Any]

PLURALS = {
    "APIService": "apiservices",
    "ClusterRole": "clusterroles",
    "ClusterRoleBinding": "clusterrolebindings",
    "ConfigMap": "configmaps",
    "Deployment": "deployments",
    "MutatingWebhookConfiguration": "mutatingwebhookconfigurations",
    "PodDisruptionBudget": "poddisruptionbudgets",
    "Role": "roles",
    "RoleBinding": "rolebindings",
    "Service": "services",
    "ServiceAccount": "serviceaccounts",
    "StorageClass": "storageclasses",
}
"""Kinds that `apply` knows, with their names in the API's paths."""


class ApiError(Exception):
    """The API answered with an error; `status` is HTTP's, 0 when it gave no answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Api:
    """A connection to https://<host>:<port> with a client certificate."""

    def __init__(self, host: str, port: int, authority: Path, client: Pair) -> None:
        self._host, self._port = host, port
        self._tls = ssl.create_default_context(cafile=str(authority))
        self._tls.load_cert_chain(client.certificate, client.key)

    def get(self, path: str) -> Any:
        """GET a path; returns the decoded JSON, or the text of a health check."""
        return self._call("GET", path)

    def lines(self, path: str, timeout: float) -> Iterator[Any]:
        """GET a path that answers with one JSON document per line, as it goes on (a watch).

        timeout: seconds without a line after which it is an OSError.
        """
        connection = self._connection(timeout)
        try:
            connection.request("GET", path, headers={"Accept": "application/json"})
            response = connection.getresponse()
            if response.status >= 400:
                text = response.read().decode(errors="replace")
                raise ApiError(response.status, f"GET {path}: {response.status} {_message(text)}")
            while line := response.readline():
                yield json.loads(line)
        finally:
            connection.close()

    def _connection(self, timeout: float) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(
            self._host, self._port, timeout=timeout, context=self._tls
        )

    def patch(self, path: str, change: Manifest, *, strategic: bool = False) -> Any:
        """Merge `change` into an object; strategic: lists are merged by their items' keys."""
        kind = "strategic-merge-patch" if strategic else "merge-patch"
        return self._call("PATCH", path, change, f"application/{kind}+json")

    def create(self, path: str, manifest: Manifest) -> Any:
        """POST an object to its collection."""
        return self._call("POST", path, manifest)

    def watch(self, path: str, seconds: int = 60) -> Iterator[bytes]:
        """Lines of a watch, until the server ends it after `seconds`."""
        connection = http.client.HTTPSConnection(
            self._host, self._port, timeout=seconds + 10, context=self._tls
        )
        mark = "&" if "?" in path else "?"
        try:
            connection.request("GET", f"{path}{mark}watch=1&timeoutSeconds={seconds}")
            response = connection.getresponse()
            if response.status >= 400:
                raise ApiError(response.status, f"watch {path}: {response.status}")
            yield from response
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(0, f"watch {path}: {error}") from error
        finally:
            connection.close()

    def delete(self, path: str) -> Any:
        """DELETE an object."""
        return self._call("DELETE", path)

    def apply(self, manifest: Manifest) -> Any:
        """Make an object be as the manifest says (server-side apply)."""
        query = "?fieldManager=rehearsal&force=true"
        path = object_path(manifest) + query
        return self._call("PATCH", path, manifest, "application/apply-patch+yaml")

    def _call(
        self,
        method: str,
        path: str,
        body: Manifest | None = None,
        content_type: str = "application/json",
    ) -> Any:
        connection = self._connection(10)
        try:
            payload = None if body is None else json.dumps(body)
            headers = {"Content-Type": content_type, "Accept": "application/json"}
            connection.request(method, path, payload, headers)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(0, f"{method} {path}: {error}") from error
        finally:
            connection.close()
        if response.status >= 400:
            raise ApiError(response.status, f"{method} {path}: {response.status} {_message(text)}")
        is_json = "json" in response.headers.get("Content-Type", "")
        return json.loads(text) if is_json else text


def object_path(manifest: Manifest) -> str:
    """Path of the object that a manifest describes."""
    version, kind, metadata = manifest["apiVersion"], manifest["kind"], manifest["metadata"]
    if kind not in PLURALS:
        raise WorldError(f"{kind} {metadata['name']}: a kind that `apply` does not know")
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    namespace = metadata.get("namespace")
    middle = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{middle}/{PLURALS[kind]}/{metadata['name']}"


def _message(text: str) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text.strip()[:500]
