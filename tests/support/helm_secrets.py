"""Secrets in which Helm keeps the revisions of a release."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any


def secret(
    chart: str, status: str, number: int = 1, labels: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A revision as Helm keeps it. labels: of the Secret."""
    content = {
        "version": number,
        "info": {"status": status},
        "chart": {"metadata": {"name": chart, "version": "1.0.0"}},
        "manifest": "",
    }
    packed = base64.b64encode(gzip.compress(json.dumps(content).encode()))
    metadata = {"name": f"sh.helm.release.v1.{chart}.v{number}", "labels": dict(labels or {})}
    return {"metadata": metadata, "data": {"release": base64.b64encode(packed).decode()}}
