# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What runs of the application: helm's newest revision, and what was verified of it.

Helm keeps a Secret per revision, with what it is in the labels; role app_rollout notes in a
ConfigMap beside them what it verified, by number of the revision.
"""

from __future__ import annotations

import json

from ..aws import Dict
from ..kube import Kube

DETAILS = (
    "chart",
    "chart_version",
    "chart_checksum",
    "app_version",
    "version",
    "images",
    "verified_at",
    "verified_by",
)
"""Of a record what is told; role app_rollout writes it (_release/records.py)."""


def application(kube: Kube, namespace: str, release: str) -> Dict | None:
    """Return the release's newest revision with what was verified; None without a release.

    Raises:
        KubeError: the cluster can't be read.
    """
    base = f"/api/v1/namespaces/{namespace}"
    revisions = kube.metadata(f"{base}/secrets", labelSelector=f"owner=helm,name={release}")
    if not revisions:
        return None
    newest = max((item["labels"] for item in revisions), key=lambda found: int(found["version"]))
    records = (kube.find(f"{base}/configmaps/{release}-releases") or {}).get("data") or {}
    record = json.loads(records.get(newest["version"], "{}"))
    return {
        "release": release,
        "namespace": namespace,
        "revision": int(newest["version"]),
        "status": newest["status"],
        "verified": bool(record),
        **{key: record.get(key) for key in DETAILS},
    }
