# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The revisions of a release, as helm keeps them in Secrets."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..kube import Kube

Dict = dict[str, Any]
BUSY = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")


@dataclass(frozen=True)
class Revision:
    """One revision of a release. content: as helm keeps it."""

    number: int
    content: Mapping[str, Any]

    @property
    def status(self) -> str:
        """Helm's word: deployed, superseded, failed, pending-upgrade and so on."""
        return str(self.content["info"]["status"])

    @property
    def updated(self) -> str:
        """When it was made, as ISO time."""
        return str(self.content["info"].get("last_deployed", ""))

    @property
    def values(self) -> Dict:
        """The values that were given."""
        return dict(self.content.get("config") or {})

    @property
    def manifest(self) -> str:
        """The objects, as YAML."""
        return str(self.content.get("manifest", ""))

    @property
    def chart(self) -> Dict:
        """Name, version and appVersion of the chart."""
        return dict((self.content.get("chart") or {}).get("metadata") or {})


def decode(secret: Mapping[str, Any]) -> Revision:
    """Return the revision that a Secret of helm holds."""
    packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
    content = json.loads(gzip.decompress(packed))
    return Revision(int(content["version"]), content)


def read(kube: Kube, namespace: str, name: str) -> list[Revision]:
    """Return all revisions that are kept, the oldest first; none without a release.

    Raises:
        KubeError: they can't be read.
    """
    path = f"/api/v1/namespaces/{namespace}/secrets"
    secrets = kube.items(path, labelSelector=f"owner=helm,name={name}")
    return sorted((decode(secret) for secret in secrets), key=lambda revision: revision.number)


def deployed(revisions: list[Revision]) -> Revision | None:
    """Return the newest revision that helm has brought out completely."""
    done = [revision for revision in revisions if revision.status == "deployed"]
    return done[-1] if done else None
