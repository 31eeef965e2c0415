# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Access entries: which IAM principal has which rights in a cluster."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .. import ownership
from ..aws import AwsError, Dict, call, collect
from .common import GONE, Session, merged_tags

# Stands for whoever runs the module.
CALLER = "{caller}"
SERVICE_ROLE = ":role/aws-service-role/"


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
    session: Session, cluster: str, wanted: Sequence[Mapping[str, Any]], *, purge: bool = False
) -> tuple[bool, dict[str, Dict | None], dict[str, Dict]]:
    """Create or update the entries: (changed, before, after), by principal.

    purge: whether entries of other principals are deleted (never those that AWS makes for nodes
    and services).
    """
    before: dict[str, Dict | None] = {}
    target: dict[str, Dict] = {}
    for item in wanted:
        principal = item["principal_arn"]
        found = read(session, cluster, principal)
        if found and not _of_creator(found[1]):
            title, tags = about(cluster, principal), item.get("tags") or {}
            ownership.refuse_others(title, found[1]["tags"], tags)
        before[principal] = found[1] if found else None
        target[principal] = after(before[principal], item)
        _reconcile(session, cluster, found, target[principal])
    if purge:
        others = surplus(session, cluster, list(target))
        unwanted = [{"principal_arn": principal} for principal in others]
        before.update(ensure_absent(session, cluster, unwanted)[1])
    return before != target, before, target


def surplus(session: Session, cluster: str, wanted: Sequence[str]) -> list[str]:
    """Principals whose entries somebody made who is not AWS, and who are not wanted."""
    listed = collect(
        session.eks,
        "list_access_entries",
        "accessEntries",
        f"access entries of EKS cluster {cluster}",
        missing=GONE,
        clusterName=cluster,
    )
    others = [arn for arn in listed if arn not in wanted and SERVICE_ROLE not in arn]
    found = {arn: read(session, cluster, arn) for arn in others}
    return [arn for arn, entry in found.items() if entry and entry[1]["type"] == "STANDARD"]


def expanded(wanted: Sequence[Mapping[str, Any]], caller: Callable[[], str]) -> list[Dict]:
    """The entries with whole ARNs: `{caller}` as principal, policies by their names alone.

    caller: the ARN of the caller's role or user. Raises AwsError when one principal is given twice.
    """
    result = []
    for item in wanted:
        arn = caller() if item["principal_arn"] == CALLER else item["principal_arn"]
        partition = arn.split(":")[1] if arn.startswith("arn:") else "aws"
        prefix = f"arn:{partition}:eks::aws:cluster-access-policy/"
        policies = [
            {**entry, "policy_arn": _whole(entry["policy_arn"], prefix)}
            for entry in item.get("policies") or []
        ]
        result.append({**item, "principal_arn": arn, "policies": policies})
    arns = [item["principal_arn"] for item in result]
    if twice := sorted({arn for arn in arns if arns.count(arn) > 1}):
        raise AwsError(
            f"Access is given twice to {', '.join(twice)}. EKS has one access entry per principal."
            " Put all policies and groups of the principal into one entry."
        )
    return result


def _whole(name: str, prefix: str) -> str:
    return name if name.startswith("arn:") else prefix + name


def principal_of(sts: Any, iam: Any) -> str:
    """The IAM principal behind the caller's credentials: of a role, not of its session.

    The name of a session leaves out the role's path, so IAM is asked for it.
    """
    answer = call(sts, "get_caller_identity", "the caller's identity") or {}
    arn = str(answer["Arn"])
    session_ = re.fullmatch(r"arn:[^:]+:sts::\d+:assumed-role/([^/]+)/.+", arn)
    if session_ is None:
        return arn
    role = session_.group(1)
    found = call(iam, "get_role", f"the caller's role {role}", RoleName=role) or {}
    return str(found["Role"]["Arn"])


def _of_creator(entry: Mapping[str, Any]) -> bool:
    """Whether EKS itself made the entry, for who made the cluster: it gives it no tags."""
    admin = [
        item["policy_arn"].rpartition("/")[2] == "AmazonEKSClusterAdminPolicy"
        and not item["namespaces"]
        for item in entry["policies"]
    ]
    return not entry["tags"] and not entry["kubernetes_groups"] and admin == [True]


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
    session: Session, cluster: str, unwanted: Sequence[Mapping[str, Any]]
) -> tuple[bool, dict[str, Dict | None], dict[str, Dict]]:
    """Delete the entries that exist: (changed, before, {}).

    Raises AwsError when one has not the tags that say whose it is, where `unwanted` gives them.
    """
    before: dict[str, Dict | None] = {}
    for item in unwanted:
        principal, tags = item["principal_arn"], item.get("tags") or {}
        found = read(session, cluster, principal)
        if found:
            if ownership.proof(tags):
                ownership.require_ours(about(cluster, principal), found[1]["tags"], tags)
            before[principal] = found[1]
            session.write(
                "delete_access_entry",
                about(cluster, principal),
                missing=GONE,
                clusterName=cluster,
                principalArn=principal,
            )
    return bool(before), before, {}
