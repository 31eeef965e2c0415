# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Load balancers that controllers made for the cluster, of both generations, and target groups."""

from __future__ import annotations

from ..aws import tag_dict, wait_until
from ..reconcile import Api
from .deletion import delete
from .leftovers import interfaces, of_cluster
from .run import Run
from .snapshot import Item

TAGS_AT_ONCE = 20
"""How many resources DescribeTags of the load balancers' APIs takes."""


def remove(run: Run) -> None:
    """Delete the cluster's load balancers in this VPC, wait, then delete their target groups."""
    names: list[str] = []
    if run.elb is not None:
        names += _remove_modern(run, run.elb)
    if run.classic_elb is not None:
        names += _remove_classic(run, run.classic_elb)
    _await_interfaces(run, names)
    if run.elb is not None:
        _remove_target_groups(run, run.elb)


def _remove_modern(run: Run, elb: Api) -> list[str]:
    """Delete application and network load balancers; return their names."""
    found = elb.pages("describe_load_balancers", "LoadBalancers", _about(run))
    found = _of_cluster(run, elb, found, "VpcId", "LoadBalancerArn", "ResourceArn")
    for item in found:
        label = f"load balancer {item['LoadBalancerName']}"
        run.plan.record(label, {"id": item["LoadBalancerArn"]}, None)
        _unprotect(elb, label, item["LoadBalancerArn"])
        elb.write("delete_load_balancer", label, LoadBalancerArn=item["LoadBalancerArn"])
    return [str(item["LoadBalancerName"]) for item in found]


def _remove_classic(run: Run, elb: Api) -> list[str]:
    """Delete those that Kubernetes' own AWS provider makes; return their names."""
    found = elb.pages("describe_load_balancers", "LoadBalancerDescriptions", _about(run))
    found = _of_cluster(run, elb, found, "VPCId", "LoadBalancerName", "LoadBalancerName")
    for item in found:
        label = f"load balancer {item['LoadBalancerName']}"
        run.plan.record(label, {"id": item["LoadBalancerName"]}, None)
        elb.write("delete_load_balancer", label, LoadBalancerName=item["LoadBalancerName"])
    return [str(item["LoadBalancerName"]) for item in found]


def _remove_target_groups(run: Run, elb: Api) -> None:
    found = elb.pages("describe_target_groups", "TargetGroups", _about(run))
    for item in _of_cluster(run, elb, found, "VpcId", "TargetGroupArn", "ResourceArn"):
        label = f"target group {item['TargetGroupName']}"
        run.plan.record(label, {"id": item["TargetGroupArn"]}, None)
        # For up to ten minutes after its load balancer AWS says ResourceInUse.
        delete(run, "delete_target_group", label, elb, TargetGroupArn=item["TargetGroupArn"])


def _about(run: Run) -> str:
    return f"load balancers of {run.cluster}"


def _of_cluster(
    run: Run, elb: Api, items: list[Item], vpc: str, identity: str, told: str
) -> list[Item]:
    """Return the items in our VPC whose tags are the cluster's.

    Args:
        vpc, identity: the keys of an item's VPC and of its ARN or name.
        told: the key of that ARN or name in what DescribeTags answers.
    """
    vpc_id = str((run.seen.vpc or {})["VpcId"])
    inside = [item for item in items if item.get(vpc) == vpc_id]
    tags: dict[str, dict[str, str]] = {}
    for start in range(0, len(inside), TAGS_AT_ONCE):
        some = [item[identity] for item in inside[start : start + TAGS_AT_ONCE]]
        answer = elb.read("describe_tags", _about(run), **{f"{told}s": some})
        for entry in answer.get("TagDescriptions", []):
            tags[entry[told]] = tag_dict(entry.get("Tags"))
    return [item for item in inside if of_cluster(tags.get(item[identity], {}), run.cluster)]


def _unprotect(elb: Api, label: str, arn: str) -> None:
    attributes = elb.read("describe_load_balancer_attributes", label, LoadBalancerArn=arn)
    for attribute in attributes.get("Attributes", []):
        if attribute == {"Key": "deletion_protection.enabled", "Value": "true"}:
            elb.write(
                "modify_load_balancer_attributes",
                label,
                LoadBalancerArn=arn,
                Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}],
            )


def _await_interfaces(run: Run, names: list[str]) -> None:
    """Wait until the load balancers' interfaces are gone: they hold their groups until then."""
    if run.api.check_mode or not names:
        return

    def pending() -> str | None:
        left = [
            f"{item['NetworkInterfaceId']} ({item['Description']})"
            for item in interfaces(run)
            if any(_belongs(str(item.get("Description", "")), name) for name in names)
        ]
        return ", ".join(left) or None

    wait_until(f"end of the {_about(run)}", pending, timeout=run.timeout)


def _belongs(about: str, name: str) -> bool:
    """Whether AWS describes an interface as that of the load balancer of this name."""
    return about == f"ELB {name}" or (about.startswith("ELB ") and f"/{name}/" in about)
