# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The subnet group of a data store: RDS and ElastiCache have them alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import datastore, ownership
from ..aws import AwsError
from ..datastore import State
from ..reconcile import Api, Plan, tag_list


def find(api: Api, prefix: str, name: str) -> State | None:
    """Return a subnet group.

    Args:
        prefix: how the service begins its names, DB or Cache.
    """
    answer = api.read(
        f"describe_{prefix.lower()}_subnet_groups",
        f"subnet group {name}",
        (f"{prefix}SubnetGroupNotFoundFault",),
        **{f"{prefix}SubnetGroupName": name},
    )
    groups: list[State] = answer.get(f"{prefix}SubnetGroups", [])
    return groups[0] if groups else None


def ensure_present(
    api: Api, plan: Plan, prefix: str, group: Mapping[str, Any], tags: Mapping[str, str]
) -> None:
    """Make a subnet group with exactly these subnets."""
    name, subnets = group["name"], sorted(group["subnet_ids"])
    label = f"{prefix.lower()} subnet group {name}"
    wanted: State = {"subnets": subnets, "tags": datastore.text_tags(tags)}
    key = {f"{prefix}SubnetGroupName": name}
    item = find(api, prefix, name)
    if item is None:
        plan.record(label, None, wanted)
        api.write(
            f"create_{prefix.lower()}_subnet_group",
            label,
            datastore.made_already(f"{prefix}SubnetGroup"),
            **key,
            **{f"{prefix}SubnetGroupDescription": f"Private subnets of {name}"},
            SubnetIds=subnets,
            Tags=tag_list(datastore.text_tags(tags)),
        )
        return
    arn = item.get("DBSubnetGroupArn") or item["ARN"]
    current: State = {
        "subnets": sorted(subnet["SubnetIdentifier"] for subnet in item["Subnets"]),
        "tags": datastore.read_tags(api, label, arn, tags),
    }
    plan.record(label, current, wanted)
    if current["subnets"] != subnets:
        api.write(f"modify_{prefix.lower()}_subnet_group", label, **key, SubnetIds=subnets)
    datastore.write_tags(api, label, arn, current["tags"], tags)


def ensure_absent(api: Api, plan: Plan, prefix: str, name: str, tags: Mapping[str, str]) -> None:
    """Delete a subnet group if it is there and ours."""
    item = find(api, prefix, name)
    if item is None:
        return
    label = f"{prefix.lower()} subnet group {name}"
    arn = item.get("DBSubnetGroupArn") or item["ARN"]
    gone = (f"{prefix}SubnetGroupNotFoundFault",)
    current = datastore.tags_of(api, label, arn, gone)
    if current is None:
        return
    ownership.require_ours(label, current, tags)
    plan.record(label, {"name": name}, None)
    datastore.write_when_free(
        api,
        label,
        f"delete_{prefix.lower()}_subnet_group",
        {f"{prefix}SubnetGroupName": name},
        # For a while after its last member is gone AWS still calls it used.
        busy=("CacheSubnetGroupInUse", "InvalidDBSubnetGroupStateFault"),
        missing=gone,
    )


def refuse_other_vpc(
    prefix: str, group: Mapping[str, Any], item: State | None, zones: Callable[[list[str]], State]
) -> None:
    """Refuse subnets of another VPC than that in which the resource lies.

    Args:
        group: the wanted subnet group: name and subnet_ids.
        item: the one that is there, as AWS describes it.
        zones: returns VPC by subnet, asked only when the subnets differ.

    Raises:
        AwsError: nothing has been changed yet.
    """
    if item is None or not group["subnet_ids"]:
        return
    here = {subnet["SubnetIdentifier"] for subnet in item["Subnets"]}
    if here == set(group["subnet_ids"]):
        return
    strangers = {
        subnet: vpc
        for subnet, vpc in zones(sorted(group["subnet_ids"])).items()
        if vpc != item.get("VpcId")
    }
    if strangers:
        listed = ", ".join(f"{subnet} ({vpc})" for subnet, vpc in sorted(strangers.items()))
        raise AwsError(
            f"{prefix.lower()} subnet group {group['name']} is in {item.get('VpcId')}, but"
            f" {listed} are not, and AWS cannot move it. Give subnets of its VPC. Or remove the"
            " component with a final snapshot, and restore the snapshot in the other VPC."
        )


def vpc_of_subnets(ec2: Api, subnets: list[str]) -> State:
    """Return the VPC of each subnet."""
    listed = ec2.pages("describe_subnets", "Subnets", "subnets", SubnetIds=subnets)
    return {str(item["SubnetId"]): str(item["VpcId"]) for item in listed}
