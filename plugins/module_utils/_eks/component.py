# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""How the cluster is found, and what a destroy can leave of it."""

from __future__ import annotations

from .._platform.outputs import Outputs
from .._platform.scope import Connect, Scope
from .._sweep.item import Item, reason
from .._sweep.kind import Kind, always, state
from ..aws import Dict, call, collect
from ..component import Component

GONE = ("ResourceNotFoundException",)


def read(connect: Connect, scope: Scope) -> Dict | None:
    """The cluster with its node groups and the names of its add-ons; launch templates, which may
    outlive it. None when there is nothing of all that.
    """
    about = f"EKS cluster {scope.name}"
    connection = connect("eks")
    templates = collect(
        connect("ec2"),
        "describe_launch_templates",
        "LaunchTemplates",
        f"launch templates of {about}",
        Filters=scope.filters,
    )
    # Karpenter's carry the same tags and names of its own; they go with its nodes.
    template_names = [
        template["LaunchTemplateName"]
        for template in templates
        if template["LaunchTemplateName"].startswith(f"{scope.name}-")
    ]
    answer = call(connection, "describe_cluster", about, missing=GONE, name=scope.name)
    if answer is None:
        return {"launch_templates": template_names} if template_names else None
    cluster = answer["cluster"]
    scope.check(cluster.get("tags", {}), about)
    names = collect(
        connection, "list_nodegroups", "nodegroups", about, missing=GONE, clusterName=scope.name
    )
    groups = [
        call(
            connection,
            "describe_nodegroup",
            f"node group {name} of {about}",
            missing=GONE,
            clusterName=scope.name,
            nodegroupName=name,
        )
        for name in names
    ]
    return {
        "cluster": cluster,
        "launch_templates": template_names,
        "node_groups": [group["nodegroup"] for group in groups if group],
        "addons": collect(
            connection, "list_addons", "addons", about, missing=GONE, clusterName=scope.name
        ),
    }


def shape(raw: Dict | None, name: str) -> Dict:
    """The cluster; node groups as a list of {name, status, version, instance_types, sizes}.

    launch_templates: names of the node groups that have one.
    """
    raw = raw or {}
    cluster: Dict = raw.get("cluster", {})
    return {
        "name": cluster.get("name"),
        "arn": cluster.get("arn"),
        "version": cluster.get("version"),
        "status": cluster.get("status"),
        "deletion_protection": cluster.get("deletionProtection"),
        "endpoint": cluster.get("endpoint"),
        "oidc_issuer": cluster.get("identity", {}).get("oidc", {}).get("issuer"),
        "security_group_id": cluster.get("resourcesVpcConfig", {}).get("clusterSecurityGroupId"),
        "node_groups": [_node_group(group) for group in raw.get("node_groups", [])],
        "launch_templates": sorted(
            template.removeprefix(f"{name}-") for template in raw.get("launch_templates", [])
        ),
        "addons": sorted(raw.get("addons", [])),
    }


def _node_group(raw: Dict) -> Dict:
    """One managed node group."""
    scaling = raw.get("scalingConfig", {})
    return {
        "name": raw["nodegroupName"],
        "status": raw["status"],
        "version": raw.get("version"),
        "ami_type": raw.get("amiType"),
        "release_version": raw.get("releaseVersion"),
        "instance_types": raw.get("instanceTypes", []),
        "min_size": scaling.get("minSize"),
        "max_size": scaling.get("maxSize"),
        "desired_size": scaling.get("desiredSize"),
        "managed_by": raw.get("tags", {}).get("ManagedBy"),
    }


def outputs(found: Dict) -> Outputs:
    """What people look up of the cluster."""
    state = f"{found['endpoint']} ({found['version']}, {found['status']})"
    return Outputs(
        lines={"EKS": found["endpoint"]},
        summary={"EKS": state if found["name"] else None},
        variables={
            "EKS_CLUSTER_NAME": found["name"],
            "EKS_ENDPOINT": found["endpoint"],
            "EKS_OIDC_ISSUER": found["oidc_issuer"],
        },
    )


def leftovers(connect: Connect, scope: Scope) -> list[Item]:
    """The cluster; its node groups and add-ons end with it."""
    about = f"EKS cluster {scope.name}"
    connection = connect("eks")
    answer = call(connection, "describe_cluster", about, missing=GONE, name=scope.name)
    why = reason(scope, answer["cluster"].get("tags", {})) if answer else ""
    return [Item("eks", "eks", "cluster", scope.name, True, why)] if why else []


KINDS = (
    Kind(
        "instance",
        "describe_instances",
        "Reservations",
        "InstanceId",
        billed=always,
        over=state("terminated"),
        vpc=True,
    ),
    Kind(
        "launch_template",
        "describe_launch_templates",
        "LaunchTemplates",
        "LaunchTemplateName",
    ),
)

COMPONENT = Component(
    "eks",
    read=read,
    shape=shape,
    outputs=outputs,
    leftovers=(leftovers,),
    kinds=KINDS,
    services=frozenset({"eks"}),
    log_groups=("/aws/eks", "/aws/containerinsights"),
)
