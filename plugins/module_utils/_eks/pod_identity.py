# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Pod identity associations: which service account of a cluster has which IAM role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import ownership
from ..aws import Dict, call, collect
from .common import GONE, Session, merged_tags

Key = tuple[str, str]
"""Namespace and name of a service account: there is one association of each at most."""


def key_of(wanted: Mapping[str, Any]) -> Key:
    """The service account that an association is of."""
    return wanted["namespace"], wanted["service_account"]


def about(cluster: str, key: Key) -> str:
    """How errors name an association."""
    return f"pod identity association of {key[0]}/{key[1]} in EKS cluster {cluster}"


def identifiers(session: Session, cluster: str) -> dict[Key, str]:
    """Ids of all associations of a cluster by service account; none without a cluster."""
    listed = collect(
        session.eks,
        "list_pod_identity_associations",
        "associations",
        f"pod identity associations of EKS cluster {cluster}",
        missing=GONE,
        clusterName=cluster,
    )
    return {(each["namespace"], each["serviceAccount"]): each["associationId"] for each in listed}


def read(session: Session, cluster: str, key: Key, identifier: str) -> tuple[str, Dict] | None:
    """(ARN, shape) of an association; None when it is gone meanwhile."""
    answer = call(
        session.eks,
        "describe_pod_identity_association",
        about(cluster, key),
        missing=GONE,
        clusterName=cluster,
        associationId=identifier,
    )
    if answer is None:
        return None
    raw = answer["association"]
    return raw["associationArn"], {
        "namespace": raw["namespace"],
        "service_account": raw["serviceAccount"],
        "role_arn": raw["roleArn"],
        "tags": dict(raw.get("tags", {})),
    }


def ensure_present(
    session: Session, cluster: str, wanted: Sequence[Mapping[str, Any]], tags: Mapping[str, str]
) -> tuple[bool, Dict, Dict]:
    """Make the associations or change what differs: (changed, before, after) by ns/name."""
    known = identifiers(session, cluster)
    before: Dict = {}
    after: Dict = {}
    for entry in wanted:
        key = key_of(entry)
        name = "/".join(key)
        found = read(session, cluster, key, known[key]) if key in known else None
        shape = found[1] if found else None
        if shape:
            ownership.refuse_others(about(cluster, key), shape["tags"], tags)
        target = {
            "namespace": key[0],
            "service_account": key[1],
            "role_arn": entry["role_arn"],
            "tags": merged_tags((shape or {}).get("tags", {}), tags),
        }
        after[name] = target
        if found is None or shape is None:
            create(session, cluster, key, target)
            continue
        before[name] = shape
        if shape["role_arn"] != target["role_arn"]:
            session.write(
                "update_pod_identity_association",
                about(cluster, key),
                clusterName=cluster,
                associationId=known[key],
                roleArn=target["role_arn"],
            )
        session.tag(found[0], shape["tags"], target["tags"], about(cluster, key))
    return before != after, before, after


def create(session: Session, cluster: str, key: Key, target: Dict) -> None:
    """Make one association."""
    session.write(
        "create_pod_identity_association",
        about(cluster, key),
        clusterName=cluster,
        namespace=key[0],
        serviceAccount=key[1],
        roleArn=target["role_arn"],
        tags=target["tags"],
    )


def ensure_absent(
    session: Session,
    cluster: str,
    unwanted: Sequence[Mapping[str, Any]],
    tags: Mapping[str, str],
) -> tuple[bool, Dict, Dict]:
    """Delete the associations that exist: (changed, before, {}).

    tags: those that say whose they are; without them they go whoever they belong to.
    """
    known = identifiers(session, cluster)
    before: Dict = {}
    for key in map(key_of, unwanted):
        found = read(session, cluster, key, known[key]) if key in known else None
        if found is None:
            continue
        if ownership.proof(tags):
            ownership.require_ours(about(cluster, key), found[1]["tags"], tags)
        before["/".join(key)] = found[1]
        session.write(
            "delete_pod_identity_association",
            about(cluster, key),
            missing=GONE,
            clusterName=cluster,
            associationId=known[key],
        )
    return bool(before), before, {}
