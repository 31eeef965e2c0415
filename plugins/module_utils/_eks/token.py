# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""A bearer token for a cluster, as `aws eks get-token` makes it, and a kubeconfig around it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from ..aws import Dict

PREFIX = "k8s-aws-v1."
HEADER = "x-k8s-aws-id"
# Partitions whose names don't end in amazonaws.com.
DOMAINS = {"aws-cn": "amazonaws.com.cn"}
# What AWS's server accepts after signing, less a minute for clocks.
VALID_FOR = timedelta(minutes=14)


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


def expiry(now: datetime | None = None) -> str:
    """When a token made now ends, as RFC 3339 in UTC."""
    end = (now or datetime.now(UTC)) + VALID_FOR
    return end.strftime("%Y-%m-%dT%H:%M:%SZ")


def kubeconfig(cluster: Dict, bearer: str) -> Dict:
    """A kubeconfig with the cluster's endpoint and CA, and the token."""
    name = cluster["name"]
    server = {"server": cluster["endpoint"]}
    if authority := cluster.get("certificateAuthority", {}).get("data"):
        server["certificate-authority-data"] = authority
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": server}],
        "users": [{"name": name, "user": {"token": bearer}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
