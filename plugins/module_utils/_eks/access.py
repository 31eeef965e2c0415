# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Access entries: which IAM principal has which rights in a cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..aws import Dict, call, collect
from .common import GONE, Session, merged_tags


def about(cluster: str, principal: str) -> str:
    """How errors name an entry."""
    return f"access entry of {principal} in EKS cluster {cluster}"


def policy(raw: Mapping[str, Any]) -> Dict:
    """One associated policy: its ARN and the namespaces it is for (empty: the whole cluster)."""
    scope = raw.get("accessScope", {})
    return {"policy_arn": raw["policyArn"], "namespaces": sorted(scope.get("namespaces") or [])}


def read(session: Session, cluster: str, principal: str) -> tuple[str, Dict] | None:
    """(ARN, shape) of an entry; None without one."""
    which = {"clusterName": cluster, "principalArn": principal}
    title = about(cluster, principal)
    answer = call(session.eks, "describe_access_entry", title, missing=GONE, **which)
    if answer is None:
        return None
    entry = answer["accessEntry"]
    associated = collect(
        session.eks, "list_associated_access_policies", "associatedAccessPolicies", title, **which
    )
    return entry["accessEntryArn"], {
        "principal_arn": principal,
        "type": entry.get("type"),
        "kubernetes_groups": sorted(entry.get("kubernetesGroups") or []),
        "policies": _sorted([policy(item) for item in associated]),
        "tags": dict(entry.get("tags", {})),
    }


def _sorted(policies: Sequence[Dict]) -> list[Dict]:
    return sorted(policies, key=lambda item: str(item["policy_arn"]))


def after(before: Dict | None, wanted: Mapping[str, Any]) -> Dict:
    """The shape once `wanted` is applied."""
    return {
        "principal_arn": wanted["principal_arn"],
        "type": (before or {}).get("type", "STANDARD"),
        "kubernetes_groups": sorted(wanted.get("kubernetes_groups") or []),
        "policies": _sorted(
            [
                {"policy_arn": item["policy_arn"], "namespaces": sorted(item["namespaces"] or [])}
                for item in wanted.get("policies") or []
            ]
        ),
        "tags": merged_tags((before or {}).get("tags", {}), wanted.get("tags")),
    }


def ensure_present(
    session: Session, cluster: str, wanted: Sequence[Mapping[str, Any]]
) -> tuple[bool, dict[str, Dict | None], dict[str, Dict]]:
    """Create or update the entries: (changed, before, after), by principal."""
    before: dict[str, Dict | None] = {}
    target: dict[str, Dict] = {}
    for item in wanted:
        principal = item["principal_arn"]
        found = read(session, cluster, principal)
        before[principal] = found[1] if found else None
        target[principal] = after(before[principal], item)
        _reconcile(session, cluster, found, target[principal])
    return before != target, before, target


def _reconcile(
    session: Session, cluster: str, found: tuple[str, Dict] | None, target: Dict
) -> None:
    principal = target["principal_arn"]
    title = about(cluster, principal)
    which = {"clusterName": cluster, "principalArn": principal}
    groups = {"kubernetesGroups": target["kubernetes_groups"]}
    if found is None:
        session.write(
            "create_access_entry", title, **which, **groups, type="STANDARD", tags=target["tags"]
        )
        known: list[Dict] = []
    else:
        arn, before = found
        known = before["policies"]
        if before["kubernetes_groups"] != target["kubernetes_groups"]:
            session.write("update_access_entry", title, **which, **groups)
        session.tag(arn, before["tags"], target["tags"], title)
    kept = {item["policy_arn"] for item in target["policies"]}
    for item in known:
        if item["policy_arn"] not in kept:
            session.write(
                "disassociate_access_policy", title, **which, policyArn=item["policy_arn"]
            )
    for item in target["policies"]:
        if item not in known:
            session.write(
                "associate_access_policy",
                title,
                **which,
                policyArn=item["policy_arn"],
                accessScope=_scope(item["namespaces"]),
            )


def _scope(namespaces: list[str]) -> Dict:
    return {"type": "namespace", "namespaces": namespaces} if namespaces else {"type": "cluster"}


def ensure_absent(
    session: Session, cluster: str, principals: Sequence[str]
) -> tuple[bool, dict[str, Dict | None], dict[str, Dict]]:
    """Delete the entries that exist: (changed, before, {})."""
    before: dict[str, Dict | None] = {}
    for principal in principals:
        found = read(session, cluster, principal)
        if found:
            before[principal] = found[1]
            session.write(
                "delete_access_entry",
                about(cluster, principal),
                clusterName=cluster,
                principalArn=principal,
            )
    return bool(before), before, {}
