# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Bearer tokens for a cluster, as `aws eks get-token` makes them.

Stands alone: a copy of it is the program that a kubeconfig names, so that helm, kubectl and the
Kubernetes library ask for a new token whenever theirs ends: `python credential.py WISH`, WISH being
a JSON file with cluster, region, and life (seconds). It says an ExecCredential, and keeps it beside
the wish for the next that asks, since making one takes longer than most requests.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

PREFIX = "k8s-aws-v1."
HEADER = "x-k8s-aws-id"
# Partitions whose names don't end in amazonaws.com.
DOMAINS = {"aws-cn": "amazonaws.com.cn"}
LIFE = 14 * 60
"""Seconds after which no token is used: AWS takes one for 15 minutes, less a minute for clocks."""

API = "client.authentication.k8s.io/v1"
TIME = "%Y-%m-%dT%H:%M:%SZ"


def token(sts: Any, cluster: str) -> str:
    """A presigned sts:GetCallerIdentity that names the cluster in a signed header.

    Nothing is sent. sts: a client of the identity that asks for access. Whatever endpoint it
    has (a VPC endpoint, an emulator), EKS takes requests to STS's regional name only.
    """
    domain = DOMAINS.get(sts.meta.partition, "amazonaws.com")
    host = f"sts.{sts.meta.region_name}.{domain}"

    def complete(request: Any, **_: Any) -> None:
        request.headers[HEADER] = cluster
        query = urlsplit(request.url).query
        request.url = urlunsplit(("https", host, "/", query, ""))

    event = "before-sign.sts.GetCallerIdentity"
    sts.meta.events.register(event, complete)
    try:
        url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    finally:
        sts.meta.events.unregister(event, complete)
    return PREFIX + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def expiry(life: float = LIFE, now: datetime | None = None) -> str:
    """When a token made now ends, as RFC 3339 in UTC."""
    return ((now or datetime.now(UTC)) + timedelta(seconds=life)).strftime(TIME)


def credential(bearer: str, expires: str) -> dict[str, Any]:
    """What a program that a kubeconfig names has to say."""
    status = {"token": bearer, "expirationTimestamp": expires}
    return {"apiVersion": API, "kind": "ExecCredential", "status": status}


def kept(path: Path, life: float) -> str:
    """The credential that was made before, if at least half of its life is left; else nothing."""
    # Not there, or not whole: then a new one is made.
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        text = path.read_text()
        ends = datetime.strptime(json.loads(text)["status"]["expirationTimestamp"], TIME)
        if (ends.replace(tzinfo=UTC) - datetime.now(UTC)).total_seconds() > life / 2:
            return text
    return ""


def keep(path: Path, text: str) -> None:
    """Put a file in the place of another, readable by its owner from the first byte on."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(draft).replace(path)


def main() -> int:
    """Say a credential that is good for a while."""
    wished = Path(sys.argv[1])
    wish = json.loads(wished.read_text())
    store = wished.with_suffix(".credential")
    text = kept(store, wish["life"])
    if not text:
        import boto3  # half a second, which whoever finds one does not pay

        sts = boto3.client("sts", region_name=wish["region"])
        made = credential(token(sts, wish["cluster"]), expiry(wish["life"]))
        keep(store, text := json.dumps(made))
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
