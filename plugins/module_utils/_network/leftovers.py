# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What AWS's controllers made for the cluster in this network, and left behind.

They remove it themselves while they run. What is still there when the cluster is
gone would hold subnets and groups for ever: load balancers and target groups of
the AWS Load Balancer Controller (and of Kubernetes' own AWS provider), interfaces
that the VPC CNI leaked, the cluster's own group, and what GuardDuty put beside it.
All of it is found by the tags or names that AWS gives it, within this VPC.
"""

from __future__ import annotations

from ..aws import tag_dict
from . import endpoints, groups
from .deletion import delete
from .rules import CONTROLLER_TAG
from .run import Run
from .snapshot import Item, filters


def of_cluster(tags: dict[str, str], cluster: str) -> bool:
    """Whether a controller made the resource with these tags for the cluster."""
    return (
        tags.get(CONTROLLER_TAG) == cluster
        or tags.get("aws:eks:cluster-name") == cluster
        or tags.get(f"kubernetes.io/cluster/{cluster}") == "owned"
    )


def interfaces(run: Run) -> list[Item]:
    """Return all network interfaces in the VPC."""
    vpc_id = str((run.seen.vpc or {})["VpcId"])
    return run.api.pages(
        "describe_network_interfaces",
        "NetworkInterfaces",
        f"network {run.name}",
        Filters=filters(vpc_id=vpc_id),
    )


def remove_interfaces(run: Run) -> None:
    """Delete the interfaces that the VPC CNI made for nodes that are gone."""
    for item in interfaces(run):
        if item["Status"] == "available" and _is_of_cni(run, item):
            label = f"network interface {item['NetworkInterfaceId']}"
            run.plan.record(label, {"id": item["NetworkInterfaceId"]}, None)
            delete(
                run,
                "delete_network_interface",
                label,
                NetworkInterfaceId=item["NetworkInterfaceId"],
            )


def _is_of_cni(run: Run, item: Item) -> bool:
    tags = tag_dict(item.get("TagSet"))
    of_node = str(item.get("Description", "")).startswith("aws-K8S-")
    of_node = of_node or "node.k8s.amazonaws.com/instance_id" in tags
    return of_node and tags.get("cluster.k8s.amazonaws.com/name") in (None, run.cluster)


def guardduty_endpoints(run: Run) -> list[Item]:
    """Return the endpoints by which GuardDuty's agents report; GuardDuty does not remove them."""
    return [item for item in run.seen.endpoints if "guardduty-data" in item["ServiceName"]]


def controllers_groups(run: Run) -> list[Item]:
    """Return the groups that the cluster, its controllers or GuardDuty left in the VPC."""
    return [
        item
        for item in run.seen.groups
        if item["GroupName"] != "default"
        and (
            of_cluster(tag_dict(item.get("Tags")), run.cluster)
            or item["GroupName"] == f"GuardDutyManagedSecurityGroup-{item['VpcId']}"
        )
    ]


def remove_endpoints(run: Run) -> None:
    """Delete the network's own endpoints and GuardDuty's."""
    own = run.own(run.seen.endpoints)
    ids = {item["VpcEndpointId"] for item in own}
    others = [item for item in guardduty_endpoints(run) if item["VpcEndpointId"] not in ids]
    endpoints.remove(run, own + others)


def remove_groups(run: Run) -> None:
    """Delete the network's groups and those that controllers left; all lose their rules first."""
    own = [item for item in run.own(run.seen.groups) if item["GroupName"] != "default"]
    ids = {item["GroupId"] for item in own}
    left = [item for item in controllers_groups(run) if item["GroupId"] not in ids]
    closed = [item for item in run.seen.groups if item["GroupName"] == "default"]
    groups.remove(run, own + left, also_empty=closed)
