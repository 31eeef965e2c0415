"""Where ministack's EKS differs from AWS's, and the real cluster behind it."""

from __future__ import annotations

import base64
import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rehearsal.aws.eks import records, states, updates
from rehearsal.aws.eks.nodegroups import answered, refused, update, with_settings

Response = tuple[int, dict[str, str], bytes]

# Kubernetes version -> (release, end of standard support, end of extended support), 2026-11.
VERSIONS = {
    "1.36": ("2026-06-02", "2027-08-02", "2028-08-02"),
    "1.35": ("2026-01-28", "2027-03-27", "2028-03-27"),
    "1.34": ("2025-10-06", "2026-12-02", "2027-12-02"),
    "1.33": ("2025-05-29", "2026-07-29", "2027-07-29"),
}
STANDARD = ("1.36", "1.35", "1.34")
DEFAULT = "1.35"
# The add-ons of the platform and the versions seen on clusters of 1.35 (2026).
ADDONS = {
    "coredns": ("v1.13.2-eksbuild.4", "networking"),
    "eks-pod-identity-agent": ("v1.3.10-eksbuild.2", "security"),
    "aws-ebs-csi-driver": ("v1.58.0-eksbuild.1", "storage"),
    "metrics-server": ("v0.8.1-eksbuild.6", "observability"),
    "vpc-cni": ("v1.21.1-eksbuild.7", "networking"),
}
# kube-proxy alone has a version per minor version of the cluster.
KUBE_PROXY = {
    "1.36": "v1.36.1-eksbuild.1",
    "1.35": "v1.35.3-eksbuild.2",
    "1.34": "v1.34.6-eksbuild.2",
    "1.33": "v1.33.10-eksbuild.2",
}


def adjust(eks: Any, certificate: Path, port: int) -> None:
    """Put our functions in the places of ministack's. eks: its module.

    certificate: the real cluster's CA, port: where its API server listens.
    """
    # ministack counts on from cluster to cluster; the one real cluster stays.
    eks._next_port = lambda: port
    eks._sanitize = functools.partial(with_real_certificate, eks._sanitize, certificate)
    eks._create_nodegroup = functools.partial(with_settings, eks, eks._create_nodegroup)
    for name in ("_create_addon", "_update_addon"):
        setattr(eks, name, functools.partial(with_known_version, eks, getattr(eks, name)))
    records.adjust(eks)
    eks._handle_request_sync = functools.partial(with_missing_routes, eks, eks._handle_request_sync)
    states.adjust(eks, os.environ)


def with_real_certificate(
    original: Callable[[Any], dict[str, Any]], certificate: Path, cluster: Any
) -> dict[str, Any]:
    """AWS: certificateAuthority.data is the cluster's CA. ministack's is empty."""
    answer = original(cluster)
    if certificate.exists():
        data = base64.b64encode(certificate.read_bytes()).decode()
        answer["certificateAuthority"] = {"data": data}
    return answer


def with_missing_routes(
    eks: Any,
    original: Callable[[str, str, Any, bytes, dict[str, Any]], Response],
    method: str,
    path: str,
    headers: Any,
    body: bytes,
    query: dict[str, Any],
) -> Response:
    """AWS answers these calls; ministack has no route for them."""
    if method == "GET" and path == "/cluster-versions":
        return answered(eks, {"clusterVersions": cluster_versions(query)})
    if method == "GET" and path == "/addons/supported-versions":
        return answered(eks, {"addons": addon_versions(query)})
    if method == "POST" and (updated := update(eks, path, body)):
        return updated
    if told := updates.route(eks, method, path, body):
        return told
    return original(method, path, headers, body, query)


def values(query: dict[str, Any], name: str) -> list[str]:
    """All values of a query parameter."""
    found = query.get(name, [])
    return list(found) if isinstance(found, list) else [str(found)]


def cluster_versions(query: dict[str, Any]) -> list[dict[str, Any]]:
    """DescribeClusterVersions: what can be created, with the dates of its support."""
    asked = values(query, "clusterVersions")
    default_only = values(query, "defaultOnly") == ["true"]
    return [
        {
            "clusterVersion": version,
            "clusterType": "eks",
            "defaultPlatformVersion": "eks.1",
            "defaultVersion": version == DEFAULT,
            "releaseDate": f"{release}T00:00:00Z",
            "endOfStandardSupportDate": f"{standard}T00:00:00Z",
            "endOfExtendedSupportDate": f"{extended}T00:00:00Z",
            "status": "standard-support" if version in STANDARD else "extended-support",
            "versionStatus": "STANDARD_SUPPORT" if version in STANDARD else "EXTENDED_SUPPORT",
            "kubernetesPatchVersion": version + ".0",
        }
        for version, (release, standard, extended) in VERSIONS.items()
        if (not asked or version in asked) and (not default_only or version == DEFAULT)
    ]


def addon_versions(query: dict[str, Any]) -> list[dict[str, Any]]:
    """DescribeAddonVersions: the versions per add-on, each with the cluster versions it is for."""
    names = values(query, "addonName")
    clusters = [
        version for version in values(query, "kubernetesVersion") or VERSIONS if version in VERSIONS
    ]
    if not clusters:
        return []
    found = [
        addon_entry(name, kind, [(version, clusters, clusters)])
        for name, (version, kind) in ADDONS.items()
    ]
    proxies = []
    for own, version in KUBE_PROXY.items():
        newer = [cluster for cluster in clusters if updates.minor(cluster) >= updates.minor(own)]
        proxies.append((version, newer, [own]))
    found.append(addon_entry("kube-proxy", "networking", [item for item in proxies if item[1]]))
    return [entry for entry in found if not names or entry["addonName"] in names]


def addon_entry(
    name: str, kind: str, versions: list[tuple[str, list[str], list[str]]]
) -> dict[str, Any]:
    """One add-on. versions: (version, clusters it is for, clusters it is the default of)."""
    return {
        "addonName": name,
        "type": kind,
        "addonVersions": [
            {
                "addonVersion": version,
                "architecture": ["amd64", "arm64"],
                "compatibilities": [
                    {
                        "clusterVersion": cluster,
                        "platformVersions": ["*"],
                        "defaultVersion": cluster in defaults,
                    }
                    for cluster in clusters
                ],
                "requiresConfiguration": False,
            }
            for version, clusters, defaults in versions
        ],
        "publisher": "eks",
        "owner": "aws",
    }


def with_known_version(
    eks: Any, original: Callable[..., Response], cluster: str, *more: Any
) -> Response:
    """AWS: an add-on without a version gets the default of the cluster's version, and one that is
    not offered for it is refused. ministack takes anything.
    """
    *_, body = more
    found = eks._clusters.get(cluster)
    name = body.get("addonName") or more[0]
    offered = addon_versions(
        {"addonName": [name], "kubernetesVersion": [found["version"] if found else ""]}
    )
    versions = offered[0]["addonVersions"] if offered else []
    if body.get("addonVersion"):
        if versions and body["addonVersion"] not in [item["addonVersion"] for item in versions]:
            text = "Addon version specified is not supported"
            return refused(eks, 400, "InvalidParameterException", text)
    elif len(more) == 1:  # creation
        default = [v for v in versions if v["compatibilities"][0]["defaultVersion"]]
        body = {**body, "addonVersion": default[0]["addonVersion"] if default else ""}
    return original(cluster, *more[:-1], body)


__all__ = ["addon_versions", "adjust", "cluster_versions"]
